"""What the classifiers see of a message: hashed n-grams of its plain form, and signs of its wording."""

from __future__ import annotations

import numpy as np

from bot.nlu.grams import MOST_WORDS, WIDTH, grams, signs
from bot.nlu.normal import read


def test_the_same_words_give_the_same_places_and_two_kinds_of_length_one() -> None:
    places, values = grams("can i have a hint")
    again, _ = grams("can i have a hint")
    assert np.array_equal(places, again) and np.all(np.diff(places) > 0) and places.max() < WIDTH
    assert np.isclose(float(np.sum(values**2)), 2.0, atol=0.05)


def test_only_the_beginning_of_a_long_message_is_looked_at() -> None:
    first, _ = grams("word " * MOST_WORDS)
    longer, _ = grams("word " * 5_000)
    assert np.array_equal(first, longer)


def test_a_message_without_words_has_nothing_but_its_frame() -> None:
    places, values = grams("")
    assert places.shape == values.shape and np.isfinite(values).all()


def test_a_request_and_talk_of_work_differ_in_their_signs() -> None:
    asks, tells = (signs(read(text, str)) for text in ("can you help me?", "the staff help customers with refunds"))
    assert asks.shape == tells.shape and asks[0] < tells[0] and asks[3] > tells[3]
