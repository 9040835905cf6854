"""What the database itself refuses about overrides, evidence, decisions and sampling, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from bot.records import assessment_tables as a
from bot.records import people
from bot.records import tables as t
from bot.records.store import Records

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)


class Office:
    """One person of each role, and rows to hang things on."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.learner, self.other, self.tutor, self.assessor, self.assurer = (
            people.add_person(records, name, [role], NOW)
            for name, role in (
                ("Lena", "learner"),
                ("Otto", "learner"),
                ("Tom", "tutor"),
                ("Asa", "assessor"),
                ("Quin", "quality_assurer"),
            )
        )
        self.set = self.add(
            a.question_set, by_id=self.assessor, title="4.9", unit_id="d1", live=False, hide_proposal=True, made_at=NOW
        )
        self.question = self.add(
            a.set_question, set_id=self.set, position=1, words="Why?", statements=["d1/4.9"], made_at=NOW
        )
        self.sitting = self.add(a.sitting, set_id=self.set, person_id=self.learner, made_at=NOW)

    def add(self, table: Any, **values: Any) -> int:
        with self.records.begin() as tx:
            return int(tx.connection.execute(insert(table).values(**values)).inserted_primary_key[0])

    def answer(self, version: int = 1, person: int = 0) -> int:
        return self.add(
            a.assessed_answer, message_id=f"m{version}", sitting_id=self.sitting, set_question_id=self.question,
            person_id=person or self.learner, version=version, answer="Adverts.", channel="web",
            asked_at=NOW, made_at=NOW,
        )  # fmt: skip

    def item(self, **values: Any) -> int:
        stored = {
            "person_id": self.learner, "by_id": self.learner, "unit_id": "d1", "title": "A refund", "kind": "witness",
            "setting": "real_work", "reference": "folder 3", "happened_on": date(2026, 3, 1), "statements": ["d1/2.2"],
            "requirements": ["6.a"], "made_at": NOW,
        }  # fmt: skip
        return self.add(a.portfolio_item, **{**stored, **values})

    def decide(self, **values: Any) -> int:
        stored = {
            "person_id": self.learner, "statement": "d1/4.9", "criterion_kind": "knowledge", "by_id": self.assessor,
            "method": "questioning", "outcome": "achieved", "reason": "All points.", "valid": True, "authentic": True,
            "current": True, "sufficient": True, "signed_name": "Asa", "signed_at": NOW, "hash": "0" * 64,
        }  # fmt: skip
        return self.add(a.decision, **{**stored, **values})


@pytest.fixture
def office(records: Records) -> Office:
    return Office(records)


def test_achieved_takes_an_assessor(office: Office) -> None:
    for other in (office.tutor, office.learner, office.assurer):
        with pytest.raises(DatabaseError, match="right role"):
            office.decide(by_id=other)
    assert office.decide()


@pytest.mark.parametrize("missing", ["signed_at", "signed_name", "reason", "by_id"])
def test_achieved_takes_a_signature_and_a_reason(office: Office, missing: str) -> None:
    with pytest.raises(DatabaseError):
        office.decide(**{missing: None})


@pytest.mark.parametrize("blank", ["reason", "signed_name"])
def test_a_blank_reason_or_name_is_none(office: Office, blank: str) -> None:
    with pytest.raises(IntegrityError):
        office.decide(**{blank: "  "})


@pytest.mark.parametrize("tick", ["valid", "authentic", "current", "sufficient"])
def test_achieved_takes_all_four_ticks_and_more_needed_does_not(office: Office, tick: str) -> None:
    with pytest.raises(IntegrityError, match="achieved_has_all_ticks"):
        office.decide(**{tick: False})
    assert office.decide(outcome="more_needed", **{tick: False})


def test_questions_never_achieve_a_performance_criterion(office: Office) -> None:
    with pytest.raises(IntegrityError, match="shown_at_work"):
        office.decide(statement="d1/2.2", criterion_kind="performance")
    assert office.decide(statement="d1/2.2", criterion_kind="performance", method="portfolio")


def test_there_is_no_place_for_a_practice_attempt_or_a_role_play_as_evidence(office: Office) -> None:
    """Evidence is an assessed answer or a portfolio item: the keys lead nowhere else."""
    leads_to = {key.column.table.name for key in a.decision_evidence.foreign_keys}
    assert leads_to == {"decision", "assessed_answer", "portfolio_item"}
    decision = office.decide()
    for nothing in ({}, {"answer_id": office.answer(), "item_id": office.item()}, {"answer_id": 999}):
        with pytest.raises(IntegrityError):
            office.add(a.decision_evidence, decision_id=decision, person_id=office.learner, **nothing)


def test_somebody_elses_evidence_is_refused(office: Office) -> None:
    theirs = office.item(person_id=office.other)
    with pytest.raises(IntegrityError):
        office.add(a.decision_evidence, decision_id=office.decide(), person_id=office.learner, item_id=theirs)


def test_simulation_is_no_setting_of_evidence(office: Office) -> None:
    for setting in ("simulation", "role_play", ""):
        with pytest.raises(IntegrityError, match="setting_known"):
            office.item(setting=setting)


