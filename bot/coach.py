"""The coach: one method per use case, each a recipe in one transaction: fetch, decide, save, return.

Every method is given the message it answers. The same message again gets the same move, and nothing is recorded twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Optional, Protocol

import msgspec
from msgspec.structs import replace

from bot.coaching import practice as on_question
from bot.coaching import review
from bot.coaching.choosing import Scope, find_scope, next_question, topic_of
from bot.coaching.gaps import option_named
from bot.coaching.meaning import asked_term
from bot.coaching.model import Done, Line, Move, Practice, Step
from bot.marking.model import Marking, Match
from bot.records.store import Records, Turn, Tx, Workplace
from bot.syllabus.model import Question
from bot.syllabus.syllabus import Syllabus

CHOICE_MARKING = "choice-1"
NO_WORDS = {"skip", "no", "none", "nowhere", "n/a", "-", "dont want to", "i dont work", "no job"}


class Marker(Protocol):
    """What the coach needs of marking."""

    def mark(self, question: Question, text: str) -> Marking:
        """Mark one answer."""

    def similar(self, text: str, names: Sequence[str]) -> Sequence[float]:
        """How near in meaning `text` is to each name, 0–1."""


class Coach:
    """The use cases. `clock` gives aware UTC times."""

    def __init__(self, syllabus: Syllabus, marker: Marker, records: Records, clock: Callable[[], datetime]) -> None:
        self.syllabus, self.marker, self.records, self.clock = syllabus, marker, records, clock
        self._choices = frozenset(q.id for q in syllabus.questions.values() if q.form == "choice")

    # Practice ---------------------------------------------------------------------------------------------------

    def start_practice(self, turn: Turn) -> Move:
        """Start (or change) what is practised: a unit, a criterion, a topic in words, or whatever is best next."""

        def decide(tx: Tx) -> Move:
            units = tx.units_of(turn.person_id)
            with_questions = [u for u in units if u in self.syllabus.unit_of.values()]
            if not with_questions:
                return Move((Line("utter_no_unit"),))
            scope = find_scope(turn.text, self.syllabus, with_questions, self.marker.similar)
            if scope is None:
                return Move((Line("utter_topic_unknown", {"topics": self._some_topics(with_questions)}),))
            opened = self._opened(tx, turn.person_id)
            in_unit = opened and opened[1].question and not opened[1].wanted and not scope.statements
            if opened and in_unit and (opened[1].unit == scope.unit or not topic_of(turn.text)):
                return self._go_on(tx, turn, *opened)
            fresh = Practice(scope.unit, scope.statements, scope.label)
            id = tx.start_practice(turn.person_id, fresh, self.clock())
            lead = [Line("utter_practice_starts", {"label": scope.label})]
            return self._ask_next(tx, turn, id, fresh, lead, first=scope)

        return self._once(turn, decide)

    def take_answer(self, turn: Turn) -> Move:
        """Mark one answer, record the attempt, choose the next move."""

        def decide(tx: Tx) -> Move:
            opened = self._opened(tx, turn.person_id)
            if opened is None or opened[1].question is None:
                return Move((Line("utter_nothing_open"),), "off")
            id, practice = opened[0], replace(opened[1], paused=False)
            question = self.syllabus.questions[practice.question or ""]
            if practice.waiting == "workplace":
                return self._take_workplace(tx, turn, id, practice, question)
            if question.form == "choice":
                option = option_named(turn.text, question.options)
                if option is None:
                    buttons = on_question.option_buttons(question)
                    return Move((Line("utter_choice_unclear", buttons=buttons),), "practice")
                return self._take_choice(tx, turn, id, practice, question, option)
            marking = on_question.with_gap(practice, question, self.marker.mark(question, turn.text), turn.text)
            workplace = tx.workplace(turn.person_id) or Workplace()
            step = on_question.take_marking(practice, question, marking, turn.text, msgspec.structs.astuple(workplace))
            self._record(tx, turn, id, step.practice, question, marking, step)
            return self._after(tx, turn, id, question, step)

        return self._once(turn, decide)

    def choose(self, turn: Turn, question_id: str, option_id: str) -> Move:
        """Take a tapped choice; a button of an older question is answered politely and counts for nothing."""

        def decide(tx: Tx) -> Move:
            opened = self._opened(tx, turn.person_id)
            if opened is None or opened[1].question != question_id or opened[1].paused:
                return Move((Line("utter_old_button"),))
            id, practice = opened
            question = self.syllabus.questions[question_id]
            if option_id not in {o.id for o in question.options}:
                return Move((Line("utter_old_button"),))
            chosen = Turn(turn.message_id, turn.person_id, turn.channel, question.option(option_id).text)
            return self._take_choice(tx, chosen, id, practice, question, option_id)

        return self._once(turn, decide)

    def hint(self, turn: Turn) -> Move:
        """The next help on the point in hand."""
        return self._once(turn, lambda tx: self._help(tx, turn, None))

    def dont_know(self, turn: Turn) -> Move:
        """Not knowing is fine: the next help, and no bad mark."""
        return self._once(turn, lambda tx: self._help(tx, turn, "utter_dont_know_is_fine"))

    def skip(self, turn: Turn) -> Move:
        """Leave this question and ask another."""

        def decide(tx: Tx) -> Move:
            opened = self._active(tx, turn)
            if opened is None:
                return Move((Line("utter_nothing_open"),))
            id, practice = opened
            if practice.waiting == "workplace":
                nowhere = Turn(turn.message_id, turn.person_id, turn.channel, "skip")
                question = self.syllabus.questions[practice.question or ""]
                return self._take_workplace(tx, nowhere, id, practice, question)
            skipped = replace(practice, done=(*practice.done, Done(practice.question or "", "skipped")))
            return self._ask_next(tx, turn, id, skipped, [Line("utter_skipped")])

        return self._once(turn, decide)

    def repeat(self, turn: Turn) -> Move:
        """Say the question again, with the help that is on the table."""

        def decide(tx: Tx) -> Move:
            opened = self._active(tx, turn)
            return self._repeat(tx, turn, opened[1], []) if opened else Move((Line("utter_nothing_open"),))

        return self._once(turn, decide)

    def stop(self, turn: Turn) -> Move:
        """Pause here; the question is kept for later. Ends with what was done and what is next."""

        def decide(tx: Tx) -> Move:
            opened = self._active(tx, turn)
            if opened is None:
                return Move((Line("utter_nothing_to_stop"),), "off")
            id, practice = opened
            tx.save_practice(id, replace(practice, paused=True), self.clock())
            return Move((*self._summary(tx, turn, practice), Line("utter_paused")), "off")

        return self._once(turn, decide)

    def resume(self, turn: Turn) -> Move:
        """Go on where the learner stopped, on whatever channel."""

        def decide(tx: Tx) -> Move:
            opened = self._opened(tx, turn.person_id)
            if opened is None or opened[1].question is None:
                return Move((Line("utter_nothing_to_resume"),))
            return self._go_on(tx, turn, *opened)

        return self._once(turn, decide)

    # Marks ------------------------------------------------------------------------------------------------------

    def why(self, turn: Turn) -> Move:
        """Why this mark, per key point; before any answer: why this question."""

        def decide(tx: Tx) -> Move:
            opened = self._opened(tx, turn.person_id)
            practice = opened[1] if opened else Practice("")
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

    # Around it --------------------------------------------------------------------------------------------------

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

    def change_workplace(self, turn: Turn) -> Move:
        """Ask for the workplace again."""

        def decide(tx: Tx) -> Move:
            opened = self._opened(tx, turn.person_id)
            if opened is None or opened[1].question is None:
                return Move((Line("utter_workplace_later"),))
            id, practice = opened
            tx.save_practice(id, replace(practice, waiting="workplace", paused=False), self.clock())
            return Move((Line("utter_ask_workplace"),), "practice")

        return self._once(turn, decide)

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

    def open_loop(self, person_id: int) -> Optional[str]:
        """ "practice" if the learner is in the middle of one: what a new Rasa session must bring back."""
        with self.records.reading() as tx:
            opened = self._opened(tx, person_id)
        return "practice" if opened and opened[1].question and not opened[1].paused else None

    # Inside -----------------------------------------------------------------------------------------------------

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

    def _active(self, tx: Tx, turn: Turn) -> Optional[tuple[int, Practice]]:
        opened = self._opened(tx, turn.person_id)
        return opened if opened and opened[1].question and not opened[1].paused else None

    def _go_on(self, tx: Tx, turn: Turn, id: int, practice: Practice) -> Move:
        practice = replace(practice, paused=False)
        tx.save_practice(id, practice, self.clock())
        return self._repeat(tx, turn, practice, [Line("utter_going_on", {"label": practice.label})])

    def _repeat(self, tx: Tx, turn: Turn, practice: Practice, lead: list[Line]) -> Move:
        if practice.waiting == "workplace":
            return Move((*lead, Line("utter_ask_workplace")), "practice")
        question = self.syllabus.questions[practice.question or ""]
        step = on_question.repeat(practice, question, self._organisation(tx, turn), self._about(question))
        return Move((*lead, *step.lines), "practice")

    def _help(self, tx: Tx, turn: Turn, lead: Optional[str]) -> Move:
        opened = self._active(tx, turn)
        if opened is None:
            return Move((Line("utter_nothing_open"),))
        id, practice = opened
        if practice.waiting == "workplace":
            return Move((Line("utter_ask_workplace"),), "practice")
        question = self.syllabus.questions[practice.question or ""]
        step = on_question.give_help(practice, question, lead)
        if step.ended:  # told to the end without an answer: no attempt, but the review knows
            return self._after(tx, turn, id, question, step)
        tx.save_practice(id, step.practice, self.clock())
        tx.add_told(turn, question.id, step.told, self.clock())
        return Move(step.lines, "practice")

    def _take_workplace(self, tx: Tx, turn: Turn, id: int, practice: Practice, question: Question) -> Move:
        said = " ".join(turn.text.split())[:200]
        refused = said.lower().strip(" .!") in NO_WORDS
        known = tx.workplace(turn.person_id) or Workplace()
        tx.save_workplace(turn.person_id, replace(known, organisation="" if refused else said), self.clock())
        lead = Line("utter_workplace_skipped") if refused else Line("utter_workplace_kept", {"organisation": said})
        organisation, about = "" if refused else said, self._about(question)
        if practice.points or practice.tries:  # changed in the middle of a question: answers and help stay
            step = on_question.repeat(replace(practice, waiting="answer"), question, organisation, about)
        else:
            step = on_question.put_question(practice, question, organisation, about)
        tx.save_practice(id, step.practice, self.clock())
        return Move((lead, *step.lines), "practice")

    def _take_choice(self, tx: Tx, turn: Turn, id: int, practice: Practice, question: Question, option_id: str) -> Move:
        right = question.option(option_id).correct
        step = on_question.choose(practice, question, option_id)
        match = Match(option_id, "met" if right else "not_met", 1.0 if right else 0.0, turn.text)
        marking = Marking((match,), (), "right" if right else "not_yet", CHOICE_MARKING)
        self._record(tx, turn, id, step.practice, question, marking, step)
        if step.ended == "told":
            tx.add_told(turn, question.id, ["choice"], self.clock())
        return self._after(tx, turn, id, question, step)

    def _record(
        self, tx: Tx, turn: Turn, id: int, practice: Practice, question: Question, marking: Marking, step: Step
    ) -> None:
        choice = question.form == "choice"
        right = marking.verdict == "right"
        needed = 1 if choice or question.sufficient is None else question.sufficient.points
        points = int(right) if choice else practice.met()
        values: dict[str, Any] = {
            "question_id": question.id,
            "question_text": on_question.ask_text(question, self._organisation(tx, turn)),
            "verdict": marking.verdict,
            "points": points,
            "needed": needed,
            "complete": points >= needed and step.sufficient,
            "unassisted": not practice.assisted() and not step.told,
            "help": practice.help_given(),
            "try_no": practice.tries,
            "content_version": self.syllabus.version,
            "made_at": self.clock(),
        }
        tx.add_attempt(turn, id, values, marking, self.syllabus.serves(question))
        if marking.verdict == "not_sure":
            tx.ask_tutor(turn, "not_sure", question.id, self.clock())

    def _after(self, tx: Tx, turn: Turn, id: int, question: Question, step: Step) -> Move:
        """Save the step; where the question has ended, grade its review and ask the next."""
        now = self.clock()
        answered = tx.attempt_of(turn.message_id) is not None
        practice = step.practice
        if question.form == "open":
            tx.add_told(turn, question.id, step.told, now)
        if answered:
            tx.refresh_coverage(turn.person_id, self.syllabus.serves(question), self._choices)
        if not step.ended:
            tx.save_practice(id, practice, now)
            return Move(step.lines, "practice")
        if step.ended != "skipped":
            card, due = review.review(tx.card(turn.person_id, question.id), step.ended, now)
            tx.save_card(turn.person_id, question.id, card, due)
        practice = replace(practice, done=(*practice.done, Done(question.id, step.ended)))
        lines = [*step.lines, Line("utter_covered", {"about": self._about(question)}, join=True)]
        return self._ask_next(tx, turn, id, practice, lines)

    def _ask_next(
        self, tx: Tx, turn: Turn, id: int, practice: Practice, lead: list[Line], first: Optional[Scope] = None
    ) -> Move:
        statements = practice.wanted or self.syllabus.statements(practice.unit)
        candidates = [
            q
            for q in self.syllabus.open_for(statements)
            if self.syllabus.unit_of[q.id] == practice.unit or practice.wanted
        ]
        states = {s: str(row["state"]) for s, row in tx.coverage_of(turn.person_id).items()}
        asked = [d.question for d in practice.done]
        due = tx.due_questions(turn.person_id, self.clock())
        seen = tx.seen_questions(turn.person_id)
        question = next_question(self.syllabus, candidates, states, due, seen, asked)
        if first and first.first and not asked and first.first not in seen:
            question = self.syllabus.questions[first.first]
        if question is None:
            summary = self._summary(tx, turn, practice)
            tx.save_practice(id, replace(practice, question=None), self.clock(), close=True)
            return Move((*lead, *summary, Line("utter_all_asked", {"label": practice.label})), "off")
        workplace = tx.workplace(turn.person_id)
        if question.own_organisation and workplace is None:
            waiting = replace(practice, question=question.id, waiting="workplace", points=(), focus=None, tries=0)
            tx.save_practice(id, waiting, self.clock())
            return Move((*lead, Line("utter_ask_workplace")), "practice")
        organisation = workplace.organisation if workplace else ""
        step = on_question.put_question(practice, question, organisation, self._about(question))
        tx.save_practice(id, step.practice, self.clock())
        return Move((*lead, *step.lines), "practice")

    def _summary(self, tx: Tx, turn: Turn, practice: Practice) -> list[Line]:
        """What this session came to; nothing where nothing was answered."""
        answered = [d for d in practice.done if d.outcome != "skipped"]
        if not answered:
            return []
        alone = sum(d.outcome == "met" for d in answered)
        about = dict.fromkeys(self._about(self.syllabus.questions[d.question]) for d in answered)
        args = {"n": str(len(answered)), "alone": str(alone), "about": "; ".join(about)}
        return [Line("utter_summary" if len(answered) > 1 else "utter_summary_one", args)]

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

    def _ask_tutor(self, turn: Turn, kind: str, said: str) -> Move:
        def decide(tx: Tx) -> Move:
            opened = self._opened(tx, turn.person_id)
            tx.ask_tutor(turn, kind, opened[1].question if opened else None, self.clock())
            return Move((Line(said),))

        return self._once(turn, decide)

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

    def _some_topics(self, units: Sequence[str]) -> str:
        topics = dict.fromkeys(
            q.topics[0] for q in self.syllabus.questions.values() if q.topics and self.syllabus.unit_of[q.id] in units
        )
        return ", ".join(list(topics)[:: max(1, len(topics) // 6)][:6])


def shorten(text: str, longest: int) -> str:
    """`text` on one line, cut at a word with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0] + " …"
