"""Answering an assessor's questions: where the learner is in them. No help, no verdict, nothing counted here."""

from __future__ import annotations

from typing import Optional

import msgspec
from msgspec.structs import replace


class Questioning(msgspec.Struct, frozen=True):
    """One learner's way through a set; `current` is the question being asked, None once all are answered or left.

    `asked_at` (ISO, UTC) is when it was asked. `live`: the assessor asks turn by turn, and ends it.
    """

    sitting: int
    questions: tuple[int, ...]
    answered: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    current: Optional[int] = None
    asked_at: str = ""
    paused: bool = False
    live: bool = False

    def number(self, question: int) -> int:
        """Its number as the learner sees it, from 1."""
        return self.questions.index(question) + 1


def asked(state: Questioning, question: int, when: str) -> Questioning:
    """`question` is put to the learner now."""
    return replace(state, current=question, asked_at=when, paused=False)


def following(state: Questioning) -> Optional[int]:
    """The next question to ask: the first that is neither answered nor left for later."""
    return next((q for q in state.questions if q not in state.answered and q not in state.left), None)


def answered(state: Questioning) -> Questioning:
    """The current question has an answer now, or a further version of one."""
    if state.current is None:
        return state
    done = tuple(q for q in state.questions if q in {*state.answered, state.current})
    return replace(state, answered=done, left=tuple(q for q in state.left if q != state.current), current=None)


def left_for_later(state: Questioning) -> Questioning:
    """The current question is left, to be answered before sending."""
    if state.current is None or state.current in state.answered:
        return replace(state, current=None)
    return replace(state, left=(*state.left, state.current), current=None)


def open_questions(state: Questioning) -> tuple[int, ...]:
    """Questions without an answer, in order."""
    return tuple(q for q in state.questions if q not in state.answered)


def with_question(state: Questioning, question: int) -> Questioning:
    """The assessor has asked one more."""
    return state if question in state.questions else replace(state, questions=(*state.questions, question))