def test_a_decision_is_superseded_and_never_doubled(office: Office) -> None:
    first = office.decide()
    with pytest.raises(IntegrityError):
        office.decide()
    second = office.decide(supersedes_id=first, outcome="more_needed")
    with pytest.raises(IntegrityError):
        office.decide(supersedes_id=first)
    with pytest.raises(DatabaseError, match="same learner and statement"):
        office.decide(statement="d1/4.10", supersedes_id=second)


def test_nothing_signed_is_edited(office: Office) -> None:
    decision = office.decide()
    office.add(a.decision_evidence, decision_id=decision, person_id=office.learner, answer_id=office.answer())
    for table, value in ((a.decision, {"outcome": "more_needed"}), (a.assessed_answer, {"answer": "better"})):
        for statement in (update(table).values(**value), delete(table)):
            with pytest.raises(DatabaseError, match="append-only"), office.records.begin() as tx:
                tx.connection.execute(statement)


def test_every_guarded_table_says_so_in_the_database(office: Office) -> None:
    with office.records.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
            assert {f"{table}_no_{e}" for table in (*t.APPEND_ONLY, *a.APPEND_ONLY) for e in ("update", "delete")} <= {
                *found
            }
        else:
            found = connection.exec_driver_sql(
                "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only'"
            )
            assert {*t.APPEND_ONLY, *a.APPEND_ONLY} <= {name.strip('"') for name in found.scalars()}


def test_answers_that_were_sent_take_no_further_version(office: Office) -> None:
    office.answer(1)
    office.add(a.sitting_event, sitting_id=office.sitting, event="sent", made_at=NOW)
    with pytest.raises(DatabaseError, match="have been sent"):
        office.answer(2)
    office.add(a.sitting_event, sitting_id=office.sitting, event="reopened", made_at=NOW)
    assert office.answer(2)


def test_help_in_an_assessment_has_no_value_but_none(office: Office) -> None:
    with pytest.raises(IntegrityError):
        office.add(
            a.assessed_answer, message_id="h", sitting_id=office.sitting, set_question_id=office.question,
            person_id=office.learner, version=1, answer="x", help="hint", channel="web", asked_at=NOW, made_at=NOW,
        )  # fmt: skip


def test_quality_is_assured_by_a_quality_assurer_who_did_not_decide(office: Office) -> None:
    decision = office.decide()
    plan = office.add(
        a.sampling_plan, by_id=office.assurer, title="March", rules={}, seed=1, since=NOW, until=NOW, made_at=NOW
    )
    sample = office.add(a.sample, plan_id=plan, decision_id=decision, why="share")
    with pytest.raises(DatabaseError, match="right role"):
        office.add(a.second_mark, sample_id=sample, by_id=office.tutor, outcome="achieved", made_at=NOW)
    with office.records.begin() as tx:
        tx.connection.execute(insert(t.person_role).values(person_id=office.assessor, role="quality_assurer"))
    with pytest.raises(DatabaseError, match="their own decision"):
        office.add(a.second_mark, sample_id=sample, by_id=office.assessor, outcome="achieved", made_at=NOW)
    assert office.add(a.second_mark, sample_id=sample, by_id=office.assurer, outcome="achieved", made_at=NOW)


def test_a_learner_overrides_nothing(office: Office) -> None:
    with office.records.begin() as tx:
        made = insert(t.exercise).values(
            person_id=office.learner, kind="practice", state={}, opened_at=NOW, touched_at=NOW
        )
        exercise = tx.connection.execute(made).inserted_primary_key[0]
    attempt = office.add(
        t.attempt, message_id="x", person_id=office.learner, exercise_id=exercise, question_id="q", question_text="?",
        answer="a", channel="web", verdict="partly", points=1, needed=2, complete=False, unassisted=True, help=[],
        try_no=1, content_version="c", marking_version="m", made_at=NOW,
    )  # fmt: skip
    row: dict[str, Any] = {
        "attempt_id": attempt,
        "points": {},
        "complete": True,
        "reason": "He said it.",
        "made_at": NOW,
    }
    with pytest.raises(DatabaseError, match="right role"):
        office.add(a.override, by_id=office.learner, **row)
    with pytest.raises(IntegrityError):
        office.add(a.override, by_id=office.tutor, **{**row, "reason": " "})
    assert office.add(a.override, by_id=office.tutor, **row)
    with office.records.reading() as tx:
        assert tx._one(select(t.attempt.c.complete))["complete"] is False


def test_a_question_leaves_a_draft_but_not_a_set_that_was_sent(office: Office) -> None:
    extra = office.add(a.set_question, set_id=office.set, position=2, words="How?", statements=["d1/4.9"], made_at=NOW)
    with pytest.raises(DatabaseError, match="append-only"), office.records.begin() as tx:
        tx.connection.execute(update(a.set_question).values(words="Other words"))
    with office.records.begin() as tx:
        tx.connection.execute(delete(a.set_question).where(a.set_question.c.id == extra))
        tx.connection.execute(update(a.question_set).values(sent_at=NOW))
    with pytest.raises(DatabaseError, match="sent stays"), office.records.begin() as tx:
        tx.connection.execute(delete(a.set_question))
