"""What a function can change for everyone: pinned while functions are judged, and given back afterwards."""

import contextlib
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.overrides
import torch.utils._device

__all__ = ["Settings", "pinned"]

overrides: Any = torch.overrides
devices: Any = torch.utils._device
set_print_options: Any = torch.set_printoptions
Setting = tuple[Callable[[], Any], Callable[[Any], object]]  # how to read it, and how to set it


def _modes() -> tuple[list[Any], Any, Any]:
    """Return what torch.set_default_device and `with torch.device(…)` leave; the same without them is `NO_MODES`."""
    stack = overrides._get_current_function_mode_stack()
    return stack, devices.CURRENT_DEVICE, getattr(_device_context(), "device_context", None)


def _set_modes(modes: tuple[list[Any], Any, Any]) -> None:
    for _ in range(overrides._len_torch_function_stack()):
        overrides._pop_mode()
    stack, devices.CURRENT_DEVICE, _device_context().device_context = modes
    for mode in stack:
        overrides._push_mode(mode)


def _device_context() -> Any:
    return torch._GLOBAL_DEVICE_CONTEXT


NO_MODES: tuple[list[Any], None, None] = ([], None, None)


def _print_options() -> dict[str, Any]:
    return dict(vars(torch._tensor_str.PRINT_OPTS))


def _set_print_options(options: dict[str, Any]) -> None:
    vars(torch._tensor_str.PRINT_OPTS).update(options)


def _determinism() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _set_determinism(before: tuple[bool, bool]) -> None:
    torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return None


def _set_folder(folder: str | None) -> None:
    with contextlib.suppress(OSError):
        if folder is not None:
            os.chdir(folder)


def _set_environment(before: dict[str, str]) -> None:
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)


def _set_recursion_limit(limit: int) -> None:
    with contextlib.suppress(RecursionError):  # we are deeper than that just now
        sys.setrecursionlimit(limit)


def _numpy_settings() -> tuple[Any, ...] | None:
    numpy: Any = sys.modules.get("numpy")
    return None if numpy is None else (numpy.geterr(), numpy.get_printoptions(), numpy.random.get_state())


def _set_numpy_settings(before: tuple[Any, ...] | None) -> None:
    if before:
        numpy: Any = sys.modules["numpy"]
        numpy.seterr(**before[0])
        numpy.set_printoptions(**before[1])
        numpy.random.set_state(before[2])


# The judge's own code depends on these, so they are set back after each call.
JUDGES: list[Setting] = [
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (_modes, _set_modes),
    (_print_options, _set_print_options),
    (_determinism, _set_determinism),
    (torch.is_anomaly_enabled, torch.set_anomaly_enabled),
]
# These are given back when all is done.
OTHERS: list[Setting] = [
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (_numpy_settings, _set_numpy_settings),
    (random.getstate, random.setstate),
]
PROCESS: list[Setting] = [
    (sys.getrecursionlimit, _set_recursion_limit),
    (_folder, _set_folder),
    (lambda: dict(os.environ), _set_environment),
]


class Settings:
    """The values that settings have now, to be given back."""

    def __init__(self, settings: list[Setting]) -> None:
        """Read them."""
        self.kept = [(read, write, read()) for read, write in settings]

    def give_back(self) -> None:
        """Set what has changed."""
        for read, write, before in self.kept:
            if write is _set_numpy_settings or read() != before:  # NumPy's state is an array, which has no one `!=`
                write(before)


@contextlib.contextmanager
def pinned(*, process: bool = True) -> Iterator[Settings]:
    """Have torch as it is at the start of a session, whatever the session has set; afterwards all is as it was.

    `process` tells whether the working directory, the environment and the recursion limit are given back, too.
    """
    before = Settings([*JUDGES, *OTHERS, *(PROCESS if process else [])])
    with contextlib.ExitStack() as exits:
        exits.callback(before.give_back)
        _set_modes(NO_MODES)
        exits.enter_context(torch.inference_mode(False))
        exits.enter_context(torch.autocast("cpu", enabled=False))
        exits.enter_context(torch.enable_grad())
        exits.enter_context(torch.random.fork_rng(devices=[]))
        exits.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # torch gives some once in a process: as errors they would decide by chance
        torch.set_default_dtype(torch.float32)
        set_print_options(profile="default", sci_mode=None)
        exits.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)  # with tables this small, threads only wait for each other
        torch.default_generator.manual_seed(0)  # the same random numbers each time; the session's go on where they were
        yield Settings(JUDGES)
