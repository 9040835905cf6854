"""What a learner may say at any time: words, progress, the tutor, a greeting."""

from __future__ import annotations

from typing import Optional

from bot.coach.base import Base
from bot.coaching.meaning import asked_term
from bot.coaching.model import Line, Loop, Move
from bot.records.store import Turn, Tx


class CommonPart(Base):
    """The use cases that belong to no exercise."""

    def meaning(self, turn: Turn) -> Move:
        """Explain a word from the glossary, then leave the learner where they were."""

        def decide(tx: Tx) -> Move:
            term = asked_term(turn.text, self.syllabus)
            if term is None:
                return Move((Line("utter_term_unknown"),))
            args = {"term": term.term, "meaning": term.meaning, "example": term.example}
            return Move((Line("utter_term" if term.example else "utter_term_short", args),))

        return self._once(turn, decide)

    def progress(self, turn: Turn) -> Move:
        """Where the learner stands, in words."""

        def decide(tx: Tx) -> Move:
            rows = tx.coverage_of(turn.person_id)
            lines = []
            for unit in tx.units_of(turn.person_id):
                if unit not in self.syllabus.units:
                    continue
                criteria = [c for c in self.syllabus.units[unit].criteria if c.kind == "knowledge"]
                states = [rows[f"{unit}/{c.id}"]["state"] if f"{unit}/{c.id}" in rows else "" for c in criteria]
                missing = [c.id for c, s in zip(criteria, states) if not s]
                args = {
                    "unit": unit.upper(),
                    "ready": str(states.count("ready")),
                    "practising": str(states.count("practising")),
                    "all": str(len(criteria)),
                    "missing": ", ".join(missing),
                }
                lines.append(Line("utter_progress_unit" if missing else "utter_progress_all_begun", args))
            due = len(tx.due_questions(turn.person_id, self.clock()))
            if due:
                lines.append(Line("utter_progress_due", {"due": str(due)}, join=bool(lines)))
            played = [s for s, row in rows.items() if row["state"] == "practised"]
            if played and lines:
                lines.append(Line("utter_progress_played", {"n": str(len(played))}, join=True))
            return (
                Move((*lines, Line("utter_progress_rule", join=bool(lines))))
                if lines
                else Move((Line("utter_no_unit"),))
            )

        return self._once(turn, decide)

    def talk_to_tutor(self, turn: Turn) -> Move:
        """Put the learner's words, and the question they are at, on the tutor's list."""
        return self._ask_tutor(turn, "question", "utter_tutor_told")

    def delete_data(self, turn: Turn) -> Move:
        """Pass the wish to have data deleted to the tutor; what must be kept is said."""
        return self._ask_tutor(turn, "delete_data", "utter_delete_asked")

    def welcome(self, turn: Turn) -> Move:
        """A greeting that knows whether there is something to go on with."""

        def decide(tx: Tx) -> Move:
            name = tx.name_of(turn.person_id).split(" ")[0]
            opened = self._opened(tx, turn.person_id)
            if opened and opened[1].question and not opened[1].paused:
                return Move((Line("utter_greet_back", {"name": name}),))
            if opened and opened[1].question:
                return Move((Line("utter_greet_paused", {"name": name, "label": opened[1].label}),))
            return Move((Line("utter_greet", {"name": name}),))

        return self._once(turn, decide)

    def open_loop(self, person_id: int) -> Optional[Loop]:
        """ "practice" if the learner is in the middle of one: what a new Rasa session must bring back."""
        with self.records.reading() as tx:
            opened = self._opened(tx, person_id)
        return "practice" if opened and opened[1].question and not opened[1].paused else None

    def _ask_tutor(self, turn: Turn, kind: str, said: str) -> Move:
        def decide(tx: Tx) -> Move:
            opened = self._opened(tx, turn.person_id)
            tx.ask_tutor(turn, kind, opened[1].question if opened else None, self.clock())
            return Move((Line(said),))

        return self._once(turn, decide)
