"""The workplace profile by conversation: asked for part by part before a question that needs it; changed on demand."""

from __future__ import annotations

from typing import Optional

from msgspec.structs import replace

from bot.coach.base import Base
from bot.coaching import practice as on_question
from bot.coaching.model import Line, Move, Practice, shorten
from bot.coaching.sufficiency import Profile
from bot.coaching.workplace import ALL, Part, Workplace, named, read_reply, to_ask
from bot.records import sittings
from bot.records.store import Turn, Tx
from bot.syllabus.model import Question

LONGEST_SHOWN = 120  # characters of what the profile says so far


class WorkplacePart(Base):
    """The use cases of the workplace profile. A part left empty never holds up practice."""

    def change_workplace(self, turn: Turn) -> Move:
        """Ask for the whole profile again; with no question open, before a first one."""

        def decide(tx: Tx) -> Move:
            opened = self._opened(tx, turn.person_id)
            if opened is None or opened[1].question is None:
                return self._change_before_a_question(tx, turn)
            id, practice = opened[0], replace(opened[1], paused=False)
            said = turn.text.strip()
            if (
                practice.waiting == "workplace"
                and practice.part == "organisation"
                and (named(said) != said or read_reply("organisation", said).kind == "empty")
            ):
                return self._take_profile(tx, turn, id, practice, said)  # "I work at …": the answer, not a wish
            return self._ask_profile(tx, turn, id, practice, ALL, [])

        return self._once(turn, decide)

    def _profile(self, tx: Tx, turn: Turn, question: Question) -> Profile:
        """What an answer to this question is held against."""
        return Profile(tx.workplace(turn.person_id) or Workplace(), self.syllabus.workplace_parts(question))

    def _change_before_a_question(self, tx: Tx, turn: Turn) -> Move:
        units = [u for u in tx.units_of(turn.person_id) if u in self.syllabus.unit_of.values()]
        if not units or tx.open_exercise(turn.person_id) is not None:
            return Move((Line("utter_workplace_later"),))
        closed = self.syllabus.with_bullets(sittings.under_assessment(tx, turn.person_id, self.clock()))
        own = (q for q in self.syllabus.questions.values() if q.own_organisation and not q.retired)
        possible = (q for q in own if self.syllabus.unit_of[q.id] in units and not closed & self.syllabus.serves(q))
        first = next(possible, None)
        if first is None:
            return Move((Line("utter_workplace_later"),))
        unit = self.syllabus.unit_of[first.id]
        fresh = Practice(unit, label=f"unit {unit.upper()}", question=first.id)
        id = tx.start_practice(turn.person_id, fresh, self.clock())
        return self._ask_profile(tx, turn, id, fresh, ALL, [])

    def _parts_to_ask(self, tx: Tx, turn: Turn, question: Question) -> tuple[Part, ...]:
        if not question.own_organisation:
            return ()
        known, asked = tx.workplace(turn.person_id), tx.workplace_asked(turn.person_id)
        return to_ask(known, asked, self.syllabus.workplace_parts(question), self.clock())

    def _ask_profile(
        self, tx: Tx, turn: Turn, id: int, practice: Practice, parts: tuple[Part, ...], lead: list[Line]
    ) -> Move:
        """Ask for the first of `parts`; that it was asked is kept, so that leaving it is leaving it for the day."""
        known = tx.workplace(turn.person_id) or Workplace()
        tx.save_workplace(turn.person_id, known, self.clock())
        practice = replace(practice, waiting="workplace", parts=parts)
        tx.save_practice(id, practice, self.clock())
        return Move((*lead, *self._profile_lines(tx, turn, practice, bool(lead))), "practice")

    def _profile_lines(self, tx: Tx, turn: Turn, practice: Practice, join: bool = False) -> list[Line]:
        """The question for the part in hand, with what the profile says so far."""
        known = tx.workplace(turn.person_id) or Workplace()
        asked = Line("utter_ask_workplace", join=join)
        if practice.part != "organisation":
            asked = Line(f"utter_ask_{practice.part}", {"organisation": known.organisation}, join=join)
        lines = [asked]
        if so_far := known.part(practice.part):
            lines.append(Line("utter_profile_so_far", {"says": shorten(so_far, LONGEST_SHOWN)}, join=True))
        return lines

    def _take_profile(self, tx: Tx, turn: Turn, id: int, practice: Practice, text: str) -> Move:
        """Keep what was said of the part in hand; then the next part, or the question."""
        part, rest = practice.part, practice.parts[1:]
        known, reply = tx.workplace(turn.person_id) or Workplace(), read_reply(practice.part, text)
        if reply.kind in ("text", "empty"):
            known = replace(known, **{part: reply.text})
            tx.save_workplace(turn.person_id, known, self.clock())
        if part == "organisation" and not known.organisation:
            return self._to_question(tx, turn, id, practice, [Line("utter_workplace_skipped")])
        if reply.kind == "leave":
            return self._to_question(tx, turn, id, practice, [Line("utter_profile_left")])
        if part == "organisation":
            lead = [Line("utter_workplace_kept", {"organisation": known.organisation})]
            lead += [Line("utter_profile_three", join=True)] if rest else []
        else:
            lead = [Line("utter_profile_noted" if reply.kind == "text" else "utter_profile_passed")]
        if rest:
            return self._ask_profile(tx, turn, id, practice, rest, lead)
        return self._to_question(tx, turn, id, practice, [*lead, Line("utter_profile_done", join=True)])

    def _to_question(self, tx: Tx, turn: Turn, id: int, practice: Practice, lead: list[Line]) -> Move:
        """The question that was waiting; one in the middle keeps its answers and help."""
        practice = replace(practice, waiting="answer", parts=())
        question = self.syllabus.questions[practice.question or ""]
        organisation, about = self._organisation(tx, turn), self._about(question)
        say = on_question.repeat if practice.points or practice.tries else on_question.put_question
        step = say(practice, question, organisation, about)
        tx.save_practice(id, step.practice, self.clock())
        return Move((*lead, *step.lines), "practice")

    def _awaited(self, tx: Tx, turn: Turn, practice: Practice) -> Optional[Move]:
        """The question for the profile once more, where that is what is waited for."""
        if practice.waiting != "workplace":
            return None
        return Move(tuple(self._profile_lines(tx, turn, practice)), "practice")
