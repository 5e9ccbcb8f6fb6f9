"""The table of bad input: a call of each public function that works, and what may stand there in place of an argument.

`tests/test_bad_input.py` tries all of it, `tests/fuzz.py` what Hypothesis makes of it.
"""

import dis
import inspect
import math
from collections.abc import Callable, Iterator
from copy import copy
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import bigramlab as b
from bigramlab import public

HOME = str(Path(b.__file__).parent)
WORDS = ["ann", "nan", "anna"]
FUNCTIONS = {
    name: one
    for name in public.__all__
    if inspect.isfunction(one := getattr(b, name)) and one.__module__.startswith("bigramlab.lessons")
}
ARGUMENTS = {name: set(inspect.signature(one).parameters) for name, one in FUNCTIONS.items()}
MOVES = ("merge_heads", "split_heads")  # these only move numbers to other places, a nan like any other


class Series:
    """What pandas' Series is to a reader of words: it can be walked through, has a length, and becomes an array."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def __bool__(self) -> bool:
        raise ValueError("The truth value of a Series is ambiguous.")

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype)


def good(folder: Path) -> dict[str, dict[str, Any]]:
    """Return, for each public function, arguments with which it works."""
    vocabulary = ".an"
    counts = b.count_bigrams(WORDS, vocabulary)
    probs = b.normalize(b.smooth(counts))
    contexts, targets = b.build_contexts(WORDS, vocabulary, 2)
    generator = torch.Generator().manual_seed(1)
    mlp = b.init_mlp(3, 2, embedding_size=2, hidden_sizes=(4,), generator=generator)
    transformer = b.init_transformer(3, 6, width=4, layers=1, heads=2, generator=generator)
    recipe = b.Recipe(steps=2, batch_size=4)
    ids = torch.tensor([[0, 1, 2], [0, 2, 1]])
    x = torch.linspace(-1, 1, 24).view(2, 3, 4)
    heads = torch.linspace(-1, 1, 24).view(2, 2, 3, 2)
    vectors = dict.fromkeys(("parameters", "gradient", "mean", "square"), torch.tensor([0.5, 0.25]))
    model = b.Model("table", lambda contexts: probs[contexts[:, -1]], 1, vocabulary, 9, 0.0)
    result = b.Result("table", 1, 9, 0.0, 1.0, 1.0, 1.0, ["an"], 0.5, 0.25, 0.25)
    lists = {"train": WORDS, "dev": WORDS, "test": WORDS}
    training = {"context_lengths": (2,), "recipe": recipe, "transformer": None, "generator": None, "progress": False}
    words_file, mlp_file, transformer_file = (folder / name for name in ("words.txt", "mlp", "transformer"))
    words_file.write_text("ann\nnan\n")
    b.save_mlp(mlp_file, mlp, vocabulary, recipe)
    b.save_transformer(transformer_file, transformer, vocabulary, recipe)
    table = {"counts": counts, "vocabulary": vocabulary}
    return {
        "adamw_step": {
            **vectors,
            "step": 1,
            "learning_rate": 0.1,
            "weight_decay": 0.1,
            "mean_decay": 0.9,
            "square_decay": 0.9,
        },
        "attend": {"queries": heads, "keys": heads, "values": heads},
        "attention_shares": {"queries": heads, "keys": heads},
        "block": {"parameters": transformer.blocks[0], "x": x, "heads": 2},
        "build_contexts": {"words": WORDS, "vocabulary": vocabulary, "context_length": 2},
        "build_vocabulary": {"words": WORDS},
        "compare": {**lists, **training},
        "comparison_table": {"results": [result]},
        "count_bigrams": {"words": WORDS, "vocabulary": vocabulary},
        "count_contexts": {"contexts": contexts, "targets": targets, "vocab_size": 3},
        "cross_entropy": {"logits": probs, "targets": torch.tensor([0, 1, 2])},
        "decode": {"ids": torch.tensor([1, 2]), "vocabulary": vocabulary},
        "encode": {"word": "ann", "vocabulary": vocabulary},
        "evaluate_model": {"model": model, **lists, "generator": generator},
        "extend": {"parameters": transformer, "cache": b.extend(transformer, (), ids)[1], "ids": ids},
        "generate_words": {
            "next_probs": model.next_probs,
            "vocabulary": vocabulary,
            "n": 2,
            "context_length": 1,
            "choose": None,
            "generator": generator,
        },
        "init_mlp": {
            "vocab_size": 3,
            "context_length": 2,
            "embedding_size": 2,
            "hidden_sizes": (4,),
            "generator": generator,
        },
        "init_transformer": {
            "vocab_size": 3,
            "longest": 4,
            "width": 4,
            "layers": 1,
            "heads": 2,
            "generator": generator,
        },
        "keep_top_k": {"probs": probs, "k": 2},
        "keep_top_p": {"probs": probs, "p": 0.5},
        "learning_rate_at": {"step": 1, "recipe": recipe},
        "load_mlp": {"path": mlp_file},
        "load_names": {},
        "load_transformer": {"path": transformer_file},
        "merge_heads": {"x": heads},
        "minibatches": {"n": 3, "batch_size": 2, "generator": generator},
        "mlp_logits": {"parameters": mlp, "contexts": contexts},
        "mlp_probs": {"parameters": mlp, "contexts": contexts},
        "most_common_bigrams": {**table, "n": 2},
        "negative_log_likelihood": {"counts": counts, "probs": probs},
        "normalize": {"counts": counts + 1},
        "perplexity": {"counts": counts, "probs": probs},
        "plot_bigrams": {"table": counts, "vocabulary": vocabulary, "title": "ann", "cmap": "Blues"},
        "read_words": {"path": words_file},
        "rms_norm": {"x": x, "gain": torch.ones(4)},
        "sample": {"probs": probs, "generator": generator},
        "sample_mlp_words": {"parameters": mlp, "vocabulary": vocabulary, "n": 2, "generator": generator},
        "sample_transformer_words": {
            "parameters": transformer,
            "vocabulary": vocabulary,
            "n": 2,
            "choose": None,
            "generator": generator,
        },
        "sample_words": {"probs": probs, "vocabulary": vocabulary, "n": 2, "generator": generator},
        "save_mlp": {"path": folder / "new", "parameters": mlp, "vocabulary": vocabulary, "recipe": recipe},
        "save_transformer": {
            "path": folder / "new",
            "parameters": transformer,
            "vocabulary": vocabulary,
            "recipe": recipe,
        },
        "score_contexts": {"next_probs": model.next_probs, "contexts": contexts, "targets": targets},
        "smooth": {"counts": counts, "k": 1},
        "softmax": {"logits": probs},
        "split_heads": {"x": x, "heads": 2},
        "split_words": {"words": WORDS, "fractions": (0.5, 0.5), "generator": generator},
        "surprisal": {"word": "ann", "probs": probs, "vocabulary": vocabulary},
        "train_mlp": {
            "parameters": mlp,
            "contexts": contexts,
            "targets": targets,
            "recipe": recipe,
            "dev": (contexts, targets),
            "generator": generator,
            "progress": False,
        },
        "train_models": {**lists, **training},
        "train_neural_bigram": {
            "counts": counts,
            "steps": 2,
            "learning_rate": 1,
            "weight_penalty": 0.1,
            "weights": probs,
        },
        "train_transformer": {
            "parameters": transformer,
            "words": WORDS,
            "vocabulary": vocabulary,
            "recipe": recipe,
            "dev": WORDS,
            "generator": generator,
            "progress": False,
        },
        "transformer_logits": {"parameters": transformer, "ids": ids},
        "transformer_probs": {"parameters": transformer, "contexts": contexts},
        "with_temperature": {"logits": probs, "temperature": 0.5},
    }


def _inference(make: Callable[[], Any]) -> Any:
    with torch.inference_mode():
        return make()


def _nested_list() -> list[Any]:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


NUMBERS: dict[str, Any] = {
    repr(number): number
    for number in [-1, 0, 1, 2, 2.5, -0.5, 1e300, 5e-324, math.nan, math.inf, -math.inf, 2**31, 2**62, 2**63, -(2**63)]
} | {"10**400": 10**400, "True": True, "1j": 1j, "1/2": Fraction(1, 2), "Decimal": Decimal("0.5")}
NUMPYS: dict[str, Any] = {
    "np.int64(2)": np.int64(2),
    "np.uint8(2)": np.uint8(2),
    "np.int8(-1)": np.int8(-1),
    "np.uint64(2**63)": np.uint64(2**63),
    "np.float64(1)": np.float64(1),
    "np.float32(0.5)": np.float32(0.5),
    "np.float16(0.5)": np.float16(0.5),
    "np.float64(nan)": np.float64("nan"),
    "np.bool_(True)": np.bool_(True),
    "np.complex128": np.complex128(1),
    "np.str_": np.str_("ann"),
    "np.datetime64": np.datetime64("2026-01-01"),
    "an array of one int": np.array(2),
    "an array of floats": np.array([0.5, 0.5]),
    "an array of ints": np.array([[1, 2], [3, 4]]),
    "an array of words": np.array(["ann", "nan"]),
    "an array of objects": np.array([None, "ann"], dtype=object),
    "an array of one word": np.array("ann"),
    "an array of nothing": np.array([]),
}
THINGS: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "''": lambda: "",
    "'ann'": lambda: "ann",
    "'a.b'": lambda: "a.b",
    "'.'": lambda: ".",
    "'.an'": lambda: ".an",
    "'.aa'": lambda: ".aa",
    "'.anx'": lambda: ".anx",
    "a NUL": lambda: "a\0b",
    "half a pair": lambda: ".\ud800",
    "a long word": lambda: "n" * 100_000,
    "bytes": lambda: b"ann",
    "a bytearray": lambda: bytearray(b"ann"),
    "a list of nothing": list,
    "a list of words": lambda: ["ann", "nan"],
    "a list of the word of no letters": lambda: [""],
    "a list of dots": lambda: ["a.b"],
    "a list of numbers": lambda: [1, 2],
    "a list of lists": lambda: [[1, 2], [3, 4]],
    "a list of None": lambda: [None],
    "a list of bytes": lambda: [b"ann"],
    "a list in a list in a list": _nested_list,
    "a tuple of nothing": tuple,
    "a tuple of nan": lambda: (math.nan,),
    "a tuple of 2**62": lambda: (2**62,),
    "a tuple of np.int64": lambda: (np.int64(2),),
    "a tuple of np.float64": lambda: (np.float64(0.5), np.float64(0.5)),
    "a tuple of str": lambda: ("1",),
    "a tuple of True": lambda: (True,),
    "a dict": lambda: {"ann": 2},
    "a set": lambda: {"ann"},
    "an iterator of words": lambda: iter(["ann", "nan"]),
    "an iterator of a million numbers": lambda: islice(count(), 1_000_000),
    "a range": lambda: range(3),
    "a Series of words": lambda: Series(["ann", "nan"]),
    "a Series of numbers": lambda: Series([1, 2]),
    "an object": object,
    "a type": lambda: Series,
    "a function": lambda: lambda *_: None,
    "a function of the first argument": lambda: lambda first: first,
    "a generator of numbers": lambda: torch.Generator().manual_seed(1),
    "a dtype": lambda: torch.float32,
    "a Recipe": lambda: b.Recipe(steps=2),
    "a tuple of a Recipe's fields": lambda: tuple(b.Recipe(steps=2)),
    "a tuple of three lists": lambda: ([], [], []),
}
TENSORS: dict[str, Callable[[], Any]] = {
    "a tensor of one int": lambda: torch.tensor(2),
    "a tensor of one float": lambda: torch.tensor(0.5),
    "a tensor of one bool": lambda: torch.tensor(True),
    "a tensor of a row": lambda: torch.tensor([0.25, 0.75]),
    "a tensor of ids": lambda: torch.tensor([1, 2]),
    "a tensor of a table": lambda: torch.tensor([[1, 2], [3, 4]]),
    "a tensor of three axes": lambda: torch.ones(2, 2, 2),
    "a tensor of nothing": lambda: torch.empty(0),
    "a tensor of no rows": lambda: torch.empty(0, 3),
    "a tensor of empty rows": lambda: torch.empty((3, 0), dtype=torch.int64),
    "a tensor of bits": lambda: torch.tensor([[True, False], [False, True]]),
    "a tensor on meta": lambda: torch.ones(3, 3, device="meta"),
    "a tuple of a tensor": lambda: (torch.tensor([1, 2]),),
    "a tuple of two tensors": lambda: (torch.tensor([[1, 2]]), torch.tensor([1.0])),
    "a list of tensors": lambda: [torch.tensor([1]), torch.tensor([2])],
}
FILES: dict[str, Callable[[Path], Any]] = {
    "a folder": lambda folder: folder,
    "no such file": lambda folder: folder / "missing",
    "no such folder": lambda folder: folder / "missing" / "file",
    "a file for a folder": lambda folder: folder / "words.txt" / "file",
    "a name with a NUL": lambda folder: f"{folder}/a\0b",
    "a name with half a pair": lambda folder: f"{folder}/\ud800",
    "a name that is too long": lambda folder: folder / ("n" * 5000),
    "a path of bytes": lambda folder: str(folder / "words.txt").encode(),
    "a path of 10": lambda folder: 1_000_000,
}
# What may be made of a tensor that fits.
TURNED: dict[str, Callable[[Tensor], Any]] = {
    **{
        f"as {dtype}": lambda tensor, dtype=dtype: tensor.to(dtype)
        for dtype in [
            torch.bool,
            torch.uint8,
            torch.int8,
            torch.int32,
            torch.uint16,
            torch.float16,
            torch.bfloat16,
            torch.float32,
            torch.float64,
            torch.complex64,
            torch.float8_e5m2,
        ]
    },
    "with nan": lambda tensor: _with(tensor, math.nan),
    "with inf": lambda tensor: _with(tensor, math.inf),
    "with -inf": lambda tensor: _with(tensor, -math.inf),
    "with -1": lambda tensor: _with(tensor, -1),
    "with 1e38": lambda tensor: _with(tensor, 1e38),
    "with 2**62": lambda tensor: _with(tensor.double() if tensor.is_floating_point() else tensor, 2**62),
    "with an axis more": lambda tensor: tensor[None],
    "with an axis less": lambda tensor: tensor[0] if len(tensor) else tensor,
    "with no rows": lambda tensor: tensor[:0],
    "with a row less": lambda tensor: tensor[1:],
    "with a column less": lambda tensor: tensor[..., 1:],
    "with no columns": lambda tensor: tensor[..., :0],
    "turned": lambda tensor: tensor.transpose(0, -1) if tensor.ndim else tensor,
    "sparse": lambda tensor: tensor.to_sparse(),
    "sparse by rows": lambda tensor: tensor.to_sparse_csr() if tensor.ndim == 2 else tensor.to_sparse(),
    "on meta": lambda tensor: tensor.to("meta"),
    "quantized": lambda tensor: torch.quantize_per_tensor(tensor.float(), 0.1, 0, torch.quint8),
    "nested": lambda tensor: torch.nested.nested_tensor([tensor, tensor]),
    "with a gradient": lambda tensor: tensor.float().clone().requires_grad_(),
    "of inference": lambda tensor: _inference(tensor.clone),
    "a Parameter": lambda tensor: torch.nn.Parameter(tensor.float()),
    "an array": lambda tensor: tensor.numpy(),
    "a list": lambda tensor: tensor.tolist(),
}


ANYTHING: dict[str, Callable[[], Any]] = {
    **{name: partial(copy, one) for name, one in {**NUMBERS, **NUMPYS}.items()},
    **THINGS,
    **TENSORS,
}


def _with(tensor: Tensor, number: float) -> Tensor:
    tensor = (
        tensor.clone()
        if tensor.is_floating_point() or (math.isfinite(number) and abs(number) < 2**63)
        else tensor.float()
    )
    tensor.view(-1)[:1] = number
    return tensor


def turned(value: Any, folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield what may stand in place of a value that fits, each with what it is."""
    yield from ANYTHING.items()
    yield from inner(value)
    if isinstance(value, Path):
        yield from ((name, partial(make, folder)) for name, make in FILES.items())


