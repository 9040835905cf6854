"""Answering an assessor's questions: word for word, acknowledged only; no hint, no verdict, every version kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Optional

import msgspec

from bot.coach.roleplay import RolePlayPart
from bot.coaching import assessment as way
from bot.coaching.assessment import Questioning
from bot.coaching.masking import masked
from bot.coaching.model import Button, Line, Loop, Move, shorten
from bot.records import decisions, sittings
from bot.records.sittings import Asked, Due
from bot.records.store import Turn, Tx

LONGEST_SHOWN = 60  # characters of an answer in the list before sending


class AssessmentPart(RolePlayPart):
    """The use cases of an assessment, and what the others mean while one is open."""

    def start_assessment(self, turn: Turn, set_id: Optional[int] = None) -> Move:
        """Begin a set, or go on with it."""

        def decide(tx: Tx) -> Move:
            found = sittings.due(tx, turn.person_id, self.clock(), set_id)
            if not found:
                return Move((Line("utter_no_assessment"),))
            due = found[0]
            opened = self._questioning(tx, turn.person_id)
            if opened and opened[1].sitting == due.sitting:
                return self._go_on_answering(tx, turn, *opened)
            ids = tuple(q.id for q in sittings.questions(tx, due.sitting))
            kept = decisions.answered_questions(tx, due.sitting)
            state = Questioning(due.sitting, ids, tuple(q for q in ids if q in kept), live=due.live)
            id = tx.start_exercise(turn.person_id, "assessment", state, self.clock())
            event = "resumed" if sittings.started(tx, due.sitting) else "started"
            sittings.note(tx, due.sitting, event, self.clock(), turn.channel)
            args = {"title": due.title, "assessor": due.assessor, "n": str(len(ids)), "closes": _closes(due)}
            name = "utter_assessment_live" if due.live else "utter_assessment_starts"
            return self._ask(tx, turn, id, state, [Line(name, args)])

        return self._once(turn, decide)

    def take_assessed(self, turn: Turn) -> Move:
        """Keep one answer as it is; say so, and nothing about it."""

        def decide(tx: Tx) -> Move:
            opened = self._questioning(tx, turn.person_id)
            if opened is None:
                return Move((Line("utter_nothing_open"),), "off")
            id, state = opened
            if sittings.find(tx, state.sitting, self.clock()) is None:
                return self._closed(tx, id, state)
            asked_live = way.following(state) if state.live and state.current is None else None
            if asked_live is not None:  # the assessor's words came by themselves
                state = way.asked(state, asked_live, self._question(tx, state, asked_live).made_at.isoformat())
            if state.current is None:
                return Move((Line("utter_assessment_wait" if state.live else "utter_assessment_which"),), "assessment")
            question = self._question(tx, state, state.current)
            now = self.clock()
            workplace = tx.workplace(turn.person_id)
            evidence = msgspec.structs.replace(
                turn, text=masked(turn.text, workplace.organisation if workplace else "")
            )
            answer, version = sittings.add_answer(
                tx, evidence, state.sitting, question.id, datetime.fromisoformat(state.asked_at), now
            )
            self._propose(tx, answer, question, evidence.text, now)
            leads = [Line("utter_answer_kept" if version == 1 else "utter_answer_changed")]
            if evidence.text != turn.text:
                leads.append(Line("utter_name_left_out", join=True))
            return self._ask(tx, turn, id, way.answered(state), leads)

        return self._once(turn, decide)

    def change_answer(self, turn: Turn, number: int) -> Move:
        """Ask one of the questions again, so that the answer can be corrected before it is sent."""

        def decide(tx: Tx) -> Move:
            opened = self._questioning(tx, turn.person_id)
            if opened is None or not 1 <= number <= len(opened[1].questions):
                return Move((Line("utter_old_button"),))
            id, state = opened
            return self._put(tx, turn, id, state, state.questions[number - 1], [Line("utter_change_answer")])

        return self._once(turn, decide)

    def send_answers(self, turn: Turn) -> Move:
        """Hand in: from now on nothing can be changed."""

        def decide(tx: Tx) -> Move:
            opened = self._questioning(tx, turn.person_id)
            if opened is None:
                return Move((Line("utter_old_button"),))
            id, state = opened
            due = sittings.find(tx, state.sitting, self.clock())
            if due is None:
                return self._closed(tx, id, state)
            if not state.answered:
                return self._review(tx, id, state, [Line("utter_nothing_to_send")])
            sittings.note(tx, state.sitting, "sent", self.clock(), turn.channel)
            tx.save_exercise(id, state, self.clock(), close=True)
            missing = len(way.open_questions(state))
            line = Line("utter_answers_sent", {"assessor": due.assessor})
            return Move(
                (line, *([Line("utter_sent_without", {"n": str(missing)}, join=True)] if missing else [])), "off"
            )

        return self._once(turn, decide)

    def see_decision(self, turn: Turn, decision: int) -> Move:
        """The learner has seen a decision on their work."""

        def decide(tx: Tx) -> Move:
            known = decisions.acknowledge(tx, turn.person_id, decision, self.clock())
            return Move((Line("utter_decision_seen" if known else "utter_old_button"),))

        return self._once(turn, decide)

    # What the others mean here ------------------------------------------------------------------------------------

    def start_practice(self, turn: Turn) -> Move:
        """Practice waits while questions are being answered."""
        return self._here(turn, self._no_practice) or super().start_practice(turn)

    def start_roleplay(self, turn: Turn, scenario_id: str = "") -> Move:
        """So do role-plays."""
        return self._here(turn, self._no_practice) or super().start_roleplay(turn, scenario_id)

    def hint(self, turn: Turn) -> Move:
        """No help in an assessment."""
        return self._here(turn, self._no_help) or super().hint(turn)

    def why(self, turn: Turn) -> Move:
        """No verdict either."""
        return self._here(turn, self._no_help) or super().why(turn)

    def dispute(self, turn: Turn) -> Move:
        """There is no mark to dispute."""
        return self._here(turn, self._no_help) or super().dispute(turn)

    def meaning(self, turn: Turn) -> Move:
        """A word in the question may be the very thing that is asked."""
        return self._here(turn, self._no_help) or super().meaning(turn)

    def dont_know(self, turn: Turn) -> Move:
        """Not knowing is said as an answer, or left for later."""

        def said(tx: Tx, turn: Turn, id: int, state: Questioning) -> Move:
            return Move((Line("utter_assessed_dont_know"),), "assessment")

        return self._here(turn, said) or super().dont_know(turn)

    def repeat(self, turn: Turn) -> Move:
        """The question once more, word for word."""
        return self._here(turn, lambda tx, turn, id, state: self._again(tx, id, state, [])) or super().repeat(turn)

    def skip(self, turn: Turn) -> Move:
        """Leave this question for later."""

        def later(tx: Tx, turn: Turn, id: int, state: Questioning) -> Move:
            return self._ask(tx, turn, id, way.left_for_later(state), [Line("utter_left_for_later")])

        return self._here(turn, later) or super().skip(turn)

    def stop(self, turn: Turn) -> Move:
        """A break; it is recorded, and the time goes on."""

        def pause(tx: Tx, turn: Turn, id: int, state: Questioning) -> Move:
            tx.save_exercise(id, msgspec.structs.replace(state, paused=True), self.clock())
            sittings.note(tx, state.sitting, "paused", self.clock(), turn.channel, state.current)
            return Move((Line("utter_assessment_paused"),), "off")

        return self._here(turn, pause) or super().stop(turn)

    def pause(self, turn: Turn) -> Move:
        """The same as stop."""
        return self.stop(turn) if self._is_open(turn) else super().pause(turn)

    def resume(self, turn: Turn) -> Move:
        """Go on where the break began."""
        return self._here(turn, self._go_on_answering, paused=True) or super().resume(turn)

    def open_loop(self, person_id: int) -> Optional[Loop]:
        """ "assessment" while its questions are being answered."""
        with self.records.reading() as tx:
            opened = self._questioning(tx, person_id)
        if opened is None:
            return super().open_loop(person_id)
        return None if opened[1].paused else "assessment"

    # Inside -------------------------------------------------------------------------------------------------------

    def _questioning(self, tx: Tx, person_id: int) -> Optional[tuple[int, Questioning]]:
        row = tx.open_exercise(person_id)
        if row is None or row["kind"] != "assessment":
            return None
        state = msgspec.convert(row["state"], Questioning)
        for asked in sittings.questions(tx, state.sitting):  # the assessor may have added some
            state = way.with_question(state, asked.id)
        return row["id"], state

    def _is_open(self, turn: Turn) -> bool:
        with self.records.reading() as tx:
            return self._questioning(tx, turn.person_id) is not None

    def _here(
        self, turn: Turn, do: Callable[[Tx, Turn, int, Questioning], Move], paused: bool = False
    ) -> Optional[Move]:
        """What `do` says while an assessment is open (a paused one only with `paused`), else None."""
        with self.records.reading() as tx:
            opened = self._questioning(tx, turn.person_id)
        if opened is None or (opened[1].paused and not paused):
            return None

        id, state = opened  # a person's messages are worked off one at a time: nobody else changes it meanwhile
        return self._once(turn, lambda tx: do(tx, turn, id, state))

    def _no_help(self, tx: Tx, turn: Turn, id: int, state: Questioning) -> Move:
        return Move((Line("utter_assessment_no_help"),), "assessment")

    def _no_practice(self, tx: Tx, turn: Turn, id: int, state: Questioning) -> Move:
        return Move((Line("utter_assessment_no_practice"),), "assessment")

    def _go_on_answering(self, tx: Tx, turn: Turn, id: int, state: Questioning) -> Move:
        if sittings.find(tx, state.sitting, self.clock()) is None:
            return self._closed(tx, id, state)
        if state.paused:
            sittings.note(tx, state.sitting, "resumed", self.clock(), turn.channel, state.current)
        state = msgspec.structs.replace(state, paused=False)
        if state.current is None and not state.live:  # the assessor may have asked one more
            return self._ask(tx, turn, id, state, [Line("utter_assessment_goes_on")])
        return self._again(tx, id, state, [Line("utter_assessment_goes_on")])

    def _again(self, tx: Tx, id: int, state: Questioning, lead: list[Line]) -> Move:
        """The open question as it was asked, or the list before sending."""
        tx.save_exercise(id, state, self.clock())
        if state.current is None:
            return self._review(tx, id, state, lead)
        return Move((*lead, self._line(state, self._question(tx, state, state.current))), "assessment")

    def _ask(self, tx: Tx, turn: Turn, id: int, state: Questioning, lead: list[Line]) -> Move:
        """The next question, or the list before sending."""
        following = way.following(state)
        if following is None:
            tx.save_exercise(id, state, self.clock())
            return self._review(tx, id, state, lead)
        return self._put(tx, turn, id, state, following, lead)

    def _put(self, tx: Tx, turn: Turn, id: int, state: Questioning, question: int, lead: list[Line]) -> Move:
        now = self.clock()
        state = way.asked(state, question, now.isoformat())
        tx.save_exercise(id, state, now)
        sittings.note(tx, state.sitting, "asked", now, turn.channel, question)
        asked = self._question(tx, state, question)
        if (known := self.syllabus.questions.get(asked.question_id or "")) is not None:
            self.marker.expect(known)
        return Move((*lead, self._line(state, asked)), "assessment")

    def _review(self, tx: Tx, id: int, state: Questioning, lead: list[Line]) -> Move:
        """All is answered or left: what can still be changed, and sending."""
        if state.live:
            return Move((*lead, Line("utter_assessment_wait")), "assessment")
        given = decisions.latest_answers(tx, state.sitting)
        lines: list[Line] = []
        for q in state.questions:
            shown = f"“{shorten(given[q], LONGEST_SHOWN)}”" if q in given else "–"
            lines.append(Line("utter_answer_listed", {"n": str(state.number(q)), "answer": shown}, join=bool(lines)))
        change = [
            Button(str(state.number(q)), f'/change_answer{{"number": {state.number(q)}}}') for q in state.questions
        ]
        return Move(
            (*lead, Line("utter_answers_review"), *lines, Line("utter_answers_send", buttons=tuple(change))),
            "assessment",
        )

    def _closed(self, tx: Tx, id: int, state: Questioning) -> Move:
        """The time is up, or the assessor has withdrawn it: what was answered is kept."""
        tx.save_exercise(id, state, self.clock(), close=True)
        return Move((Line("utter_assessment_over"),), "off")

    def _question(self, tx: Tx, state: Questioning, question: int) -> Asked:
        return next(q for q in sittings.questions(tx, state.sitting) if q.id == question)

    def _line(self, state: Questioning, asked: Asked) -> Line:
        args = {"n": str(state.number(asked.id)), "of": str(len(state.questions)), "question": asked.words}
        return Line("utter_assessed_question", args)

    def _propose(self, tx: Tx, answer: int, asked: Asked, text: str, now: datetime) -> None:
        """What the program would say, kept for the assessor; an own wording has none."""
        question = self.syllabus.questions.get(asked.question_id or "")
        if question is None or question.form != "open":
            return
        marking = self.marker.mark(question, text)
        met = [m.probability for m in marking.matches]
        sittings.add_proposal(tx, answer, marking, sum(met) / len(met) if met else None, self.syllabus.version, now)


def _closes(due: Due) -> str:
    return f"{due.closes_at:%-d %B, %H:%M} UTC" if due.closes_at else "–"
