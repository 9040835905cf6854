"""People, roles, passwords, sign-in sessions, invitations."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from bot.errors import BadInput
from bot.records import people
from bot.records.seeing import may_see
from bot.records.store import Records
from tests.conftest import Clock

GOOD = "four plain words here"


@pytest.fixture(autouse=True)
def quick_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real hasher with little work, as hundreds of hashes are made here."""
    monkeypatch.setattr(people, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def ada(records: Records, clock: Clock) -> int:
    return people.add_person(records, "Ada", ["learner"], clock(), email="Ada@Example.org ")


def test_a_person_has_the_roles_they_were_given(records: Records, clock: Clock) -> None:
    id = people.add_person(records, " Ada   Lovelace ", ["tutor", "assessor", "tutor"], clock(), units=["t1", "t1"])
    person = people.find(records, id)
    assert person == people.Person(id, "Ada Lovelace", None, frozenset({"tutor", "assessor"}), False, True)
    assert people.find(records, id + 1) is None


@pytest.mark.parametrize(
    ("name", "roles", "email", "said"),
    [
        ("Ada", ["boss"], None, "no role 'boss'"),
        ("  ", ["learner"], None, "1 to 200 characters"),
        ("x" * 201, ["learner"], None, "1 to 200 characters"),
        ("Ada\x00", ["learner"], None, "cannot be shown"),
        ("Ada", ["learner"], "ada", "'ada' is not an e-mail address"),
        ("Ada", ["learner"], "@ ", "not an e-mail address"),
        ("Ada", ["learner"], "a@" + "x" * 260, "not an e-mail address"),
    ],
)
def test_what_cannot_be_a_person_is_refused(
    records: Records, clock: Clock, name: str, roles: list[str], email: str | None, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        people.add_person(records, name, roles, clock(), email=email)
    assert people.everybody(records) == []


def test_an_address_is_taken_once_case_aside(records: Records, ada: int, clock: Clock) -> None:
    with pytest.raises(BadInput, match="there already"):
        people.add_person(records, "Another", ["learner"], clock(), email="ADA@example.org")


@pytest.mark.parametrize("who", ["ada", "ADA", "ada@example.org", "Ada@Example.org"])
def test_people_are_found_by_name_address_or_id(records: Records, ada: int, who: str) -> None:
    assert [p.id for p in people.named(records, who)] == [ada]
    assert [p.id for p in people.named(records, str(ada))] == [ada]


@pytest.mark.parametrize("who", ["", "%", "_da", "Ad", "²", "99999999999999999999", "\\", "a\\", "'; --"])
def test_no_wildcard_and_no_odd_text_finds_anybody(records: Records, ada: int, who: str) -> None:
    assert people.named(records, who) == []


def test_a_name_with_wildcards_and_backslashes_is_found_as_it_is(records: Records, clock: Clock) -> None:
    id = people.add_person(records, r"100%_\o/", ["learner"], clock())
    assert [p.id for p in people.named(records, r"100%_\o/")] == [id]


def test_a_cohort_is_made_once_and_holds_its_learners_not_its_tutor(records: Records, clock: Clock) -> None:
    ids = [people.add_person(records, n, ["learner"], clock(), cohort="Monday") for n in ("A", "B")]
    people.add_person(records, "T", ["tutor"], clock(), cohort="Monday")
    assert people.cohort_learners(records, "Monday") == frozenset(ids)
    assert people.cohort_learners(records, "Tuesday") is None


def test_a_cohort_is_the_caseload_of_an_assessor_who_is_not_its_learner(records: Records, clock: Clock) -> None:
    learner = people.add_person(records, "L", ["learner"], clock(), cohort="Monday")
    for roles in (["assessor"], ["assessor", "quality_assurer"], ["tutor", "learner"]):
        found = people.find(records, people.add_person(records, "A", roles, clock(), cohort="Monday"))
        assert found is not None
        with records.reading() as tx:
            assert may_see(tx, found, learner)
    assert people.cohort_learners(records, "Monday") == frozenset([learner])


def test_a_password_lets_in_and_a_wrong_one_does_not(records: Records, ada: int) -> None:
    people.set_password(records, ada, GOOD)
    found = people.check_password(records, " ADA@example.org", GOOD)
    assert found is not None and found.id == ada
    assert people.check_password(records, "ada@example.org", GOOD + "x") is None
    assert people.check_password(records, "nobody@example.org", GOOD) is None


def test_nobody_gets_in_without_a_password_set(records: Records, ada: int) -> None:
    assert people.check_password(records, "ada@example.org", "") is None


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 201])
def test_a_password_too_short_or_too_long_is_refused(records: Records, ada: int, password: str) -> None:
    with pytest.raises(BadInput, match="12 to 200 characters"):
        people.set_password(records, ada, password)


