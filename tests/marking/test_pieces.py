"""An answer as candidates: each clause encoded once, and no end that nobody reads."""

from __future__ import annotations

import numpy as np
import pytest

from bot.marking.encoder import marking_encoder
from bot.marking.linguistics import default_linguist
from bot.marking.pieces import MAX_CANDIDATES, Answer, Reader


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(marking_encoder(), default_linguist())


def read(reader: Reader, text: str) -> Answer:
    return reader.answer(default_linguist().parse(text))


def test_each_clause_and_the_whole_are_encoded_once(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[str] = []
    run = reader._encoder._run
    monkeypatch.setattr(reader._encoder, "_run", lambda text: passes.append(text) or run(text))
    read(reader, "Adverts for shops cost a lot of money. Regulars already know our shop, so they need no discount.")
    assert sorted(passes, key=len)[-1].endswith("discount.")
    assert len(passes) == len(set(passes)) == 4


def test_one_clause_is_the_whole_answer(reader: Reader) -> None:
    (whole,) = read(reader, "adverts cost money").candidates
    assert whole.whole and whole.parts == ()
    assert whole.vector == pytest.approx(marking_encoder().encoded("adverts cost money").vector)


def test_a_candidate_names_the_single_clauses_inside_it(reader: Reader) -> None:
    answer = read(reader, "Adverts cost a lot. Regulars know us. They come back by themselves.")
    assert sum(not each.parts for each in answer.candidates) == 3
    for candidate in answer.candidates:
        for number in candidate.parts:
            part = answer.candidates[number]
            assert not part.parts
            assert candidate.start <= part.start and part.end <= candidate.end
    assert answer.candidates[-1].parts == (0, 1, 2)


@pytest.mark.parametrize("stop", [". ", ", ", " and then ", " "])
def test_the_end_of_a_long_answer_is_read_too(reader: Reader, stop: str) -> None:
    answer = read(
        reader, stop.join(["the manager rang the customer about the broken kettle"] * 30 + ["we refunded her"])
    )
    assert answer.words[-1].form == "refunded"
    assert len(answer.words) == len(answer.word_vectors) > 120
    assert len(answer.candidates) <= MAX_CANDIDATES
    assert np.linalg.norm([candidate.vector for candidate in answer.candidates], axis=1) == pytest.approx(1, abs=1e-5)


def test_nothing_to_read_is_no_candidate(reader: Reader) -> None:
    assert read(reader, "?!").candidates == ()
    assert read(reader, "").words == ()
