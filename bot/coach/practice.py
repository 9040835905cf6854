"""Practice: start it, take answers, help, skip, go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from msgspec.structs import replace

from bot.coach.tasks import open_tasks, questions_of, said_of, task_of
from bot.coach.workplace import WorkplacePart
from bot.coaching import practice as on_question
from bot.coaching import review
from bot.coaching.choosing import Scope, find_scope, next_question, topic_of
from bot.coaching.gaps import option_named
from bot.coaching.model import Done, Line, Move, Practice, Step
from bot.marking.model import Marking, Match
from bot.records import sittings
from bot.records.store import Turn, Tx
from bot.syllabus.model import Question

CHOICE_MARKING = "choice-1"


class PracticePart(WorkplacePart):
    """The use cases of practice."""

    def start_practice(self, turn: Turn) -> Move:
        """Start (or change) what is practised: a unit, a criterion, a topic in words, or whatever is best next."""

        def decide(tx: Tx) -> Move:
            units = tx.offered_units_of(turn.person_id)
            with_questions = [u for u in units if u in self.syllabus.unit_of.values()]
            if not with_questions:
                withdrawn = [u for u in tx.units_of(turn.person_id) if u in self.syllabus.unit_of.values()]
                return Move((Line("utter_unit_withdrawn" if withdrawn else "utter_no_unit"),))
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
        early = self._marked_early(turn)

        def decide(tx: Tx) -> Move:
            opened = self._opened(tx, turn.person_id)
            if opened is None or opened[1].question is None:
                return Move((Line("utter_nothing_open"),), "off")
            id, practice = opened[0], replace(opened[1], paused=False)
            question = self.syllabus.questions[practice.question or ""]
            if practice.waiting == "workplace":
                return self._take_profile(tx, turn, id, practice, turn.text)
            if question.form == "choice":
                option = option_named(turn.text, question.options)
                if option is None:
                    buttons = on_question.option_buttons(question)
                    return Move((Line("utter_choice_unclear", buttons=buttons),), "practice")
                return self._take_choice(tx, turn, id, practice, question, option)
            marked = early.get(question.id) or self.marker.mark(question, turn.text)
            marking = on_question.with_gap(practice, question, marked, turn.text)
            profile = self._profile(tx, turn, question)
            step = on_question.take_marking(practice, question, marking, turn.text, profile)
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
                return self._take_profile(tx, turn, id, practice, "skip")
            skipped = replace(practice, done=(*practice.done, Done(practice.question or "", "skipped")))
            return self._ask_next(tx, turn, id, skipped, [Line("utter_skipped")])

        return self._once(turn, decide)

    def repeat(self, turn: Turn) -> Move:
        """Say the question again, with the help that is on the table."""

        def decide(tx: Tx) -> Move:
            opened = self._active(tx, turn)
            if opened is None:
                return Move((Line("utter_nothing_open"),))
            return self._awaited(tx, turn, opened[1]) or self._repeat(tx, turn, *opened, [])

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

    def _marked_early(self, turn: Turn) -> dict[str, Marking]:
        """Question → its marking, made before the transaction: marking is slow, and SQLite has one writer at a time."""
        with self.records.reading() as tx:
            opened = None if tx.move_for(turn.message_id) else self._opened(tx, turn.person_id)
        if opened is None or opened[1].question is None or opened[1].waiting == "workplace":
            return {}
        question = self.syllabus.questions[opened[1].question]
        return {} if question.form == "choice" else {question.id: self.marker.mark(question, turn.text)}

    # Inside -----------------------------------------------------------------------------------------------------

    def _active(self, tx: Tx, turn: Turn) -> Optional[tuple[int, Practice]]:
        opened = self._opened(tx, turn.person_id)
        return opened if opened and opened[1].question and not opened[1].paused else None

    def _go_on(self, tx: Tx, turn: Turn, id: int, practice: Practice) -> Move:
        practice = replace(practice, paused=False)
        tx.save_practice(id, practice, self.clock())
        return self._repeat(tx, turn, id, practice, [Line("utter_going_on", {"label": practice.label})])

    def _repeat(self, tx: Tx, turn: Turn, id: int, practice: Practice, lead: list[Line]) -> Move:
        if practice.waiting == "workplace":  # left for today
            return self._to_question(tx, turn, id, practice, lead)
        question = self.syllabus.questions[practice.question or ""]
        step = on_question.repeat(practice, question, self._organisation(tx, turn), self._about(question))
        return Move((*lead, *step.lines), "practice")

    def _help(self, tx: Tx, turn: Turn, lead: Optional[str]) -> Move:
        opened = self._active(tx, turn)
        if opened is None:
            return Move((Line("utter_nothing_open"),))
        id, practice = opened
        if practice.waiting == "workplace" and lead:  # "I don't know"
            return self._take_profile(tx, turn, id, practice, "skip")
        if (asked := self._awaited(tx, turn, practice)) is not None:
            return asked
        question = self.syllabus.questions[practice.question or ""]
        step = on_question.give_help(practice, question, lead)
        if step.ended:  # told to the end without an answer: no attempt, but the review knows
            return self._after(tx, turn, id, question, step, answered=False)
        tx.save_practice(id, step.practice, self.clock())
        tx.add_told(turn, question.id, step.told, self.clock())
        return Move(step.lines, "practice")

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

    def _after(self, tx: Tx, turn: Turn, id: int, question: Question, step: Step, answered: bool = True) -> Move:
        """Save the step; where the question has ended, grade its review and ask the next."""
        now = self.clock()
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
        closed = sittings.under_assessment(tx, turn.person_id, self.clock())
        shut = self.syllabus.with_bullets(closed)
        asked = [d.question for d in practice.done]
        tasks = open_tasks(tx, self.syllabus, turn.person_id, asked)
        possible = self.syllabus.open_for(statements)
        if not practice.wanted:  # what a tutor has set comes first, of whatever unit it is
            in_unit = [q for q in possible if self.syllabus.unit_of[q.id] == practice.unit]
            possible = (*in_unit, *questions_of(self.syllabus, tasks))
        withdrawn = tx.withdrawn_units()
        candidates = [
            q
            for q in possible
            if not (closed and shut & self.syllabus.serves(q)) and self.syllabus.unit_of[q.id] not in withdrawn
        ]
        if not practice.done and (blocked := closed & set(statements)):
            names = sorted(b.replace("/bullet:", " ").replace("/", " ").upper() for b in blocked)
            lead = [*lead, Line("utter_practice_closed", {"label": ", ".join(names)}, join=bool(lead))]
        states = {s: str(row["state"]) for s, row in tx.coverage_of(turn.person_id).items()}
        due = tx.due_questions(turn.person_id, self.clock())
        seen = tx.seen_questions(turn.person_id)
        targets = [task.target for task in tasks]
        question = next_question(self.syllabus, candidates, states, due, seen, asked, targets)
        if first and first.first and not asked and first.first not in seen:
            wished = self.syllabus.questions[first.first]
            question = question if shut & self.syllabus.serves(wished) else wished
        if question is None:
            summary = self._summary(tx, turn, practice)
            tx.save_practice(id, replace(practice, question=None), self.clock(), close=True)
            return Move((*lead, *summary, Line("utter_all_asked", {"label": practice.label})), "off")
        if (task := task_of(self.syllabus, tasks, question)) is not None:
            lead = [*lead, said_of(task, self.clock().date())]
        step = on_question.put_question(practice, question, self._organisation(tx, turn), self._about(question))
        self.marker.expect(question)
        if parts := self._parts_to_ask(tx, turn, question):
            waiting = replace(practice, question=question.id, points=(), focus=None, tries=0)
            return self._ask_profile(tx, turn, id, waiting, parts, [*lead, Line("utter_profile_first")])
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

    def _some_topics(self, units: Sequence[str]) -> str:
        topics = dict.fromkeys(
            q.topics[0] for q in self.syllabus.questions.values() if q.topics and self.syllabus.unit_of[q.id] in units
        )
        return ", ".join(list(topics)[:: max(1, len(topics) // 6)][:6])
