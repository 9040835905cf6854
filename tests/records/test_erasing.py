"""Export and erasure: everything is given, what may go goes, what must stay stays, on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from bot.coach import Coach
from bot.errors import BadInput, NotThere
from bot.records import administering, audit, erasing, messages, people, personal, telegram
from bot.records import assessment_tables as a
from bot.records import tables as t
from bot.records.privacy_tables import erasure
from bot.records.store import Records
from bot.syllabus.syllabus import Syllabus
from tests.conftest import Clock, FakeHearing, FakeMarker, Talk, new_talk
from tests.records.test_guards import NOW, Office


def talked(records: Records, tiny: Syllabus, clock: Clock, name: str) -> Talk:
    """A learner with rows in every table of practice."""
    talk = new_talk(Coach(tiny, FakeMarker(), records, clock, FakeHearing()), name=name)
    talk.start("keeping customers")
    talk.answer("myth price")
    talk.say("dispute")
    for _ in range(4):
        talk.say("dont_know")
    talk.say("talk_to_tutor")
    messages.accept(records, f"in-{talk.person_id}", talk.person_id, "web", f"secret of {name}", None, clock())
    with records.begin() as tx:
        messages.finish(tx, f"in-{talk.person_id}", [messages.Reply("reply")], clock())
        tx.connection.execute(
            insert(t.channel_identity).values(
                channel="telegram", external_id=str(talk.person_id), person_id=talk.person_id, since=clock()
            )
        )
    people.open_session(records, talk.person_id, clock())
    people.invite(records, talk.person_id, clock())
    return talk


def count(records: Records, table: Any, who: int) -> int:
    with records.reading() as tx:
        return len(
            tx._all(select(table).where(personal.MINE.get(table.name, table.c.get("person_id") == who)), who=who)
        )


# Export -------------------------------------------------------------------------------------------------------------


def test_every_table_is_exported_or_left_out_with_a_reason() -> None:
    everything = {table.name for table in t.metadata.sorted_tables}
    assert set(personal.MINE) | set(personal.LEFT_OUT) == everything
    assert not set(personal.MINE) & set(personal.LEFT_OUT) and all(personal.LEFT_OUT.values())


def test_every_column_that_names_a_person_is_one_we_know() -> None:
    named = {
        key.parent.name for table in t.metadata.sorted_tables for key in table.foreign_keys
        if key.column.table.name == "person"
    }  # fmt: skip
    assert named == {"person_id", "by_id"}, "personal_data and erasing look for these two"


def test_every_table_is_erased_or_kept_with_a_reason_or_about_nobody() -> None:
    handled = {table.name for table in (*erasing.ERASED, *erasing.PLACE)} | set(erasing.KEPT)
    everything = {table.name for table in t.metadata.sorted_tables}
    assert everything - handled == {
        "sampling_plan", "external_link", "channel_state", "failed_sign_in", "unit_state", "unit_version",
        "centre_text", "retention_time",
    }  # fmt: skip
    assert not {table.name for table in erasing.ERASED} & set(erasing.KEPT)


def test_an_export_holds_ones_own_words_and_nobody_elses(records: Records, tiny: Syllabus, clock: Clock) -> None:
    ada, ben = (talked(records, tiny, clock, name) for name in ("Ada", "Ben"))
    data = personal.personal_data(records, ada.person_id)
    assert "secret of Ada" in str(data) and "secret of Ben" not in str(data) and "Ben" not in str(data)
    wanted = {
        "attempt",
        "attempt_match",
        "told",
        "dispute",
        "exercise",
        "tutor_request",
        "message",
        "coverage",
        "person",
    }
    assert wanted <= set(data)
    assert not {"password_hash", "token_hash", "csrf"} & set(str(data).split("'"))
    assert {r["person_id"] for r in data["attempt"]} == {ada.person_id} != {ben.person_id}


def test_a_proposal_and_a_first_view_are_given_once_there_is_a_decision(records: Records) -> None:
    office = Office(records)
    answer = office.answer()
    office.add(
        a.proposal, answer_id=answer, verdict="right", marking={}, content_version="c", marking_version="m", made_at=NOW
    )
    office.add(a.first_view, answer_id=answer, by_id=office.assessor, view="sufficient", made_at=NOW)
    office.add(
        a.set_question, set_id=office.set, position=2, person_id=office.learner, words="To come", statements=[],
        made_at=NOW,
    )  # fmt: skip
    data = personal.personal_data(records, office.learner)
    assert "assessed_answer" in data and not {"proposal", "first_view"} & set(data) and "To come" not in str(data)
    decision = office.decide()
    office.add(a.decision_evidence, decision_id=decision, person_id=office.learner, answer_id=answer)
    assert {"proposal", "first_view", "decision"} <= set(personal.personal_data(records, office.learner))
    acts = personal.personal_data(records, office.assessor)["acts"]
    assert {"table": "decision", "id": decision, "signed_at": NOW.isoformat()} in acts and "All points" not in str(acts)


# Erasure ------------------------------------------------------------------------------------------------------------


def test_practice_chats_and_contact_go_and_nobody_elses_do(records: Records, tiny: Syllabus, clock: Clock) -> None:
    ada, ben = (talked(records, tiny, clock, name) for name in ("Ada", "Ben"))
    bens = {table.name: count(records, table, ben.person_id) for table in erasing.ERASED}
    assert sum(n > 0 for n in bens.values()) >= 12
    plan = erasing.erase(records, None, ada.person_id, clock())
    assert plan.name == "Ada" and plan.gone["attempt"] >= 1 and plan.until is None
    assert {table.name: count(records, table, ada.person_id) for table in erasing.ERASED} == dict.fromkeys(bens, 0)
    assert {table.name: count(records, table, ben.person_id) for table in erasing.ERASED} == bens
    gone = people.find(records, ada.person_id)
    assert gone is not None and (gone.name, gone.email, gone.active) == (f"Erased person {ada.person_id}", None, False)
    assert count(records, t.enrolment, ada.person_id) == 0, "there is no assessment for which it would be kept"
    left = personal.personal_data(records, ada.person_id)
    assert set(left) == {"person", "person_role", "erasure", "audit"} and "Ada" not in str(left)
    assert audit.verify(records).broken_at is None and audit.newest(records)[0].action == "erased"
    assert "Ada" not in str(audit.newest(records)[0])


def test_assessment_records_stay_under_a_pseudonym_until_three_years_after(records: Records) -> None:
    office = Office(records)
    answer, item, decision = office.answer(), office.item(), office.decide()
    office.add(a.decision_evidence, decision_id=decision, person_id=office.learner, answer_id=answer)
    plan = erasing.erase(records, office.tutor, office.learner, NOW)
    assert {"decision", "assessed_answer", "portfolio_item", "sitting"} <= {k.table for k in plan.kept}
    assert all(k.why for k in plan.kept) and plan.until is not None and plan.until.year == 2029
    with records.reading() as tx:
        assert tx._one(select(a.decision.c.outcome).where(a.decision.c.id == decision))["outcome"] == "achieved"
        assert tx._one(select(a.portfolio_item.c.id).where(a.portfolio_item.c.id == item))
    found = people.find(records, office.learner)
    assert found is not None and found.name == f"Erased person {office.learner}"


@pytest.mark.parametrize("table", ["decision", "assessed_answer", "audit"])
def test_an_erasure_does_not_open_the_guards_of_assessment_records(records: Records, table: str) -> None:
    office = Office(records)
    office.answer(), office.decide()
    with records.begin() as tx:
        audit.note(tx, None, "test", "person/1", NOW)
    made = t.metadata.tables[table]
    with pytest.raises(DatabaseError, match="append-only"), records.begin() as tx:
        tx.connection.execute(insert(erasure).values(person_id=office.learner, made_at=NOW))
        tx.connection.execute(delete(made))


def test_an_open_erasure_lets_only_its_own_persons_rows_go(records: Records, tiny: Syllabus, clock: Clock) -> None:
    ada, ben = (talked(records, tiny, clock, name) for name in ("Ada", "Ben"))
    for statement in (delete(t.attempt_match), delete(t.told), update(t.told).values(question_id="x")):
        with pytest.raises(DatabaseError, match="append-only"), records.begin() as tx:
            tx.connection.execute(insert(erasure).values(person_id=ada.person_id, made_at=clock()))
            tx.connection.execute(statement)
    assert count(records, t.told, ben.person_id)


def test_an_erasure_that_is_not_done_cannot_be_committed(records: Records) -> None:
    """So the guards are never open outside the transaction of an erasure."""
    office = Office(records)
    with pytest.raises(DatabaseError), records.begin() as tx:
        tx.connection.execute(insert(erasure).values(person_id=office.learner, made_at=NOW))
    with records.reading() as tx:
        assert tx._all(select(erasure)) == []
    erasing.erase(records, None, office.learner, NOW)
    for change in (update(erasure).values(done_id=None), delete(erasure)):
        with pytest.raises(DatabaseError, match="an erasure"), records.begin() as tx:
            tx.connection.execute(change)


def test_a_turn_still_under_way_leaves_nothing_of_an_erased_person(
    records: Records, tiny: Syllabus, clock: Clock
) -> None:
    ada = talked(records, tiny, clock, "Ada")
    erasing.erase(records, None, ada.person_id, clock())
    with pytest.raises(DatabaseError, match="was erased"):
        ada.start("keeping customers")
    with pytest.raises(DatabaseError, match="was erased"):
        messages.accept(records, "late", ada.person_id, "web", "late", None, clock())
    erasing.erase(records, None, ada.person_id, clock())  # again: nothing wrong with it
    assert count(records, t.exercise, ada.person_id) == 0


def test_an_erased_person_is_not_brought_back_and_the_last_administrator_not_erased(records: Records) -> None:
    office = Office(records)
    boss = people.add_person(records, "Ada Admin", ["admin"], NOW, "ada@example.org")
    with pytest.raises(BadInput, match="only administrator"):
        erasing.erase(records, None, boss, NOW)
    with pytest.raises(NotThere):
        erasing.plan(records, 999)
    erasing.erase(records, None, office.other, NOW)
    person = people.find(records, boss)
    assert person is not None
    with pytest.raises(BadInput, match="was erased"):
        administering.set_active(records, person, office.other, True, NOW)


def test_updates_of_an_erased_account_keep_their_numbers_only(records: Records, tiny: Syllabus, clock: Clock) -> None:
    ada = talked(records, tiny, clock, "Ada")
    telegram.keep(records, 7, 1, clock(), str(ada.person_id), 5, {"text": "secret"})
    erasing.erase(records, None, ada.person_id, clock())
    with records.reading() as tx:
        row = tx._one(select(t.metadata.tables["telegram_update"]))
    assert (row["update_id"], row["chat_id"], row["body"]) == (1, None, None) and row["done_at"]
