"""The words that spelling knows, kept as one sorted array."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bot.errors import ModelError
from bot.marking.linguistics import default_linguist
from bot.marking.words import PATH, Words, packed
from bot.settings import ROOT


def made(tmp_path: Path, *words: str) -> Words:
    path = tmp_path / "words.npz"
    path.write_bytes(packed(words))
    return Words(path)


def test_the_file_is_what_the_tool_makes_of_the_packages_and_lists() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    from word_list import words

    assert packed(words()) == PATH.read_bytes(), "run tools/word_list.py again"


@pytest.mark.parametrize("word", ["cat", "customer", "don't", "café", "ok", "a" * 30, "24h"])
def test_a_word_that_was_put_in_is_there_and_its_neighbours_are_not(tmp_path: Path, word: str) -> None:
    words = made(tmp_path, word, "zebra")
    assert word in words and "zebra" in words
    for other in (word + "x", word[:-1], "x" + word, "", "zebr", "zebras", "ZEBRA", "\x00", "zéb"):
        assert other not in words


def test_near_words_have_nearly_the_same_letters(tmp_path: Path) -> None:
    words = made(tmp_path, "trust", "truss", "tryst", "teeth", "rusty", "trusty")
    assert words.near("trust", "t", 5, 1) == ["truss", "trust", "tryst"]
    assert words.near("trust", "t", 6, 1) == ["trusty"]
    assert words.near("trust", "r", 5, 2) == ["rusty"]
    assert words.near("trust", "z", 5, 2) == [] == words.near("trust", "t", 2, 2) == words.near("trust", "t", 99, 2)


def test_no_words_are_a_list_too(tmp_path: Path) -> None:
    assert "cat" not in made(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a zip", PATH.read_bytes()[:1000]])
def test_a_damaged_list_is_refused_with_the_way_out(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "words.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="missing or damaged"):
        Words(path)


def test_a_missing_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        Words(tmp_path / "words.npz")


def test_every_form_of_a_lemma_is_known() -> None:
    speller = default_linguist().speller
    assert all(
        speller.known(word) for word in ("complain", "complaining", "complained", "complaints", "dont", "firmest")
    )
    assert not speller.known("complaning")
