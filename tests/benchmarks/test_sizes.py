"""The queue behind the sizes in docs/operating.md."""

from __future__ import annotations

import math

import pytest

from benchmarks.sizes import TURN, needed, p95_wait, table, waits
from bot.settings import ROOT


def test_one_server_waits_as_often_as_it_is_busy_and_erlangs_tables_are_met() -> None:
    assert waits(0.5, 1) == pytest.approx(0.5)
    assert waits(8.0, 10) == pytest.approx(0.409, abs=0.001)  # Erlang C, 8 erlangs on 10 servers


def test_with_exponential_times_one_server_gives_the_textbooks_p95() -> None:
    rate, turn = 8.0, 0.1
    assert p95_wait(rate, turn, 1, spread=1) == pytest.approx(math.log(0.8 / 0.05) / (1 / turn - rate))


def test_servers_that_cannot_keep_up_let_wait_for_ever_and_more_of_them_less() -> None:
    assert p95_wait(30, 0.1, 3) == math.inf
    assert p95_wait(30, 0.1, 4) > p95_wait(30, 0.1, 5) >= 0


def test_twice_the_learners_need_more_but_not_more_than_twice() -> None:
    for rate in (1, 10, 100, 1000):
        assert needed(rate, TURN) <= needed(2 * rate, TURN) <= 2 * needed(rate, TURN)


def test_the_operating_guide_shows_the_table_as_it_is_worked_out() -> None:
    assert table(TURN) in (ROOT / "docs" / "operating.md").read_text()
