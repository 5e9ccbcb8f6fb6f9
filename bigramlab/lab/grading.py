"""Grade a class: a folder with a lab for each student, each judged in a process of its own, several at once."""

# ruff: noqa: T201, a command prints

import csv
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from queue import Queue
from xml.etree import ElementTree

from tqdm import tqdm

from bigramlab.chapters import chapter_of
from bigramlab.lab.apart import Apart
from bigramlab.lab.exercises import Exercise, chapters_in
from bigramlab.lab.labs import Lab, judge_apart
from bigramlab.lab.verdicts import Verdict
from bigramlab.lessons.files import write_file

__all__ = ["Grade", "grade"]

COLUMNS = (
    "student",
    "chapter",
    "function",
    "right",
    "careful",
    "status",
    "held",
    "care",
    "cause",
    "borrowed",
    "seconds",
)


@dataclass(frozen=True)
class Grade:
    """What one student's function is worth.

    Attributes:
        student: The folder's name.
        exercise: The function.
        verdict: What is to be said of it.
    """

    student: str
    exercise: Exercise
    verdict: Verdict

    def row(self) -> dict[str, object]:
        """Return the columns of the table."""
        verdict, (chapter, _) = self.verdict, chapter_of(self.exercise.lesson)
        reason = verdict.headline if verdict.status == "not reached" else ""
        values = (
            *(self.student, chapter, self.exercise.name, bool(verdict), verdict.status == "careful", verdict.status),
            *(verdict.held, verdict.care, verdict.cause or reason, verdict.borrowed, round(verdict.seconds, 2)),
        )
        return dict(zip(COLUMNS, values, strict=True))


def grade(folder: Path, chapters: str | None, core: bool, weights: str | None, out: Path | None, jobs: int) -> int:
    """Judge each lab in a folder, write the tables, and show a line for each student."""
    wanted = chapters_in(chapters) if chapters else None
    heavy = _weights(weights)
    labs = sorted(path for path in folder.iterdir() if _is_handed_in(path))
    if not labs:
        raise ValueError(
            f"no folder in {folder} has an exercise file such as {Exercise.first().file}; each student's work should "
            "be a folder of its own in it"
        )
    exercises = [one for one in Exercise.all() if wanted is None or chapter_of(one.lesson)[0] in wanted]
    exercises = [one for one in exercises if one.core or not core]
    place = out or folder
    if place.exists() and not place.is_dir():
        raise ValueError(f"--out is {str(place)!r}, which is a file, and three tables go there; name a folder")
    place.mkdir(parents=True, exist_ok=True)  # before, and not after, what takes a minute
    grades = list(_grades(labs, exercises, jobs))
    tables = {"grades.csv": _csv(grades), "grades.json": _json(grades), "grades.xml": _junit(grades)}
    print(_table(grades, heavy))
    for name, text in tables.items():
        write_file(place / name, text)
    print(f"\nEvery function: {', '.join(str(place / name) for name in tables)}")
    return 0


def _is_handed_in(path: Path) -> bool:
    return path.is_dir() and any((path / exercise.file).exists() for exercise in Exercise.all())


def _weights(text: str | None) -> dict[int, float]:
    """Return how much chapters weigh: 8 weighs 2 in "8=2,9=1.5", and all others 1."""
    try:
        pairs = [part.split("=") for part in text.split(",")] if text else []
        return {int(chapter): float(weight) for chapter, weight in pairs}
    except ValueError:
        raise ValueError(f"--weights is {text!r}, and should say chapter=weight, such as 8=2,9=1.5") from None


def _grades(labs: list[Path], exercises: list[Exercise], jobs: int) -> Iterator[Grade]:
    jobs = min(jobs or os.cpu_count() or 1, len(labs))
    free: Queue[Apart] = Queue()
    for _ in range(jobs):
        free.put(judge_apart())

    def grades_of(folder: Path) -> list[Grade]:
        apart = free.get()
        apart = judge_apart() if apart.ended else apart
        try:
            lab = Lab(folder.resolve(), fresh=True, apart=apart)  # what a student's lab says of itself is no grade
            return [Grade(folder.name, exercise, lab.verdict(exercise)) for exercise in exercises]
        finally:
            free.put(apart)

    try:
        with ThreadPoolExecutor(jobs) as pool:
            yield from chain.from_iterable(
                tqdm(pool.map(grades_of, labs), total=len(labs), unit="lab", disable=None, file=sys.stderr)
            )
    finally:
        while not free.empty():
            free.get().end()


def _csv(grades: list[Grade]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    said = {True: "yes", False: "no"}
    for grade in grades:
        writer.writerow({name: said[one] if isinstance(one, bool) else one for name, one in grade.row().items()})
    return text.getvalue()


def _json(grades: list[Grade]) -> str:
    return json.dumps([grade.row() | {"report": grade.verdict.text} for grade in grades], indent=1, ensure_ascii=False)


def _junit(grades: list[Grade]) -> str:
    suites = ElementTree.Element("testsuites")
    for student in dict.fromkeys(grade.student for grade in grades):
        own = [grade for grade in grades if grade.student == student]
        failed = sum(not grade.verdict for grade in own)
        suite = ElementTree.SubElement(suites, "testsuite", name=student, tests=str(len(own)), failures=str(failed))
        for grade in own:
            seconds = f"{grade.verdict.seconds:.2f}"
            case = ElementTree.SubElement(suite, "testcase", classname=student, name=grade.exercise.name, time=seconds)
            properties = ElementTree.SubElement(case, "properties")
            for name in ("status", "held", "care", "cause", "borrowed"):
                ElementTree.SubElement(properties, "property", name=name, value=str(grade.row()[name]))
            if not grade.verdict:
                failure = ElementTree.SubElement(case, "failure", message=grade.verdict.headline)
                failure.text = re.sub("[^\n\t -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", grade.verdict.text)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True)


def _table(grades: list[Grade], weights: dict[int, float]) -> str:
    """Return a line for each student: what is right and careful, and the weighted share of it."""
    students = list(dict.fromkeys(grade.student for grade in grades))
    width = max(len("student"), *map(len, students))
    lines = [f"{'student':<{width}}  right  careful  share  unwritten  not right"]
    for student in students:
        own = [grade for grade in grades if grade.student == student]
        weight = {grade: weights.get(chapter_of(grade.exercise.lesson)[0], 1.0) for grade in own}
        share = sum(weight[one] for one in own if one.verdict) / (sum(weight.values()) or 1)
        right, careful = sum(bool(one.verdict) for one in own), sum(one.verdict.status == "careful" for one in own)
        said = {"not right": "", "not reached": " (not reached)"}
        wrong = ", ".join(one.exercise.name + said[one.verdict.status] for one in own if one.verdict.is_wrong)
        borrowed = ", ".join(one.exercise.name for one in own if one.verdict.borrowed)
        unwritten = sum(one.verdict.status == "not started" for one in own)
        notes = "; ".join(filter(None, [wrong, borrowed and f"bigramlab's own: {borrowed}"]))
        counted = f"{right:>2}/{len(own):<2}  {careful:>7}  {share:>5.0%}  {unwritten:>9}"
        lines.append(f"{student:<{width}}  {counted}  {notes}".rstrip())
    return "\n".join(lines)