def inner(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield values that are as the one that fits, but for one thing in it."""
    if isinstance(value, Tensor):
        yield from ((name, partial(turn, value)) for name, turn in TURNED.items())
    elif isinstance(value, tuple | list) and value and not isinstance(value[0], str):
        names = getattr(value, "_fields", [f"[{number}]" for number in range(len(value))])
        make = getattr(value, "_make", type(value))
        others = ANYTHING
        if isinstance(value, b.Transformer | b.MLP | b.Block):
            others = {
                name: ANYTHING[name]
                for name in (
                    "None",
                    "2",
                    "2.5",
                    "np.int64(2)",
                    "'ann'",
                    "a tensor of ids",
                    "a tensor of three axes",
                    "a list of nothing",
                    "a tuple of nothing",
                    "a tuple of nan",
                )
            }
            for what in (
                "as torch.float16",
                "as torch.bfloat16",
                "as torch.float64",
                "on meta",
                "with a gradient",
                "of inference",
            ):
                yield f"all {what}", partial(all_of, value, TURNED[what])
        for place, (name, part) in enumerate(zip(names, value, strict=True)):
            for what, make_part in [*others.items(), *inner(part)]:
                yield (
                    f"{name} {what}",
                    lambda place=place, make_part=make_part: make([*value[:place], make_part(), *value[place + 1 :]]),
                )
        if not hasattr(value, "_make"):
            yield "one more", lambda: make([*value, value[0]])
            yield "one less", lambda: make(value[1:])


def all_of(value: Any, turn: Callable[[Tensor], Any]) -> Any:
    """Return the network with each of its tensors turned."""
    if isinstance(value, Tensor):
        return turn(value)
    if not isinstance(value, tuple):
        return value
    parts = [all_of(part, turn) for part in value]
    return value._make(parts) if hasattr(value, "_make") else tuple(parts)


def outcome(call: Callable[[], Any], name: str = "") -> str | None:
    """Return what is bad about how a call ended; `None` if it gave a finite result, or refused in words of our own."""
    try:
        result = call()
        if isinstance(result, Iterator):
            result = list(islice(result, 5))
        return "a silent nan" if name not in MOVES and holds_nan(result) else None
    except Exception as error:
        return None if in_our_words(error) else f"{type(error).__name__}: {str(error)[:100]!r}"


def in_our_words(error: BaseException) -> bool:
    """Whether the error is of a kind that callers expect, and was raised by a `raise` that stands in the package.

    What the system says of a file ("File name too long", and its name) is as good.
    """
    if isinstance(error, OSError) and error.filename:
        return True
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    assert frame is not None
    code = frame.tb_frame.f_code
    if code.co_filename == __file__ and code is not outcome.__code__:  # a function that was given may err as it likes
        return True
    raised = code.co_code[frame.tb_lasti] in (dis.opmap["RAISE_VARARGS"], dis.opmap["RERAISE"])
    ours = code.co_filename.startswith(HOME) and raised
    return ours and isinstance(error, ValueError | TypeError | OSError) and not isinstance(error, UnicodeError)


def holds_nan(value: Any) -> bool:
    """Whether there is a nan anywhere in it."""
    if isinstance(value, Tensor):
        return value.is_floating_point() and not value.is_meta and bool(value.isnan().any())
    if isinstance(value, float):
        return math.isnan(value)
    return isinstance(value, tuple | list) and any(map(holds_nan, value))
