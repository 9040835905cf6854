"""Practice that a tutor has set: what of it is open, and how it is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Optional

from bot.coaching.choosing import is_about, until
from bot.coaching.model import Line
from bot.records.store import Tx
from bot.records.tutor_reports import Set, set_for
from bot.syllabus.model import Question
from bot.syllabus.syllabus import Syllabus


def open_tasks(tx: Tx, syllabus: Syllabus, person_id: int, asked: Sequence[str]) -> list[Set]:
    """Questions and statements set, not practised since and not asked in this session; the next date first."""
    met = [syllabus.questions[id] for id in asked]
    found = set_for(tx, person_id, ("question", "statement"))
    return [s for s in found if not s.done and not any(is_about(syllabus, q, s.target) for q in met)]


def questions_of(syllabus: Syllabus, tasks: Sequence[Set]) -> list[Question]:
    """The questions in use with which these can be practised."""
    every = syllabus.questions.values() if tasks else ()
    return [q for q in every if not q.retired and task_of(syllabus, tasks, q) is not None]


def task_of(syllabus: Syllabus, tasks: Sequence[Set], question: Question) -> Optional[Set]:
    """The first of these that a question is practice for."""
    return next((task for task in tasks if is_about(syllabus, question, task.target)), None)


def said_of(task: Set, today: date) -> Line:
    """That a tutor has set the next question, and until when."""
    if task.due_on is None:
        return Line("utter_set_by_tutor")
    late = task.due_on < today
    return Line("utter_set_by_tutor_late" if late else "utter_set_by_tutor_until", {"date": until(task.due_on, today)})
