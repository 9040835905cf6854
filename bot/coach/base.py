"""What all journeys share: the ports, one transaction a message, what the learner is in the middle of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Optional, Protocol

from bot.coaching import practice as on_question
from bot.coaching.model import Move, Practice
from bot.coaching.roleplay import Said
from bot.marking.model import Marking
from bot.records.store import Records, Turn, Tx
from bot.syllabus.model import Question
from bot.syllabus.scenario import Scenario
from bot.syllabus.syllabus import Syllabus


class Marker(Protocol):
    """What the coach needs of marking."""

    def mark(self, question: Question, text: str) -> Marking:
        """Mark one answer."""

    def expect(self, question: Question) -> None:
        """An answer to this question comes next: what marking it needs may be made ready meanwhile."""

    def similar(self, text: str, names: Sequence[str]) -> Sequence[float]:
        """How near in meaning `text` is to each name, 0–1."""


class Hearing(Protocol):
    """What the coach needs of understanding what is said to a customer."""

    @property
    def version(self) -> str:
        """The version of the reading of moves."""

    def prepare(self, scenario: Scenario) -> None:
        """Make ready for a scenario, so that its turns are quick."""

    def hear(self, scenario: Scenario, text: str, customer_said: str) -> Said:
        """The learner's sentences with their moves, and the facts they ask for."""


class Base:
    """A part of the coach. `clock` gives aware UTC times; without `hearing` there are no role-plays."""

    def __init__(
        self,
        syllabus: Syllabus,
        marker: Marker,
        records: Records,
        clock: Callable[[], datetime],
        hearing: Optional[Hearing] = None,
    ) -> None:
        self.hearing = hearing
        self.syllabus, self.marker, self.records, self.clock = syllabus, marker, records, clock
        self._choices = frozenset(q.id for q in syllabus.questions.values() if q.form == "choice")

    def _once(self, turn: Turn, decide: Callable[[Tx], Move]) -> Move:
        with self.records.begin() as tx:
            if (seen := tx.move_for(turn.message_id)) is not None:
                return seen  # the same message again: say the same thing again
            move = decide(tx)
            tx.save_move(turn, move, self.clock())
        return move

    def _opened(self, tx: Tx, person_id: int) -> Optional[tuple[int, Practice]]:
        """What the learner is in the middle of, as the content is now."""
        opened = tx.open_practice(person_id)
        return (opened[0], on_question.fitted(opened[1], self.syllabus.questions)) if opened else None

    def _organisation(self, tx: Tx, turn: Turn) -> str:
        workplace = tx.workplace(turn.person_id)
        return workplace.organisation if workplace else ""

    def _about(self, question: Question) -> str:
        """ "D1 4.9" or, for a bullet that no knowledge criterion covers, "D1 confidence" in the bullet's words."""
        unit = self.syllabus.unit_of[question.id]
        if question.criteria:
            return f"{unit.upper()} {', '.join(question.criteria)}"
        bullet = question.bullets[0]
        owner = next(b for b in self.syllabus.units[unit].bullets if b.id == bullet)
        return f"{unit.upper()} {', '.join(owner.criteria)} ({bullet.replace('-', ' ')})"
