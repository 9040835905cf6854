"""Made-up people and a month of their practice, marked as demo, through the real coach."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.bootstrap import DEMO_COHORT, demo_people, utc_now
from bot.coach import Coach
from bot.coaching.workplace import Workplace
from bot.records import messages, people, roleplays
from bot.records.store import Records, Turn
from bot.syllabus.model import Question
from bot.syllabus.scenario import MOST_TURNS

# Name, days practised in the month, how much of a full answer they give (0–1), how often they say "don't know" (0–1).
LEARNERS = (
    ("Aisha Demo", 14, 0.9, 0.05),
    ("Ben Demo", 9, 0.6, 0.15),
    ("Chidi Demo", 11, 0.7, 0.1),
    ("Dana Demo", 3, 0.3, 0.4),
    ("Elif Demo", 7, 0.5, 0.2),
    ("Finn Demo", 0, 0.0, 0.0),
)
# Where they work, as they say it when the coach asks; the last one would rather not say.
WORKPLACES = (
    Workplace(
        "Greenway Garden Centre",
        "plants, compost and local delivery",
        "no refunds over £25, no delivery on Sundays",
        "Rosa, the duty manager",
    ),
    Workplace(
        "Harbour Café",
        "breakfast, lunch and cakes to order",
        "no discounts, no table bookings after 6",
        "Malik, the shift lead",
    ),
    Workplace(
        "Northside Library",
        "books, computers and a homework club",
        "no loans without a card, no free printing",
        "Mrs Osei at the desk",
    ),
    Workplace(),
)
QUESTIONS_A_DAY = 3
MOST_ANSWERS = 4  # to one question
PLAYS = 0.3  # share of days with a role-play
CLUMSY = ("That's not my fault.", "ok", "Those are the rules.", "You should have come earlier.", "I don't know.")


def fill(coach: Coach, records: Records, progress: Callable[[int, int], None]) -> str:
    """Add the made-up learners to the demo group and let them practise; says what was added.

    The same seed each time: the same people give the same answers.
    """
    demo_people(records)
    there = {p.name for p in people.everybody(records) if p.demo}
    new = [row for row in LEARNERS if row[0] not in there]
    if not new:
        return "The made-up learners are there already."
    now = utc_now()
    days = sum(row[1] for row in new)
    done = answers = 0
    real_clock = coach.clock
    try:
        for name, active_days, strength, unsure in new:
            dice = random.Random(name)
            start = now - timedelta(days=31)
            id = people.add_person(records, name, ["learner"], start, units=["d1"], cohort=DEMO_COHORT, demo=True)
            for day in sorted(dice.sample(range(1, 30), active_days)):
                when = start + timedelta(days=day, hours=dice.randint(0, 8))
                answers += _day(coach, id, dice, when, strength, unsure)
                messages.note_wrote(records, id, when)
                done += 1
                progress(done, days)
    finally:
        coach.clock = real_clock
    return f"Added {len(new)} made-up learners with {answers} answers to “{DEMO_COHORT}”. Their names end in “Demo”."


def _day(coach: Coach, person_id: int, dice: random.Random, when: datetime, strength: float, unsure: float) -> int:
    """One day's practice; how many answers were given."""
    moment = when
    answers = 0

    def turn(text: str) -> Turn:
        nonlocal moment
        moment += timedelta(seconds=dice.randint(20, 90))
        coach.clock = lambda: moment
        return Turn(f"demo-{person_id}-{moment.isoformat()}", person_id, "demo", text)

    coach.start_practice(turn("start"))
    workplace = WORKPLACES[person_id % len(WORKPLACES)]
    for _ in range(QUESTIONS_A_DAY):
        _tell_workplace(coach, person_id, workplace, turn)
        opened = _open_question(coach, person_id)
        for _ in range(MOST_ANSWERS):
            now_open = _open_question(coach, person_id)
            if opened is None or now_open is not opened:
                break
            if dice.random() < unsure:
                coach.dont_know(turn("i dont know"))
            else:
                coach.take_answer(turn(_answer(opened, dice, strength, workplace)))
                answers += 1
        else:
            coach.skip(turn("skip"))
    coach.stop(turn("stop"))
    if coach.hearing is not None and dice.random() < PLAYS:
        _role_play(coach, person_id, dice, turn, strength)
    return answers


def _tell_workplace(coach: Coach, person_id: int, workplace: Workplace, turn: Callable[[str], Turn]) -> None:
    """Answer what the coach asks of the workplace, until it asks its question."""
    while True:
        with coach.records.reading() as tx:
            opened = tx.open_practice(person_id)
        if opened is None or opened[1].question is None or opened[1].waiting != "workplace":
            return
        coach.take_answer(turn(workplace.part(opened[1].part) or "not now"))


def _role_play(coach: Coach, person_id: int, dice: random.Random, turn: Callable[[str], Turn], strength: float) -> None:
    """One role-play, handled as well as the learner can, with a word on what went well and on real work."""
    coach.start_roleplay(turn("another role-play"))
    with coach.records.reading() as tx:
        run = roleplays.last_run(tx, person_id)
    if run is None:
        return
    scenario = coach.syllabus.scenarios[run.scenario_id]
    questions = [q for fact in scenario.facts for q in fact.questions]
    for number in range(MOST_TURNS):
        good = dice.choice(questions) if number < 2 else dice.choice(scenario.behaviours).better
        move = coach.say_to_customer(turn(good if dice.random() < strength + 0.1 else dice.choice(CLUMSY)))
        if any(line.name == "utter_review" for line in move.lines):
            break
    else:
        coach.stop(turn("stop"))
    coach.say_to_customer(turn("I stayed polite and offered something else"))
    coach.say_to_customer(turn("last week, my manager saw it" if dice.random() < strength else "skip"))


def _open_question(coach: Coach, person_id: int) -> Question | None:
    with coach.records.reading() as tx:
        opened = tx.open_practice(person_id)
    if opened is None or opened[1].question is None:
        return None
    return coach.syllabus.questions[opened[1].question]


def _answer(question: Question, dice: random.Random, strength: float, workplace: Workplace) -> str:
    """An answer made of authored phrasings, now and then of a wrong one."""
    if question.options:
        right = dice.random() < strength
        return next(o.text for o in question.options if o.correct == right)
    if dice.random() > strength + 0.2 and question.misconceptions:
        return dice.choice(question.misconceptions[0].phrasings)
    many = max(1, round(len(question.expectations) * strength * dice.uniform(0.5, 1.2)))
    chosen = dice.sample(question.expectations, min(many, len(question.expectations)))
    said = ". ".join(dice.choice(e.phrasings) for e in chosen)
    if question.own_organisation and workplace.organisation and dice.random() < strength:
        said += f". We offer {workplace.services}. {workplace.limits}. I ask {workplace.refer_to}."
    return said