def test_a_password_may_hold_any_characters(records: Records, ada: int) -> None:
    people.set_password(records, ada, "ä🙂 '\"; --   ")
    assert people.check_password(records, "ada@example.org", "ä🙂 '\"; --   ") is not None


@pytest.mark.parametrize(
    "password", ["password1234", "aaaaaaaaaaaa", "qwertyuiop12", "ada@example.org", "customerservice"]
)
def test_a_password_that_is_easily_guessed_is_refused(records: Records, ada: int, password: str) -> None:
    """Common ones, repeats, keyboard rows, one's own name or address, the program's name."""
    with pytest.raises(BadInput, match="easily guessed"):
        people.set_password(records, ada, password)


def test_a_session_lasts_and_ends(records: Records, ada: int, clock: Clock) -> None:
    token, csrf = people.open_session(records, ada, clock())
    session = people.session_of(records, token, clock())
    assert session is not None and (session.person.id, session.csrf) == (ada, csrf)
    assert people.session_of(records, token + "x", clock()) is None
    clock.now += people.SESSION_LASTS
    assert people.session_of(records, token, clock()) is None


def test_signing_out_ends_this_session_only(records: Records, ada: int, clock: Clock) -> None:
    one, _ = people.open_session(records, ada, clock())
    two, _ = people.open_session(records, ada, clock())
    people.close_session(records, one)
    assert people.session_of(records, one, clock()) is None
    assert people.session_of(records, two, clock()) is not None


def test_a_new_password_ends_every_session(records: Records, ada: int, clock: Clock) -> None:
    token, _ = people.open_session(records, ada, clock())
    people.set_password(records, ada, GOOD)
    assert people.session_of(records, token, clock()) is None


def test_a_token_is_not_kept_as_it_is(records: Records, ada: int, clock: Clock) -> None:
    token, _ = people.open_session(records, ada, clock())
    invitation = people.invite(records, ada, clock())
    with records.reading() as tx:
        for table in ("web_session", "invitation"):
            kept = str(tx.connection.exec_driver_sql(f"SELECT * FROM {table}").all())
            assert token not in kept and invitation not in kept


def test_somebody_made_inactive_is_out_at_once(records: Records, ada: int, clock: Clock) -> None:
    people.set_password(records, ada, GOOD)
    token, _ = people.open_session(records, ada, clock())
    with records.begin() as tx:
        tx.connection.execute(people.update(people.t.person).values(active=False))
    assert people.session_of(records, token, clock()) is None
    assert people.check_password(records, "ada@example.org", GOOD) is None


def test_an_invitation_sets_a_password_once(records: Records, ada: int, clock: Clock) -> None:
    token = people.invite(records, ada, clock())
    assert people.invited(records, token, clock()) == ada
    assert people.use_invitation(records, token, GOOD, clock()) == ada
    assert people.check_password(records, "ada@example.org", GOOD) is not None
    with pytest.raises(BadInput, match="used already"):
        people.use_invitation(records, token, "another good password", clock())
    assert people.check_password(records, "ada@example.org", "another good password") is None


def test_an_invitation_is_only_good_in_time(records: Records, ada: int, clock: Clock) -> None:
    token = people.invite(records, ada, clock())
    clock.now += people.INVITATION_LASTS
    assert people.invited(records, token, clock()) is None
    with pytest.raises(BadInput, match="out of date"):
        people.use_invitation(records, token, GOOD, clock())


def test_a_bad_password_does_not_use_the_invitation_up(records: Records, ada: int, clock: Clock) -> None:
    token = people.invite(records, ada, clock())
    with pytest.raises(BadInput, match="12 to 200"):
        people.use_invitation(records, token, "short", clock())
    assert people.use_invitation(records, token, GOOD, clock()) == ada


def test_an_unknown_invitation_is_refused(records: Records, clock: Clock) -> None:
    with pytest.raises(BadInput):
        people.use_invitation(records, "made-up", GOOD, clock())


def test_the_demo_person_of_a_role_is_never_a_real_one(records: Records, ada: int, clock: Clock) -> None:
    assert people.demo_person(records, "learner") is None
    demo = people.add_person(records, "Sam Demo", ["learner"], clock(), demo=True)
    found = people.demo_person(records, "learner")
    assert found is not None and found.id == demo
