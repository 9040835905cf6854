"""A made-up centre: groups of learners with their practice, uneven as in life, and what waits for their tutors.

The same seed, clock and content give the same rows. What assessors and quality assurers do is in `centre_assessed.py`.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import cached_property

import msgspec
from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from benchmarks.bulk import Bulk, bulk
from bot.coaching.coverage import Tried, standing
from bot.coaching.debrief import Debrief, Finding
from bot.coaching.review import review
from bot.records import assessment_tables as a
from bot.records import roleplay_tables as r
from bot.records import tables as t
from bot.records.audit import BEGINNING
from bot.syllabus.model import Question
from bot.syllabus.syllabus import Syllabus

PER_LEARNER = 100  # attempts, on average
FEWEST = 12  # learners: with fewer nobody may have been assessed
GROUP = 250  # learners at most
GROUPS_EACH = 4  # of a tutor who has several, and of an assessor
DAYS = 120
UNITS = ("d1", "b15", "d1", "ct10", "u1", "nos")  # of the groups, over and over; the first has most statements
NEVER, LEFT = 0.06, 0.25  # shares of learners who never began, and who stopped some time ago
FIRST = [
    "Aisha",
    "Ben",
    "Chidi",
    "Dana",
    "Elif",
    "Finn",
    "Grace",
    "Hana",
    "Ivan",
    "Jodie",
    "Kofi",
    "Lena",
    "Mina",
    "Noor",
    "Omar",
    "Priya",
    "Quentin",
    "Rosa",
    "Sam",
    "Tariq",
]
LAST = [
    "Adeyemi",
    "Brown",
    "Chen",
    "Davies",
    "Evans",
    "Farah",
    "Green",
    "Hussain",
    "Iqbal",
    "Jones",
    "Khan",
    "Lewis",
    "Morgan",
    "Novak",
    "Okafor",
    "Patel",
    "Reid",
]
LATE = timedelta(days=5)  # what is older is nearly always dealt with
WORDS = "I think it is because they come back more often and tell their friends"


class Group(msgspec.Struct):
    """A group, who works with it, and its learners."""

    id: int
    unit: str
    tutor: int
    assessor: int = 0
    learners: list[int] = msgspec.field(default_factory=list)


class Centre:
    """Adds so many learners with so many attempts between them."""

    def __init__(self, into: Bulk, syllabus: Syllabus, seed: int, now: datetime) -> None:
        self.into, self.syllabus, self.now = into, syllabus, now.replace(tzinfo=None, microsecond=0)
        self.dice = random.Random(seed)
        self.serves = {q.id: sorted(syllabus.serves(q)) for q in syllabus.questions.values()}
        self.groups: list[Group] = []
        self.unit_of: dict[int, str] = {}
        self.tutor_of: dict[int, int] = {}
        self.tries: dict[int, list[tuple[Tried, int]]] = defaultdict(list)  # learner → tries with their attempts
        self.wrote: dict[int, datetime] = {}  # learner → when they wrote last
        self.changed: dict[int, bool] = {}  # attempt → complete, as a tutor said
        self.told: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
        self.played: dict[int, dict[str, tuple[int, datetime]]] = defaultdict(dict)  # learner → criterion → runs, last

    # People -----------------------------------------------------------------------------------------------------

    def person(self, name: str, role: str, since: datetime) -> int:
        """Somebody with one role; their id."""
        id = self.into.id(t.person)
        self.into.add(t.person, id, name, f"{role}-{id}@centre.example", None, False, True, since)
        self.into.add(t.person_role, id, role)
        return id

    def people(self, learners: int) -> None:
        """Groups with a tutor each; every fourth group's tutor has the three after it, too."""
        began = self.now - timedelta(days=DAYS)
        for number in range(-(-learners // GROUP)):
            id = self.into.id(t.cohort)
            tutor = self.person(f"Tutor {id}", "tutor", began)
            self.into.add(t.cohort, id, f"Group {id}")
            self.into.add(t.cohort_member, id, tutor, "tutor")
            if number % GROUPS_EACH:
                self.into.add(t.cohort_member, id, self.groups[number - number % GROUPS_EACH].tutor, "tutor")
            group = Group(id, UNITS[number % len(UNITS)], tutor)
            self.groups.append(group)
            for _ in range(min(GROUP, learners - number * GROUP)):
                name = f"{self.dice.choice(FIRST)} {self.dice.choice(LAST)}"
                learner = self.person(name, "learner", began)
                group.learners.append(learner)
                self.unit_of[learner], self.tutor_of[learner] = group.unit, tutor
                self.into.add(t.cohort_member, id, learner, "learner")
                for unit in dict.fromkeys((group.unit, "nos") if self.dice.random() < 0.3 else (group.unit,)):
                    self.into.add(t.enrolment, learner, unit, began)
                self.into.add(t.workplace_profile, learner, "Greenway Garden Centre", "", "", "", began)

    # Practice ---------------------------------------------------------------------------------------------------

    def practice(self, attempts: int, progress: Callable[[int], None]) -> None:
        """All attempts in the order of their time, then what follows from them."""
        asked = {
            unit: [q for q in self.syllabus.questions.values() if self.syllabus.unit_of[q.id] == unit]
            for unit in set(self.unit_of.values())
        }
        done = 0
        for begins, learner, count in self._sessions(attempts):
            self._session(begins, learner, count, asked[self.unit_of[learner]])
            done += count
            progress(done)
        for learner in self.unit_of:
            if learner in self.wrote:
                self.into.add(t.last_wrote, learner, self.wrote[learner])
            self._role_plays(learner)
            self._set_practice(learner)
            self._coverage(learner)

    def _sessions(self, attempts: int) -> list[tuple[datetime, int, int]]:
        """(begins, learner, answers), sorted: few learners do much, some nothing, some have stopped."""
        dice = self.dice
        weights = {id: 0.0 if dice.random() < NEVER else dice.lognormvariate(0, 1) for id in self.unit_of}
        total = sum(weights.values()) or 1.0
        counts = {id: int(attempts * weight / total) for id, weight in weights.items()}
        busy = sorted(counts, key=lambda id: -weights[id])
        for i in range(attempts - sum(counts.values())):
            counts[busy[i % len(busy)]] += 1
        made = []
        for id, count in counts.items():
            last = DAYS * dice.uniform(0.2, 0.9) if dice.random() < LEFT else DAYS
            while count > 0:
                size = min(count, dice.randint(4, 16))
                day = int(dice.uniform(0, last - 0.5))
                begins = self.now - timedelta(days=DAYS - day, hours=dice.randint(1, 12), seconds=dice.randint(0, 3599))
                made.append((begins, id, size))
                count -= size
        return sorted(made)

    def _session(self, begins: datetime, learner: int, count: int, questions: list[Question]) -> None:
        into, dice, when = self.into, self.dice, begins
        exercise = into.id(t.exercise)
        for _ in range(count):
            when += timedelta(seconds=dice.randint(30, 110))
            self._attempt(exercise, learner, dice.choice(questions), when)
        into.add(t.exercise, exercise, learner, "practice", {}, begins, when, when)

    def _attempt(self, exercise: int, learner: int, question: Question, when: datetime) -> None:
        into, dice = self.into, self.dice
        id, incoming, outgoing = into.id(t.attempt), into.id(t.message), into.id(t.message)
        key = f"web-{learner}-{incoming}"
        lot = dice.random()
        verdict = "right" if lot < 0.45 else "partly" if lot < 0.75 else "not_sure" if lot < 0.80 else "not_yet"
        alone = dice.random() < 0.7
        points = question.expectations or question.options
        said = WORDS
        if question.expectations:
            said = dice.choice(dice.choice(question.expectations).phrasings)
        reply = f"You are right about: {said}. {question.text}"
        self.wrote[learner] = when
        at = (when, when + timedelta(seconds=1))
        into.add(t.message, incoming, key, learner, "in", "web", said, None, None, None, "done", 0, None, when, at[1])
        into.add(
            t.message, outgoing, f"{key}/0", learner, "out", "web", reply, None, _OUT, key, "done", 0, None, at[1],
            at[1],
        )  # fmt: skip
        into.add(t.move, key, learner, _MOVE, when)
        help = [] if alone else [f"{points[0].id}: hint_1"]
        into.add(
            t.attempt, id, key, learner, exercise, question.id, question.text, said, "web", verdict,
            {"right": 2, "partly": 1}.get(verdict, 0), 2, verdict == "right", alone, help, 1, self.syllabus.version,
            "made", when,
        )  # fmt: skip
        for number, point in enumerate(points):
            state = "met" if verdict == "right" or verdict == "partly" and number % 2 else "not_met"
            state = "unsure" if verdict == "not_sure" and not number else state
            into.add(t.attempt_match, id, "expectation", point.id, state, 0.9, said[:60] if state == "met" else "")
        if question.misconceptions and dice.random() < 0.06:
            into.add(t.attempt_match, id, "misconception", question.misconceptions[0].id, "met", 0.8, said[:60])
        for statement in self.serves[question.id]:
            into.add(t.attempt_statement, id, statement, learner)
        tried = Tried(question.id, when, verdict == "right", alone, question.form != "choice")
        self.tries[learner].append((tried, id))
        if dice.random() < 0.03:
            into.add(t.told, into.id(t.told), learner, question.id, points[0].id, key, when)
            self.told[learner].append((question.id, when))
        self._for_the_tutor(id, key, learner, question, verdict, when)

    def _for_the_tutor(
        self, attempt: int, key: str, learner: int, question: Question, verdict: str, when: datetime
    ) -> None:
        """A mark not sure, a question, a wish, a dispute; most of them dealt with."""
        into, dice = self.into, self.dice
        lot = dice.random()
        kind = (
            "not_sure"
            if verdict == "not_sure"
            else "question"
            if lot < 0.004
            else "delete_data"
            if lot < 0.0041
            else ""
        )
        if kind:
            id = into.id(t.tutor_request)
            seen = when + LATE / 5 if self._deal_with("request", id, learner, when) else None
            into.add(t.tutor_request, id, key, learner, kind, WORDS, question.id, when, seen)
        if dice.random() < 0.005:
            id = into.id(t.dispute)
            into.add(t.dispute, id, f"{key}-d", learner, attempt, "that mark is wrong", when)
            if self._deal_with("dispute", id, learner, when) and dice.random() < 0.5:
                points = {question.expectations[0].id: "met"} if question.expectations else {}
                tutor, reason = self.tutor_of[learner], "It is said in other words."
                into.add(a.override, into.id(a.override), attempt, tutor, points, True, reason, when + LATE / 5)
                self.changed[attempt] = True

    def _deal_with(self, kind: str, id: int, learner: int, when: datetime) -> bool:
        old = self.now - when > LATE
        if self.dice.random() > (0.97 if old else 0.5):
            return False
        self.into.add(a.closed_item, kind, id, self.tutor_of[learner], "Seen.", min(when + LATE / 5, self.now))
        if self.dice.random() < 0.2:
            item = (id, None) if kind == "request" else (None, id)
            reply = self.into.id(a.tutor_reply)
            self.into.add(a.tutor_reply, reply, learner, self.tutor_of[learner], *item, "Well asked.", when)
        return True

    def _role_plays(self, learner: int) -> None:
        scenarios, dice, into = list(self.syllabus.scenarios.values()), self.dice, self.into
        for _ in range(dice.randint(0, 4)):
            scenario, level = dice.choice(scenarios), dice.choice(("good", "fair", "poor"))
            when = self.now - timedelta(days=dice.uniform(0, DAYS))
            exercise, run = into.id(t.exercise), into.id(r.roleplay)
            into.add(t.exercise, exercise, learner, "roleplay", {}, when, when, when)
            into.add(
                r.roleplay, run, learner, exercise, scenario.id, scenario.title, scenario.customer.name, "standard", 1,
                "Hello?", 5, 5, None, None, "web", self.syllabus.version, "made", when,
            )  # fmt: skip
            for number in range(1, dice.randint(4, 8)):
                into.add(
                    r.roleplay_turn, into.id(r.roleplay_turn), run, learner, number, f"made-{run}-{number}", False,
                    "start", WORDS, [{"text": WORDS, "moves": []}], [], [], [], True, True, 5, 5, 3, "start", "I see.",
                    when,
                )  # fmt: skip
            found = tuple(
                Finding(b.id, b.label, level, "Well said.", b.better, tuple(b.criteria))  # type: ignore[arg-type]
                for b in scenario.behaviours
            )
            debrief = Debrief(scenario.id, "calm", "content", "It ended well.", found)
            into.add(r.roleplay_end, run, learner, "calm", "content", msgspec.to_builtins(debrief), when)
            into.add(r.roleplay_review, run, learner, "I stayed polite.", when)
            for criterion, shown in debrief.practised().items():
                into.add(r.roleplay_practised, run, criterion, learner, shown)
                runs, last = self.played[learner].get(criterion, (0, when))
                self.played[learner][criterion] = (runs + 1, max(last, when))

    def _set_practice(self, learner: int) -> None:
        dice = self.dice
        if dice.random() < 0.3:
            statement = dice.choice(sorted(self.syllabus.statements(self.unit_of[learner])))
            due = (self.now + timedelta(days=dice.randint(-20, 20))).date()
            id, tutor, made = self.into.id(a.set_practice), self.tutor_of[learner], self.now - timedelta(days=21)
            self.into.add(a.set_practice, id, learner, tutor, "statement", statement, due, "", made, None)

    def _coverage(self, learner: int) -> None:
        """By the coach's own rule, overrides included; and a review card for every question."""
        by_statement: dict[str, list[Tried]] = defaultdict(list)
        latest: dict[str, datetime] = {}
        for tried, attempt in self.tries.pop(learner, ()):
            latest[tried.question] = tried.when
            if attempt in self.changed:
                tried = msgspec.structs.replace(tried, complete=self.changed[attempt])
            for statement in self.serves[tried.question]:
                by_statement[statement].append(tried)
        for statement, tries in by_statement.items():
            now = standing(tries, self.told.get(learner, ()))
            if now:
                values = (now.state, now.attempts, now.last_at, now.ready_at, now.alone)
                self.into.add(t.coverage, learner, statement, *values)
        for statement, (runs, last) in self.played.pop(learner, {}).items():
            if statement not in by_statement:
                self.into.add(t.coverage, learner, statement, "practised", runs, last, None, 0)
        for question, when in latest.items():
            due = when + timedelta(days=self.dice.randint(1, 30))
            self.into.add(t.review_card, learner, question, self._card, due)

    @cached_property
    def _card(self) -> str:
        return json.dumps(review(None, "met", self.now.replace(tzinfo=timezone.utc))[0])


_OUT = json.dumps({"kind": "", "buttons": []})
_MOVE = json.dumps({"lines": [{"name": "utter_right", "args": {}}], "loop": "practice"})


def fill(
    engine: Engine, syllabus: Syllabus, attempts: int, now: datetime, progress: Callable[[int], None], seed: int = 1
) -> int:
    """Add learners, about PER_LEARNER attempts each, until so many attempts are stored; the number stored."""
    from benchmarks.centre_assessed import Assessed

    with engine.connect() as connection, connection.begin():
        stored = int(connection.execute(select(func.count()).select_from(t.attempt)).scalar() or 0)
        last = connection.execute(select(a.audit.c.id, a.audit.c.hash).order_by(a.audit.c.id.desc()).limit(1)).first()
    wanted = attempts - stored
    if wanted <= 0:
        return stored
    with bulk(engine) as into:
        centre = Centre(into, syllabus, seed, now)
        centre.people(max(FEWEST, -(-wanted // PER_LEARNER)))
        centre.practice(wanted, lambda done: progress(stored + done))
        Assessed(centre, (last[0], last[1]) if last else (0, BEGINNING)).fill()
    return attempts
