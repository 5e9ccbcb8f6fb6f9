"""Check the exercises whenever a file is saved: those whose code has changed, and no others."""

# ruff: noqa: T201, it prints what it finds

import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from bigramlab.lab.labs import Lab
from bigramlab.lab.progress import key_of
from bigramlab.lab.verdicts import Verdict, explain, how_far, summary

__all__ = ["Watcher", "watch"]


class Watcher:
    """Tells what has changed in a lab since it was asked last."""

    def __init__(self, lab: Lab, *, color: bool = False) -> None:
        """Begin without having told anything."""
        self.lab, self.color = lab, color
        self.known: dict[str, Verdict] = {}
        self._keys: dict[str, str] = {}

    def changed(
        self, first: Collection[str] = (), begin: Callable[[str, str], None] = lambda *_: None
    ) -> Iterator[Verdict]:
        """Yield the verdict on each exercise whose code has changed; those in the files `first` come first.

        `begin` gets the beginning of each text, plain and colored, as soon as a law is broken.
        """
        for exercise in sorted(self.lab.exercises, key=lambda exercise: exercise.file not in first):
            name, key = exercise.name, key_of(exercise, self.lab.folder)
            if self._keys.get(name) != key:
                self._keys[name], self.known[name] = key, self.lab.verdict(exercise, begin)
                yield self.known[name]

    def summary(self) -> str:
        """Say of all exercises what is known."""
        verdicts = [self.known[exercise.name] for exercise in self.lab.exercises if exercise.name in self.known]
        return summary(verdicts, self.known, self.lab.exercises)

    def tell(self, files: Collection[str] = ()) -> None:
        """Say each verdict as soon as it is there: the first that is wrong in full, of the others the headline."""
        said: set[str] = set()
        begun: list[str] = []  # the lines that were said before the whole verdict was there
        explained = False

        def begin(text: str, colored: str) -> None:
            if not explained:
                text = colored if self.color else text
                begun.extend(text.splitlines())
                print(text, flush=True)

        for verdict in self.changed(files, begin):
            in_full = verdict.is_wrong and not explained
            explained |= in_full
            if verdict.headline not in said:
                text = explain([verdict], color=self.color) if in_full or verdict else _in_short(verdict)
                print("\n".join(text.splitlines()[len(begun) :]), flush=True)
            said.add(verdict.headline)
            begun.clear()
        if not said:
            print("No function has changed.")


def watch(folder: Path, *, color: bool = False) -> None:
    """Tell of every change, until Ctrl-C."""
    lab, saved = Lab(folder), _save_times(folder)
    watcher = Watcher(lab, color=color)
    print("Checking all exercises once, then a file whenever you save it. Ctrl-C ends.\n", flush=True)
    try:
        lab.prepare(lab.exercises)
        list(watcher.changed())
        print(watcher.summary(), flush=True)
        lab.prepare([], at_once=True)  # so that the next verdict need not wait for torch
        while True:
            before, saved = saved, _next_save(folder, saved)
            files = [name for name in saved if saved[name] != before.get(name)]
            print()
            watcher.tell(files)
            print("\n".join(how_far(watcher.known, lab.exercises)), flush=True)
    except KeyboardInterrupt:
        print(f"\n\n{watcher.summary()}")
    finally:
        lab.close()


def _in_short(verdict: Verdict) -> str:
    return verdict.headline + (f" Why: pytest -k {verdict.name}" if verdict.status == "not right" else "")


def _next_save(folder: Path, before: dict[str, int]) -> dict[str, int]:
    """Wait until a file has changed, and its editor is done with it."""
    while True:
        saved = _save_times(folder)
        time.sleep(0.1)
        if saved != before and saved == _save_times(folder):
            return saved


def _save_times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.py") if path.exists()}
