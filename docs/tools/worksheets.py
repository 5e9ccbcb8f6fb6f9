"""The questions of the chapters for a class, on paper: a sheet for each chapter, and the answers on the last one."""

from bigramlab.chapters import CHAPTERS
from tools.markup import rich
from tools.questions import QUESTIONS, Question

LETTERS = "abc"  # of the choices, as the page's style has them


def worksheets() -> str:
    """Return, as HTML, a sheet for each chapter and one of the right answers' letters."""
    sheets, answers = [], []
    for number, chapter in enumerate(CHAPTERS, start=1):
        questions = QUESTIONS[chapter.page]
        title = f"{number}. {chapter.title}"
        sheets.append(_sheet(title, f"<ol>{''.join(map(_question, questions))}</ol>"))
        letters = ", ".join(f"{place} {_answer(question)}" for place, question in enumerate(questions, start=1))
        answers.append(f"<li>{rich(chapter.title)}: {letters}</li>")
    return "".join(sheets) + _sheet("Answers", f"<ol>{''.join(answers)}</ol>")


def _sheet(title: str, text: str) -> str:
    return f'<section class="sheet"><h2>{rich(title)}</h2>{text}</section>'


def _question(question: Question) -> str:
    choices = "".join(f"<li>{rich(choice)}</li>" for choice, _, _ in question.choices())
    return f"<li>{rich(question.text)}<ol>{choices}</ol></li>"


def _answer(question: Question) -> str:
    return next(letter for letter, (_, _, right) in zip(LETTERS, question.choices(), strict=True) if right)
