"""Answering an assessor's questions: word for word, acknowledged only, all versions kept; the assessor's side."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.coach import Coach
from bot.errors import BadInput, NotThere
from bot.records import assessing, audit, decisions, people
from bot.records import assessment_tables as a
from bot.records import tables as t
from bot.records.decisions import Draft, Ticks
from bot.records.people import Person
from bot.records.store import Records
from tests.conftest import Clock, Talk, args, names, new_talk

ALL = Ticks(True, True, True, True)
CLOCK = pytest.mark.usefixtures("clock")


class Desk:
    """An assessor with a set of two questions for one learner."""

    def __init__(self, talk: Talk) -> None:
        self.talk, self.records, self.clock = talk, talk.coach.records, talk.coach.clock
        self.by = self.person("Asa Assessor", "assessor")
        self.set = self.draft()

    def person(self, name: str, role: str) -> Person:
        id = people.add_person(self.records, name, [role], self.clock())
        with self.records.begin() as tx:
            group = tx._one(select(t.cohort.c.id).where(t.cohort.c.name == "G"))
            if group is None:
                people.join_cohort(tx, self.talk.person_id, "G", "learner")
                group = tx._one(select(t.cohort.c.id).where(t.cohort.c.name == "G"))
            if role == "assessor":
                tx.connection.execute(insert(a.caseload).values(cohort_id=group["id"], person_id=id, role=role))
        found = people.find(self.records, id)
        assert found is not None
        return found

    def draft(self, **kw: Any) -> int:
        return assessing.make_set(
            self.records, self.by, "Keeping customers", "t1", [self.talk.person_id], self.clock(), **kw
        )

    def ask(self, words: str, question_id: str | None = None, **kw: Any) -> int:
        return assessing.add_question(
            self.records, self.by, self.set, words, ["t1/2.1"], self.clock(), question_id, **kw
        )

    def send(self) -> None:
        assessing.send(self.records, self.by, self.set, "Asa has questions for you.", "Start", self.clock())

    def start(self) -> Any:
        return self.talk.coach.start_assessment(self.talk.turn("start"), self.set)

    def answer(self, text: str) -> Any:
        return self.talk.coach.take_assessed(self.talk.turn(text))

    def sitting(self) -> int:
        with self.records.reading() as tx:
            return int(tx._one(select(a.sitting.c.id).where(a.sitting.c.set_id == self.set))["id"])

    def rows(self, table: Any) -> list[Any]:
        with self.records.reading() as tx:
            return list(tx._all(select(table).order_by(*table.primary_key.columns)))


@pytest.fixture
def desk(talk: Talk) -> Desk:
    made = Desk(talk)
    made.ask("Why keep customers?", "t1-2.1-why")
    made.ask("Which costs does <b>your</b> place have?")
    return made


def test_nothing_is_asked_before_it_is_sent_and_then_the_learner_is_told(desk: Desk) -> None:
    assert names(desk.start()) == ["utter_no_assessment"]
    desk.send()
    message = desk.rows(t.message)[-1]
    assert message["text"] == "Asa has questions for you." and message["extra"]["buttons"][0]["title"] == "Start"


def test_questions_are_put_word_for_word_and_answers_acknowledged_only(desk: Desk) -> None:
    desk.send()
    move = desk.start()
    assert names(move) == ["utter_assessment_starts", "utter_assessed_question"] and move.loop == "assessment"
    assert args(move, "utter_assessed_question")["question"] == "Why keep customers?"
    move = desk.answer("price and trust")
    assert names(move) == ["utter_answer_kept", "utter_assessed_question"]
    assert args(move, "utter_assessed_question") == {
        "n": "2", "of": "2", "question": "Which costs does <b>your</b> place have?"
    }  # fmt: skip
    move = desk.answer("rent")
    assert names(move)[:2] == ["utter_answer_kept", "utter_answers_review"]


def test_another_persons_name_is_left_out_of_the_evidence_and_the_learner_is_told(desk: Desk) -> None:
    desk.send()
    desk.start()
    move = desk.answer("Mrs Smith asked me and I rang Priya at the price desk")
    assert names(move)[:2] == ["utter_answer_kept", "utter_name_left_out"]
    with desk.records.reading() as tx:
        kept = tx._one(select(a.assessed_answer.c.answer))["answer"]
    assert kept == "Mrs [name] asked me and I rang [name] at the price desk"


def test_answers_are_kept_word_for_word_with_time_channel_and_no_help(desk: Desk, clock: Clock) -> None:
    desk.send()
    desk.start()
    asked = clock()
    clock.move(minutes=3)
    desk.answer("  pricce, and   TRUST… ")
    kept = desk.rows(a.assessed_answer)[0]
    assert kept["answer"] == "  pricce, and   TRUST… " and kept["help"] == "none" and kept["version"] == 1
    assert kept["asked_at"] == asked and kept["made_at"] == clock()
    events = [e["event"] for e in desk.rows(a.sitting_event)]
    assert events == ["told", "started", "asked", "asked"]


def test_no_attempt_no_coverage_and_no_verdict_come_of_it(desk: Desk) -> None:
    desk.send()
    desk.start()
    desk.answer("price and trust")
    assert desk.rows(t.attempt) == [] and desk.rows(t.coverage) == []
    assert [p["verdict"] for p in desk.rows(a.proposal)] == ["right"]


@pytest.mark.parametrize("use_case", ["hint", "why", "dispute", "meaning"])
def test_there_is_no_help_in_an_assessment(desk: Desk, use_case: str) -> None:
    desk.send()
    desk.start()
    assert names(desk.talk.say(use_case)) == ["utter_assessment_no_help"]


def test_practice_and_role_play_wait(desk: Desk) -> None:
    desk.send()
    desk.start()
    assert names(desk.talk.start("start")) == ["utter_assessment_no_practice"]
    assert names(desk.talk.coach.start_roleplay(desk.talk.turn("role play"))) == ["utter_assessment_no_practice"]


def test_an_answer_can_be_changed_until_it_is_sent_and_all_versions_stay(desk: Desk) -> None:
    desk.send()
    desk.start()
    desk.answer("first")
    desk.answer("second")
    move = desk.talk.coach.change_answer(desk.talk.turn("1"), 1)
    assert names(move) == ["utter_change_answer", "utter_assessed_question"]
    assert names(desk.answer("better"))[0] == "utter_answer_changed"
    assert [(r["answer"], r["version"]) for r in desk.rows(a.assessed_answer)] == [
        ("first", 1), ("second", 1), ("better", 2)
    ]  # fmt: skip
    move = desk.talk.coach.send_answers(desk.talk.turn("send"))
    assert names(move) == ["utter_answers_sent"] and move.loop == "off"
    assert names(desk.talk.coach.change_answer(desk.talk.turn("1"), 1)) == ["utter_old_button"]
    assert names(desk.start()) == ["utter_no_assessment"]


def test_a_question_left_for_later_is_listed_before_sending(desk: Desk) -> None:
    desk.send()
    desk.start()
    assert names(desk.talk.say("skip")) == ["utter_left_for_later", "utter_assessed_question"]
    move = desk.answer("rent")
    listed = [line.args["answer"] for line in move.lines if line.name == "utter_answer_listed"]
    assert listed == ["–", "“rent”"]
    assert names(desk.talk.coach.send_answers(desk.talk.turn("send"))) == ["utter_answers_sent", "utter_sent_without"]


def test_nothing_is_sent_where_nothing_was_answered(desk: Desk) -> None:
    desk.send()
    desk.start()
    desk.talk.say("skip")
    desk.talk.say("skip")
    move = desk.talk.coach.send_answers(desk.talk.turn("send"))
    assert names(move)[0] == "utter_nothing_to_send" and "sent" not in [e["event"] for e in desk.rows(a.sitting_event)]


def test_a_break_is_recorded_and_the_same_question_comes_again(desk: Desk) -> None:
    desk.send()
    desk.start()
    assert desk.talk.say("stop").loop == "off"
    assert desk.talk.coach.open_loop(desk.talk.person_id) is None
    move = desk.talk.say("resume")
    assert names(move) == ["utter_assessment_goes_on", "utter_assessed_question"] and move.loop == "assessment"
    assert [e["event"] for e in desk.rows(a.sitting_event)][2:] == ["asked", "paused", "resumed"]


def test_the_same_message_again_is_kept_once(desk: Desk) -> None:
    desk.send()
    desk.start()
    turn = desk.talk.turn("price")
    assert desk.talk.coach.take_assessed(turn) == desk.talk.coach.take_assessed(turn)
    assert len(desk.rows(a.assessed_answer)) == 1


def test_after_the_time_an_answer_is_not_taken_and_what_was_answered_stays(desk: Desk, clock: Clock) -> None:
    desk.set = desk.draft(closes_at=clock() + timedelta(hours=1))
    desk.ask("Why?", "t1-2.1-why")
    desk.send()
    desk.start()
    clock.move(hours=2)
    move = desk.answer("too late")
    assert names(move) == ["utter_assessment_over"] and move.loop == "off" and desk.rows(a.assessed_answer) == []


def test_meanwhile_there_is_no_practice_on_what_is_assessed(desk: Desk) -> None:
    desk.send()
    move = desk.talk.start("2.1")
    assert "utter_practice_closed" in names(move) and "utter_question" not in names(move)


def test_a_bank_question_is_practised_again_once_the_answers_are_sent(desk: Desk) -> None:
    desk.send()
    desk.start()
    desk.answer("price")
    desk.answer("rent")
    desk.talk.coach.send_answers(desk.talk.turn("send"))
    assert "utter_question" in names(desk.talk.start("2.1"))


# Live ---------------------------------------------------------------------------------------------------------------


def test_live_questions_come_one_by_one_from_the_assessor(desk: Desk) -> None:
    desk.set = desk.draft(live=True)
    desk.send()
    assert names(desk.start()) == ["utter_assessment_live", "utter_assessment_wait"]
    learner = desk.talk.person_id
    desk.ask("What did you say to her?", person_id=learner, shown="Asa asks: What did you say to her?")
    assert desk.rows(t.message)[-1]["text"] == "Asa asks: What did you say to her?"
    assert names(desk.answer("sorry")) == ["utter_answer_kept", "utter_assessment_wait"]
    assert names(desk.answer("and a refund")) == ["utter_assessment_wait"]
    assert [r["answer"] for r in desk.rows(a.assessed_answer)] == ["sorry"]
    assessing.close_live(desk.records, desk.by, desk.set, learner, desk.clock())
    assert names(desk.answer("more")) == ["utter_assessment_over"]


# One more ----------------------------------------------------------------------------------------------------------


def test_one_more_question_opens_what_was_handed_in_and_is_put_word_for_word(desk: Desk) -> None:
    desk.send()
    desk.start()
    desk.answer("price and trust")
    desk.answer("rent")
    desk.talk.coach.send_answers(desk.talk.turn("send"))
    desk.ask("And what do they cost?", person_id=desk.talk.person_id, shown="Asa has questions for you.")
    assert [e["event"] for e in desk.rows(a.sitting_event)][-1] == "reopened"
    move = desk.start()
    assert args(move, "utter_assessed_question") == {"n": "3", "of": "3", "question": "And what do they cost?"}
    assert names(desk.answer("little"))[:2] == ["utter_answer_kept", "utter_answers_review"]
    assert names(desk.talk.coach.send_answers(desk.talk.turn("send")))[0] == "utter_answers_sent"
    assert len(desk.rows(a.assessed_answer)) == 3


def test_one_more_question_is_put_while_the_answers_are_read_through(desk: Desk) -> None:
    desk.send()
    desk.start()
    desk.answer("price and trust")
    desk.answer("rent")
    desk.ask("And what do they cost?", person_id=desk.talk.person_id, shown="Asa has questions for you.")
    move = desk.start()
    assert names(move) == ["utter_assessment_goes_on", "utter_assessed_question"]
    assert args(move, "utter_assessed_question")["question"] == "And what do they cost?"


# The assessor -------------------------------------------------------------------------------------------------------


def test_a_set_that_was_sent_keeps_its_core(desk: Desk) -> None:
    desk.send()
    with pytest.raises(BadInput, match="keeps its core"):
        desk.ask("One more for all")
    with pytest.raises(BadInput, match="sent or withdrawn"):
        desk.send()
    with pytest.raises(BadInput, match="not changed"):
        assessing.remove_question(desk.records, desk.by, desk.set, 1)


def test_an_empty_set_is_not_sent_and_a_foreign_one_is_not_there(desk: Desk) -> None:
    empty = desk.draft()
    with pytest.raises(BadInput, match="Add a question"):
        assessing.send(desk.records, desk.by, empty, "x", "y", desk.clock())
    other = desk.person("Olga Other", "assessor")
    with pytest.raises(NotThere):
        assessing.withdraw(desk.records, other, desk.set, desk.clock())


def test_a_learner_outside_the_caseload_cannot_be_assessed(desk: Desk, coach: Coach) -> None:
    stranger = new_talk(coach, name="Stan")
    with pytest.raises(NotThere):
        assessing.make_set(desk.records, desk.by, "x", "t1", [stranger.person_id], desk.clock())


def decide(desk: Desk, **kw: Any) -> int:
    values: dict[str, Any] = {
        "person_id": desk.talk.person_id, "statement": "t1/2.1", "criterion_kind": "knowledge",
        "method": "questioning", "outcome": "achieved", "reason": "All there.", "next_step": "", "ticks": ALL,
        "answers": tuple(r["id"] for r in desk.rows(a.assessed_answer)), **kw,
    }  # fmt: skip
    name = values.pop("signed", "asa  assessor")
    return decisions.sign(desk.records, desk.by, Draft(**values), name, "Met: 2.1", desk.clock())


@pytest.fixture
def answered(desk: Desk) -> Desk:
    desk.send()
    desk.start()
    desk.answer("price and trust")
    desk.answer("rent")
    desk.talk.coach.send_answers(desk.talk.turn("send"))
    return desk


def test_a_decision_is_signed_told_seen_and_superseded_but_never_edited(answered: Desk) -> None:
    first = decide(answered)
    assert answered.rows(t.message)[-1]["text"] == "Met: 2.1"
    assert names(answered.talk.coach.see_decision(answered.talk.turn("ok"), first)) == ["utter_decision_seen"]
    second = decide(answered, outcome="more_needed", next_step="Give an example.", reason="On second reading.")
    found = decisions.of_learner(answered.records, answered.talk.person_id)
    assert [(d.id, d.outcome, d.supersedes_id) for d in found] == [
        (second, "more_needed", first), (first, "achieved", None)
    ]  # fmt: skip
    assert found[1].seen_at and decisions.intact(answered.records, first) and decisions.intact(answered.records, second)
    assert audit.verify(answered.records).broken_at is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": " "}, "reason is needed"),
        ({"signed": "Somebody Else"}, "your own name"),
        ({"ticks": Ticks(True, True, True, False)}, "all four ticks"),
        ({"answers": ()}, "needs evidence"),
        ({"outcome": "more_needed"}, "next step"),
        ({"statement": "t1/1.1", "criterion_kind": "performance"}, "shown at work"),
        ({"statement": "t1/1.1", "criterion_kind": "performance", "method": "observation"}, "shown at work"),
    ],
)
def test_an_unfit_decision_says_what_is_missing(answered: Desk, change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        decide(answered, **change)
    assert answered.rows(a.decision) == []


def test_evidence_of_another_learner_is_not_there(answered: Desk) -> None:
    with pytest.raises(NotThere):
        decide(answered, answers=(999,))


def test_a_first_view_is_noted_once(answered: Desk) -> None:
    answer = answered.rows(a.assessed_answer)[0]["id"]
    assessing.first_view(answered.records, answered.by, answer, "sufficient", "clear", answered.clock())
    assessing.first_view(answered.records, answered.by, answer, "unsure", "hm", answered.clock())
    assert [v["view"] for v in answered.rows(a.first_view)] == ["sufficient"]
    with pytest.raises(BadInput):
        assessing.first_view(answered.records, answered.by, answer, "great", "", answered.clock())


def test_a_learner_cannot_acknowledge_anothers_decision(answered: Desk, coach: Coach) -> None:
    decision = decide(answered)
    other = new_talk(coach, name="Stan")
    assert names(coach.see_decision(other.turn("ok"), decision)) == ["utter_old_button"]


def test_standing_is_what_was_decided_last(answered: Desk, sqlite_records: Records) -> None:
    decide(answered)
    learner = answered.talk.person_id
    with answered.records.reading() as tx:
        assert decisions.standing(tx, [learner], ["t1/2.1", "t1/2.2"]) == {(learner, "t1/2.1"): "achieved"}
