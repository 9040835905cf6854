"""The values coaching works on: where a practice stands, and what the coach does next."""

from __future__ import annotations

from typing import Literal, Optional

import msgspec

from bot.coaching.workplace import Part

Loop = Literal["practice", "roleplay", "assessment", "off"]
HELP = ("none", "hint_1", "hint_2", "prompt", "assertion")


class Button(msgspec.Struct, frozen=True):
    """A choice the learner can tap; `payload` is `/intent` or `/intent{json}`."""

    title: str
    payload: str


class Line(msgspec.Struct, frozen=True):
    """One thing to say: the name of a response in `domain/`, with what fills its gaps.

    `join` puts it on a new line of the message before instead of into a message of its own.
    """

    name: str
    args: dict[str, str] = {}
    buttons: tuple[Button, ...] = ()
    join: bool = False


class Move(msgspec.Struct, frozen=True):
    """What the coach does in answer to one message; `loop` starts or ends the free-text loop, None leaves it."""

    lines: tuple[Line, ...]
    loop: Optional[Loop] = None


class Point(msgspec.Struct, frozen=True):
    """How one expectation of the open question stands; `help` counts up through HELP."""

    id: str
    state: Literal["open", "met", "told"] = "open"
    help: int = 0
    unsure_asked: bool = False
    quote: str = ""


class Done(msgspec.Struct, frozen=True):
    """How a question of this session ended."""

    question: str
    outcome: Literal["met", "helped", "told", "skipped"]


class Practice(msgspec.Struct, frozen=True):
    """One practice session, kept while it is open or paused.

    `wanted`: statements asked for, empty for the whole unit. `points` and below are of the open question.
    `answers` is all that was said to it; `lacking` what a complete answer was asked to add ("own", "verb").
    `parts`: while waiting for the workplace profile, the parts still to be asked for, the one just asked first.
    """

    unit: str
    wanted: tuple[str, ...] = ()
    label: str = ""
    waiting: Literal["answer", "workplace"] = "answer"
    paused: bool = False
    question: Optional[str] = None
    points: tuple[Point, ...] = ()
    focus: Optional[str] = None
    pumped: bool = False
    tries: int = 0
    choice_wrong: bool = False
    answers: str = ""
    lacking: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    done: tuple[Done, ...] = ()

    @property
    def part(self) -> Part:
        """The part of the workplace profile that is asked for, while it is waited for."""
        return self.parts[0] if self.parts else "organisation"

    def point(self, id: str) -> Point:
        """The point of that expectation; KeyError if there is none."""
        for point in self.points:
            if point.id == id:
                return point
        raise KeyError(id)

    def resolved(self) -> int:
        """How many points are met or told."""
        return sum(p.state != "open" for p in self.points)

    def met(self) -> int:
        """How many points the learner met."""
        return sum(p.state == "met" for p in self.points)

    def assisted(self) -> bool:
        """Whether any hint, prompt or assertion was given on the open question."""
        return self.choice_wrong or any(p.help for p in self.points)

    def help_given(self) -> list[str]:
        """`expectation: help` for every help seen on the open question, in points' order."""
        return [f"{p.id}: {HELP[level]}" for p in self.points for level in range(1, p.help + 1)]


class Step(msgspec.Struct, frozen=True):
    """A decision: the practice after it, what to say, and what it means for the records."""

    practice: Practice
    lines: tuple[Line, ...]
    told: tuple[str, ...] = ()
    ended: Optional[Literal["met", "helped", "told", "skipped"]] = None
    sufficient: bool = True  # the points are there, and what the verb and "their organisation" ask for


def shorten(text: str, longest: int) -> str:
    """`text` on one line, cut at a word with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0] + " …"
