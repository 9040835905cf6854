"""Marks: why this one, and "that mark is wrong"."""

from __future__ import annotations

from typing import Any

from bot.coach.base import Base
from bot.coaching.model import Line, Move, Practice, shorten
from bot.records.store import Turn, Tx


class MarksPart(Base):
    """The use cases about marks."""

    def why(self, turn: Turn) -> Move:
        """Why this mark, per key point; before any answer: why this question."""

        def decide(tx: Tx) -> Move:
            opened = self._opened(tx, turn.person_id)
            practice = opened[1] if opened else Practice("")
            if practice.waiting == "workplace" and practice.question and not practice.paused:
                return Move((Line("utter_profile_why"),))
            attempt = tx.last_attempt(turn.person_id)
            if attempt is None and practice.question is None:
                return Move((Line("utter_nothing_open"),))
            if attempt is None or (practice.question and practice.tries == 0 and not practice.done):
                question = self.syllabus.questions[practice.question or ""]
                texts = "; ".join(self.syllabus.text_of(s) for s in self.syllabus.own_statements(question))
                about = self._about(question)
                return Move((Line("utter_why_question", {"about": about, "criterion": texts}),))
            return Move(tuple(self._why_lines(attempt, practice)))

        return self._once(turn, decide)

    def dispute(self, turn: Turn) -> Move:
        """Note that the learner holds the last mark to be wrong; a tutor looks at it."""

        def decide(tx: Tx) -> Move:
            attempt = tx.last_attempt(turn.person_id)
            if attempt is None:
                return Move((Line("utter_no_mark_to_dispute"),))
            tx.add_dispute(turn, attempt["id"], self.clock())
            return Move((Line("utter_dispute_noted", {"answer": shorten(attempt["answer"], 80)}),))

        return self._once(turn, decide)

    def _why_lines(self, attempt: Any, practice: Practice) -> list[Line]:
        question = self.syllabus.questions.get(attempt["question_id"])
        if question is None or question.form == "choice":
            return [Line("utter_why_choice", {"answer": attempt["answer"]})]
        lines = [Line("utter_why_head", {"answer": shorten(attempt["answer"], 120)})]
        still_open = practice.question == question.id and not any(d.question == question.id for d in practice.done)
        missing = 0
        points = {e.id for e in question.expectations} | {m.id for m in question.misconceptions}
        for match in attempt["matches"]:
            if match["point_id"] not in points:
                continue  # the content has changed since
            if match["kind"] == "misconception":
                name, label = "utter_why_misconception", question.misconception(match["point_id"]).correction
            else:
                name, label = f"utter_why_{match['state']}", question.expectation(match["point_id"]).label
            if match["kind"] == "expectation" and match["state"] == "not_met" and still_open:
                missing += 1  # naming it would give the answer away
                continue
            lines.append(Line(name, {"quote": match["quote"], "point": label}, join=True))
        if missing:
            lines.append(Line("utter_why_missing", {"n": str(missing)}, join=True))
        return [*lines, Line("utter_why_end", join=True)]
