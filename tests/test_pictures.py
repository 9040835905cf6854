"""Pictures for channels that cannot draw."""

from __future__ import annotations

import pytest

from bot.pictures import mood_curve_png


@pytest.mark.parametrize("points", [[], [4], [4, 5, 7, 3, 0, 10], list(range(11))])
def test_a_mood_curve_is_a_png(points: list[int]) -> None:
    assert mood_curve_png(points).startswith(b"\x89PNG\r\n")
