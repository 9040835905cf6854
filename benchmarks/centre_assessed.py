"""Assessors and quality assurers of a made-up centre: question sets, answers, decisions, samples, the audit chain."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

from benchmarks.centre import DAYS, GROUPS_EACH, WORDS, Centre, Group
from bot.records import assessment_tables as a
from bot.records import audit
from bot.records.audit import Entry

SET_SIZE = 25  # learners of a question set
QUESTIONS = 5
PLANS, SAMPLES = 6, 120  # of a quality assurer
REASON = "The answer names two reasons and gives an example from work."


class Assessed:
    """Adds what follows practice to a `Centre` whose people are there."""

    def __init__(self, centre: Centre, last_audit: tuple[int, str]) -> None:
        self.centre, self.into, self.now = centre, centre.into, centre.now
        self.dice: random.Random = centre.dice
        self.audited, self.hash = last_audit
        self.sent: list[tuple[int, datetime]] = []
        self.decided: list[tuple[int, int, str, datetime]] = []  # decision, assessor, outcome, when

    def fill(self) -> None:
        """An assessor for every four groups, a quality assurer for every sixteen and one for all."""
        began, groups = self.now - timedelta(days=DAYS), self.centre.groups
        for first in range(0, len(groups), GROUPS_EACH):
            assessor = self.centre.person(f"Assessor {first}", "assessor", began)
            for group in groups[first : first + GROUPS_EACH]:
                group.assessor = assessor
                self.into.add(a.caseload, group.id, assessor, "assessor")
                for start in range(0, len(group.learners), SET_SIZE):
                    self._set(group, group.learners[start : start + SET_SIZE])
        self.into.flush()
        for sitting, when in self.sent:  # an answer after it would be refused
            self._event(sitting, "sent", when)
        loads = [groups[first : first + 16] for first in range(0, len(groups), 16)] if len(groups) > 16 else []
        for load in [groups, *loads]:
            self._assurer(load)

    def _set(self, group: Group, learners: list[int]) -> None:
        into, dice = self.into, self.dice
        sent = self.now - timedelta(days=dice.uniform(1, 100))
        id = into.id(a.question_set)
        title = f"Questions {id}"
        into.add(a.question_set, id, group.assessor, title, group.unit, False, True, None, None, sent, sent, None)
        bank = [q for q in self.centre.syllabus.questions.values() if q.form == "open"]
        bank = [q for q in bank if self.centre.syllabus.unit_of[q.id] == group.unit]
        asked = []
        for position, question in enumerate(dice.sample(bank, QUESTIONS), 1):
            statement = sorted(self.centre.syllabus.own_statements(question))[0]
            key = into.id(a.set_question)
            into.add(a.set_question, key, id, position, None, question.id, question.text, [statement], sent)
            asked.append((key, statement))
        for learner in learners:
            self._sitting(group, id, asked, learner, sent)

    def _sitting(self, group: Group, set_id: int, asked: list[tuple[int, str]], learner: int, sent: datetime) -> None:
        into, dice = self.into, self.dice
        sitting, lot = into.id(a.sitting), dice.random()
        into.add(a.sitting, sitting, set_id, learner, sent)
        self._event(sitting, "told", sent)
        if lot < 0.15:
            return
        when = sent + timedelta(hours=dice.uniform(1, 20))
        self._event(sitting, "started", when)
        answers = []
        for key, statement in asked if lot > 0.25 else asked[:2]:
            answer = into.id(a.assessed_answer)
            when += timedelta(minutes=dice.uniform(1, 5))
            self._event(sitting, "asked", when, key)
            into.add(
                a.assessed_answer, answer, f"assessed-{answer}", sitting, key, learner, 1, WORDS, "none", "web", when,
                when,
            )  # fmt: skip
            verdict = dice.choice(("right", "right", "partly", "not_yet", "not_sure"))
            marking: dict[str, Any] = {"matches": [], "misconceptions": [], "verdict": verdict, "version": "made"}
            into.add(a.proposal, answer, verdict, marking, 0.8, self.centre.syllabus.version, "made", when)
            answers.append((answer, statement))
        if lot <= 0.25:
            return
        self.sent.append((sitting, when))
        done: set[str] = set()
        for answer, statement in answers if lot > 0.4 else answers[:2]:
            if statement not in done:  # two questions may be about one statement
                self._decision(group, set_id, learner, answer, statement, when + timedelta(hours=20))
                done.add(statement)

    def _event(self, sitting: int, event: str, when: datetime, question: object = None) -> None:
        self.into.add(a.sitting_event, self.into.id(a.sitting_event), sitting, event, question, "web", when)

    def _decision(self, group: Group, set_id: int, learner: int, answer: int, statement: str, when: datetime) -> None:
        into, dice = self.into, self.dice
        by, name, before = group.assessor, "Assessor", None
        for again in range(2 if dice.random() < 0.05 else 1):
            id = into.id(a.decision)
            when = min(when + timedelta(hours=again), self.now)
            outcome = "achieved" if again or dice.random() < 0.75 else "more_needed"
            ticks = [True] * 4
            into.add(
                a.decision, id, learner, statement, "knowledge", by, "questioning", outcome, REASON, "", *ticks, set_id,
                name, when, before, f"{id:064x}",
            )  # fmt: skip
            into.add(a.decision_evidence, into.id(a.decision_evidence), id, learner, answer, None)
            if dice.random() < 0.7:
                into.add(a.decision_seen, id, learner, when)
            self.decided.append((id, by, outcome, when))
            self._note(by, "decided", f"decision/{id}", when, statement=statement, outcome=outcome)
            before = id

    def _assurer(self, groups: list[Group]) -> None:
        into, dice = self.into, self.dice
        began = self.now - timedelta(days=DAYS)
        by = self.centre.person(f"Assurer {len(groups)}", "quality_assurer", began)
        for group in groups:
            into.add(a.caseload, group.id, by, "quality_assurer")
        mine = {group.assessor for group in groups}
        decided = [d for d in self.decided if d[1] in mine]
        for number in range(PLANS if decided else 0):
            plan, when = into.id(a.sampling_plan), self.now - timedelta(days=20 * number)
            rules = {"share": 0.05, "risk": True, "unit": ""}
            into.add(a.sampling_plan, plan, by, f"Plan {plan}", rules, number, began, self.now, when)
            for id, _, outcome, _ in dice.sample(decided, min(SAMPLES, len(decided))):
                sample = into.id(a.sample)
                into.add(a.sample, sample, plan, id, "share")
                if dice.random() < 0.9:
                    same = dice.random() < 0.9
                    other = "more_needed" if outcome == "achieved" else "achieved"
                    into.add(a.second_mark, sample, by, outcome if same else other, "", when)
                    result = "agreed" if same else "returned"
                    into.add(a.sample_result, sample, by, result, "Read beside the criterion.", when)

    def _note(self, by: int, action: str, subject: str, when: datetime, **detail: Any) -> None:
        self.audited += 1
        words = json.dumps(detail, sort_keys=True, ensure_ascii=False)
        entry = Entry(self.audited, by, action, subject, words, when.replace(tzinfo=timezone.utc), "")
        self.hash = audit.digest(self.hash, entry)
        self.into.add(a.audit, *msgspec.structs.astuple(entry)[:5], when, self.hash)
