"""Units offered or not, and versions of their content."""

from __future__ import annotations

from dataclasses import replace as with_fields
from datetime import datetime, timedelta, timezone

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DBAPIError

from bot.errors import BadInput
from bot.records import administering, audit, people, unit_versions, units
from bot.records import assessment_tables as a
from bot.records.store import Records
from bot.records.unit_tables import unit_version
from bot.settings import ROOT
from bot.syllabus.loader import load

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def content():
    return load(ROOT / "knowledge")


@pytest.fixture
def records(engine):
    return Records(engine)


@pytest.fixture
def admin(records):
    return people.find(records, people.add_person(records, "Ada", ["admin"], NOW, "ada@example.org"))


def changed(content, version, **how):
    """The content with one unit's question or criterion changed."""
    questions, made = dict(content.questions), dict(content.units)
    for id, fields in how.get("questions", {}).items():
        if fields is None:
            del questions[id]
        else:
            questions[id] = replace(questions[id], **fields)
    for id, words in how.get("criteria", {}).items():
        unit, _, number = id.partition("/")
        criteria = [replace(c, text=words) if c.id == number else c for c in made[unit].criteria]
        made[unit] = replace(made[unit], criteria=tuple(criteria))
    unit_of = {q: u for q, u in content.unit_of.items() if q in questions}
    return with_fields(content, units=made, questions=questions, unit_of=unit_of, version=version)


def first_question(content, unit):
    return next(q for q, u in content.unit_of.items() if u == unit and not content.questions[q].retired)


def test_nobody_new_comes_into_a_unit_that_is_not_offered_and_who_is_in_it_stays(records, admin):
    lena = people.add_person(records, "Lena", ["learner"], NOW, "lena@example.org", ["u1"])
    units.set_offered(records, admin, "u1", False, NOW)
    units.set_offered(records, admin, "u1", False, NOW)  # nothing changes: no second entry
    with pytest.raises(BadInput, match="Not offered any more: u1"):
        people.add_person(records, "Nia", ["learner"], NOW, "nia@example.org", ["d1", "u1"])
    assert [p.name for p in people.everybody(records)] == ["Ada", "Lena"]
    administering.enrol(records, admin, lena, ["u1", "d1"], NOW)  # in u1 already
    with records.reading() as tx:
        assert set(tx.units_of(lena)) == {"u1", "d1"} and tx.offered_units_of(lena) == ("d1",)
    administering.enrol(records, admin, lena, ["d1"], NOW)
    with pytest.raises(BadInput):
        administering.enrol(records, admin, lena, ["u1", "d1"], NOW)
    units.set_offered(records, admin, "u1", True, NOW)
    administering.enrol(records, admin, lena, ["u1", "d1"], NOW)
    assert units.enrolled(records) == {"u1": 1, "d1": 1}
    actions = [e.action for e in audit.newest(records)]
    assert actions.count("withdrew unit") == actions.count("offered unit") == 1


def test_the_first_start_notes_every_unit_and_the_second_nothing(records, content):
    assert unit_versions.note_content(records, content, NOW) == {}
    assert unit_versions.note_content(records, content, NOW) == {}
    for unit in content.units:
        (only,) = unit_versions.history(records, unit)
        assert only.current and set(only.wording.statements) == set(content.statements(unit))
        assert unit_versions.steps(records, unit) == unit_versions.Steps(1, NOW)


def test_a_change_is_a_new_version_of_that_unit_alone_and_says_what_changed(records, content):
    question, other = [q for q, u in content.unit_of.items() if u == "d1"][:2]
    unit_versions.note_content(records, content, NOW)
    how = {"questions": {question: {"text": "Other words?"}, other: None}, "criteria": {"d1/4.9": "Explain otherwise"}}
    later = NOW + timedelta(days=1)
    found = unit_versions.note_content(records, changed(content, "second", **how), later)
    assert set(found) == {"d1"}
    assert (found["d1"].changed, found["d1"].removed, found["d1"].added) == ((question,), (other,), ())
    assert found["d1"].statements == (("d1/4.9", content.text_of("d1/4.9"), "Explain otherwise"),)
    newest, oldest = unit_versions.history(records, "d1")
    assert newest.current and newest.since == later and newest.changes == found["d1"]
    assert oldest.wording.statements["d1/4.9"] == content.text_of("d1/4.9") and question in oldest.wording.questions
    assert len(unit_versions.history(records, "b15")) == 1
    assert [e.action for e in audit.newest(records)] == ["content changed"]


def test_going_back_to_older_content_is_no_third_version_but_the_one_in_use_again(records, content):
    other = changed(content, "second", criteria={"d1/4.9": "Explain otherwise"})
    for days, used in enumerate((content, other, content)):
        unit_versions.note_content(records, used, NOW + timedelta(days=days))
    newest, oldest = unit_versions.history(records, "d1")
    assert oldest.current and not newest.current
    assert unit_versions.steps(records, "d1") == unit_versions.Steps(2, NOW + timedelta(days=2))


def decide(records, statement, when):
    """A signed decision, as a row; the id."""
    assessor = people.add_person(records, "Asa", ["assessor"], NOW, f"asa{when:%d}@example.org")
    learner = people.add_person(records, "Lena", ["learner"], NOW, f"lena{when:%d}@example.org")
    values = {
        "person_id": learner, "statement": statement, "criterion_kind": "knowledge", "by_id": assessor,
        "method": "portfolio", "outcome": "more_needed", "reason": "r", "next_step": "n", "valid": True,
        "authentic": True, "current": True, "sufficient": False, "signed_name": "Asa", "signed_at": when, "hash": "h",
    }  # fmt: skip
    with records.begin() as tx:
        return tx.connection.execute(insert(a.decision).values(values)).inserted_primary_key[0]


class Decided:
    """What is known of a decision here."""

    def __init__(self, id, statement, signed_at):
        self.id, self.statement, self.signed_at = id, statement, signed_at


def test_a_decision_counts_to_the_version_it_was_signed_on_and_keeps_its_words(records, content):
    other = changed(content, "second", criteria={"d1/4.9": "Explain otherwise"})
    unit_versions.note_content(records, content, NOW)
    unit_versions.note_content(records, other, NOW + timedelta(days=2))
    before, after = NOW + timedelta(days=1), NOW + timedelta(days=3)
    first, second = decide(records, "d1/4.9", before), decide(records, "d1/4.9", after)
    newest, oldest = unit_versions.history(records, "d1")
    assert (oldest.decisions, newest.decisions) == (1, 1)
    decided = [Decided(first, "d1/4.9", before), Decided(second, "d1/4.9", after), Decided(3, "d1/4.8", before)]
    assert unit_versions.older_wordings(records, decided, other) == {first: content.text_of("d1/4.9")}
    assert unit_versions.older_wordings(records, [], other) == {}


@pytest.mark.parametrize("change", [update(unit_version).values(hash="x"), delete(unit_version)])
def test_the_database_refuses_to_change_a_version(records, content, change):
    unit_versions.note_content(records, content, NOW)
    with pytest.raises(DBAPIError, match="append-only"), records.begin() as tx:
        tx.connection.execute(change)
