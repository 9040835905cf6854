"""The rule of practising and ready."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from bot.coaching.coverage import COOL_OFF, Tried, standing

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)
TUESDAY = MONDAY + timedelta(days=1)


def tried(question: str, when: datetime, complete: bool = True, unassisted: bool = True, counts: bool = True) -> Tried:
    return Tried(question, when, complete, unassisted, counts)


def state(*tries: Tried, told: tuple[tuple[str, datetime], ...] = ()) -> str:
    found = standing(tries, told)
    return found.state if found else "not started"


def test_without_an_attempt_there_is_no_standing() -> None:
    assert standing([], []) is None


def test_the_first_attempt_makes_practising_however_bad_it_was() -> None:
    assert state(tried("a", MONDAY, complete=False, unassisted=False)) == "practising"


def test_two_questions_on_two_days_make_ready() -> None:
    found = standing([tried("a", MONDAY), tried("b", TUESDAY)], [])
    assert found is not None
    assert (found.state, found.attempts, found.last_at, found.ready_at) == ("ready", 2, TUESDAY, TUESDAY)


def test_two_questions_on_one_day_do_not() -> None:
    assert state(tried("a", MONDAY), tried("b", MONDAY + timedelta(hours=14))) == "practising"


def test_a_later_day_is_a_day_of_the_calendar_and_not_24_hours() -> None:
    late = MONDAY.replace(hour=23, minute=59)
    assert state(tried("a", late), tried("b", late + timedelta(minutes=2))) == "ready"


def test_the_same_question_twice_does_not() -> None:
    assert state(tried("a", MONDAY), tried("a", TUESDAY)) == "practising"


def test_an_assisted_answer_never_counts() -> None:
    assert state(tried("a", MONDAY), tried("b", TUESDAY, unassisted=False)) == "practising"


def test_an_incomplete_answer_never_counts() -> None:
    assert state(tried("a", MONDAY, complete=False), tried("b", TUESDAY)) == "practising"


def test_a_choice_question_never_counts() -> None:
    assert state(tried("a", MONDAY), tried("b", TUESDAY, counts=False)) == "practising"


def test_a_told_question_counts_again_only_after_the_cool_off() -> None:
    told = (("b", TUESDAY),)
    soon = TUESDAY + COOL_OFF - timedelta(seconds=1)
    assert state(tried("a", MONDAY), tried("b", soon), told=told) == "practising"
    assert state(tried("a", MONDAY), tried("b", TUESDAY + COOL_OFF), told=told) == "ready"


def test_telling_one_question_leaves_the_others_alone() -> None:
    assert state(tried("a", MONDAY), tried("b", TUESDAY), told=(("c", TUESDAY),)) == "ready"


def test_an_answer_before_the_telling_keeps_its_worth() -> None:
    assert state(tried("a", MONDAY), tried("b", TUESDAY), told=(("b", TUESDAY + timedelta(hours=1)),)) == "ready"


def test_ready_is_kept_whatever_comes_after() -> None:
    later = TUESDAY + timedelta(days=3)
    found = standing([tried("a", MONDAY), tried("b", TUESDAY), tried("a", later, complete=False)], [])
    assert found is not None and (found.state, found.ready_at, found.last_at) == ("ready", TUESDAY, later)


attempts = st.lists(
    st.builds(
        Tried,
        st.sampled_from("abc"),
        st.integers(0, 200).map(lambda h: MONDAY + timedelta(hours=h)),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)


@given(attempts, st.randoms())
def test_the_order_in_which_attempts_are_read_makes_no_difference(tries: list[Tried], dice: object) -> None:
    mixed = list(tries)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert standing(tries, []) == standing(mixed, [])


@given(attempts)
def test_ready_always_rests_on_two_good_answers_to_two_questions_on_two_days(tries: list[Tried]) -> None:
    found = standing(tries, [])
    good = [t for t in tries if t.complete and t.unassisted and t.counts]
    pairs = [(x, y) for x in good for y in good if x.question != y.question and x.when.date() < y.when.date()]
    ready = found is not None and found.state == "ready"
    assert bool(pairs) or not ready
    if all(t.unassisted for t in tries):  # an answer with help keeps later ones to that question from counting a while
        assert ready == bool(pairs)
