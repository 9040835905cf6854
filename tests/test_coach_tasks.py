"""Practice that a tutor has set comes first, and the learner is told so."""

from __future__ import annotations

from datetime import date

import pytest

from bot.coach import Coach
from bot.records import people, tutoring
from bot.records.people import Person
from tests.conftest import Clock, Talk, args, names, new_talk


@pytest.fixture
def tutor(coach: Coach, clock: Clock) -> Person:
    """An administrator, who may set practice for everybody."""
    id = people.add_person(coach.records, "Toni Tutor", ["tutor", "admin"], clock())
    found = people.find(coach.records, id)
    assert found is not None
    return found


def set_for(talk: Talk, tutor: Person, kind: str, target: str, due: date | None = None) -> int:
    """Set practice; its id."""
    now = talk.coach.clock()
    tutoring.set_practice(talk.coach.records, tutor, [talk.person_id], kind, target, due, "", "Set for you", now)
    from bot.records.tutor_reports import practice_set

    return max(each.id for each in practice_set(talk.coach.records, talk.person_id))


def test_a_set_criterion_comes_before_the_rest_and_is_said_with_its_date(talk: Talk, tutor: Person) -> None:
    set_for(talk, tutor, "statement", "t1/bullet:care", date(2026, 3, 6))
    move = talk.start()
    assert names(move) == ["utter_practice_starts", "utter_set_by_tutor_until", "utter_question"]
    assert args(move, "utter_set_by_tutor_until") == {"date": "Friday"}
    assert talk.question == "t1-2.1-why", "it serves the bullet by the crosswalk"


def test_a_set_question_is_asked_first_and_once(talk: Talk, tutor: Person) -> None:
    set_for(talk, tutor, "question", "t1-care-when")
    move = talk.start()
    assert names(move)[1] == "utter_set_by_tutor" and talk.question == "t1-care-when"
    after = talk.answer("price and trust")
    assert not [name for name in names(after) if name.startswith("utter_set_by_tutor")]
    talk.say("stop")
    assert talk.question != "t1-care-when"


def test_skipped_it_does_not_come_again_in_the_session_but_in_the_next(talk: Talk, tutor: Person) -> None:
    set_for(talk, tutor, "question", "t1-care-when")
    talk.start()
    assert names(talk.say("skip")) == ["utter_skipped", "utter_question"]
    talk.start("quiz me on 2.2")
    talk.start("unit t1")
    assert talk.question == "t1-care-when"


def test_the_nearest_date_comes_first_and_a_late_one_says_so(talk: Talk, tutor: Person, clock: Clock) -> None:
    set_for(talk, tutor, "question", "t1-care-when", date(2026, 3, 20))
    set_for(talk, tutor, "question", "t1-2.2-other", date(2026, 3, 3))
    clock.move(days=3)
    move = talk.start()
    assert talk.question == "t1-2.2-other"
    assert args(move, "utter_set_by_tutor_late") == {"date": "Tuesday 3 March"}


def test_a_topic_that_the_learner_names_is_not_pushed_aside(talk: Talk, tutor: Person) -> None:
    set_for(talk, tutor, "question", "t1-care-when")
    assert names(talk.start("quiz me on 2.2")) == ["utter_practice_starts", "utter_question"]


def test_withdrawn_unknown_and_others_practice_is_not_asked(talk: Talk, tutor: Person, coach: Coach) -> None:
    gone = set_for(talk, tutor, "question", "t1-care-when")
    tutoring.withdraw_practice(coach.records, tutor, gone, coach.clock())
    set_for(talk, tutor, "question", "t1-no-longer-there")
    set_for(new_talk(coach, name="Bea"), tutor, "question", "t1-care-how")
    assert names(talk.start()) == ["utter_practice_starts", "utter_question"]
    assert talk.question == "t1-2.1-why"
