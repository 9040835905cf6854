"""When a question comes back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from bot.coaching.review import review

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)


def test_the_more_help_the_sooner_it_comes_back() -> None:
    dues = [review(None, outcome, NOW)[1] for outcome in ("told", "helped", "met")]  # type: ignore[arg-type]
    assert dues[0] <= dues[1] < dues[2]


@pytest.mark.parametrize("outcome", ["told", "helped", "met"])
def test_nothing_comes_back_in_the_same_sitting(outcome: str) -> None:
    assert review(None, outcome, NOW)[1] >= NOW + timedelta(hours=20)  # type: ignore[arg-type]


def test_the_same_history_gives_the_same_card_and_due_date() -> None:
    assert review(None, "met", NOW) == review(None, "met", NOW)


def test_a_card_goes_through_json_and_a_second_success_moves_it_further_off() -> None:
    card, first = review(None, "met", NOW)
    again, second = review(json.loads(json.dumps(card)), "met", first)
    assert second - first > first - NOW
    assert again["last_review"] == first.isoformat()


def test_a_failed_review_comes_back_sooner_than_it_would_have() -> None:
    card, due = review(None, "met", NOW)
    assert review(card, "told", due)[1] - due < review(card, "met", due)[1] - due


def test_the_kept_card_and_the_due_date_agree() -> None:
    card, due = review(None, "told", NOW)
    assert datetime.fromisoformat(card["due"]) == due
