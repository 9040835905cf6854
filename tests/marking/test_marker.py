from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bot.errors import ModelError
from bot.marking.encoder import marking_encoder
from bot.marking.head import FOLDER, load_head
from bot.marking.linguistics import default_linguist
from bot.marking.marker import Marker
from bot.marking.pieces import Reader
from bot.marking.shelf import PLAIN, Library
from bot.syllabus.model import Question

STRANGE = [
    "",
    " ",
    "\n\n",
    "😀😀😀",
    "\x00\x07 \x1b[31m",
    "你好，客户很重要",
    "Je ne sais pas",
    "!?.,;",
    "\ud800",
    "a" * 10_000,
    "adverts cost money. " * 500,
    "1234567890",
    "<script>alert(1)</script>",
    "\u202eadverts cost money",
    "-\n-\n-",
]


def test_points_said_in_own_words_are_met(marker: Marker, question: Question) -> None:
    marking = marker.mark(
        question, "adverts cost alot of money, and your regulars trust you already. they tell there friends"
    )
    assert set(marking.met()) == {"finding-costs", "existing-trust", "word-of-mouth"}
    assert marking.verdict == "right"
    assert marking.version == marker.version


def test_one_point_is_partly(marker: Marker, question: Question) -> None:
    marking = marker.mark(question, "becuase you have to pay for advertising to get strangers in")
    assert marking.met() == ("finding-costs",)
    assert marking.verdict == "partly"


def test_the_quote_is_the_learners_own_words(marker: Marker, question: Question) -> None:
    text = "Well, becuase you hav to pay for advertisng!! and thay allready trust u"
    for match in marker.mark(question, text).matches:
        assert match.quote in text
    found = marker.mark(question, text).match("finding-costs")
    assert found is not None and "advertisng" in found.quote


@pytest.mark.parametrize(
    "echo",
    [
        "Why does it usually cost a business more to win a new customer than to keep one it already has?",
        "it usually costs a business more to win a new customer than to keep one",
        "to win a new customer",
        "because it costs more",
    ],
)
def test_repeating_the_question_meets_nothing(marker: Marker, question: Question, echo: str) -> None:
    assert marker.mark(question, echo).met() == ()


@pytest.mark.parametrize(
    "text",
    [
        "you dont have to pay for adverts to get new people in",
        "marketing is not expensive",
        "regulars dont trust you",
        "they never tell their mates about you",
    ],
)
def test_the_opposite_is_not_met(marker: Marker, question: Question, text: str) -> None:
    assert marker.mark(question, text).met() == ()


def test_a_misconception_is_found(marker: Marker, question: Question) -> None:
    marking = marker.mark(question, "it is cheaper to get new customers than keeping old ones")
    assert [wrong.id for wrong in marking.misconceptions] == ["new-is-cheaper"]
    assert marking.met() == ()


@pytest.mark.parametrize(
    "text", ["i dont know", "the weather is nice today", "i like football and pizza", "no idea sorry"]
)
def test_what_does_not_answer_is_not_yet(marker: Marker, question: Question, text: str) -> None:
    marking = marker.mark(question, text)
    assert marking.verdict == "not_yet"
    assert marking.misconceptions == ()


@pytest.mark.parametrize("text", STRANGE)
def test_any_text_gives_an_ordinary_marking(marker: Marker, question: Question, text: str) -> None:
    marking = marker.mark(question, text)
    assert [match.id for match in marking.matches] == [point.id for point in question.expectations]
    for match in (*marking.matches, *marking.misconceptions):
        assert 0.0 <= match.probability <= 1.0
        assert match.quote in text


def test_spelling_costs_no_marks(marker: Marker, question: Question) -> None:
    right = marker.mark(question, "advertising is expensive and existing customers already trust the business")
    slips = marker.mark(question, "advertisng is expencive and exsisting custmers allready trust the buisness")
    assert slips.met() == right.met() != ()


def test_the_same_answer_is_marked_the_same_in_every_process(marker: Marker, question: Question) -> None:
    text = "adverts cost money and regulars trust you"
    code = (
        "import sys; sys.path.insert(0, 'tests/marking'); import msgspec; from conftest import COST;"
        "from bot.syllabus.model import Question; from bot.marking.marker import Marker;"
        f"print(msgspec.json.encode(Marker().mark(msgspec.convert(COST, type=Question), {text!r})).decode())"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(printed) == json.loads(msgspec.json.encode(marker.mark(question, text)))


def test_vectors_come_back_from_the_cache_and_a_damaged_cache_is_built_again(
    question: Question, tmp_path: Path
) -> None:
    text = "adverts cost money and regulars trust you"
    fresh = Marker(cache=tmp_path).mark(question, text)
    files = list(tmp_path.glob("*.npz"))
    assert len(files) == 1
    assert Marker(cache=tmp_path).mark(question, text) == fresh
    files[0].write_bytes(files[0].read_bytes()[:500])
    assert Marker(cache=tmp_path).mark(question, text) == fresh
    assert Marker().mark(question, text) == fresh


def test_a_question_made_ready_is_marked_as_any_other(marker: Marker, question: Question, tmp_path: Path) -> None:
    fresh = Marker(cache=tmp_path)
    fresh.prepare(question)
    (shelf,) = fresh._boards
    assert fresh.mark(question, "you have to pay for adverts") == marker.mark(question, "you have to pay for adverts")
    assert list(fresh._boards) == [shelf]


def test_warming_reports_its_progress(marker: Marker, question: Question) -> None:
    seen: list[tuple[int, int]] = []
    marker.warm([question, question], lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_warming_deletes_what_the_cache_holds_of_a_question_as_it_was(question: Question, tmp_path: Path) -> None:
    edited = msgspec.structs.replace(question, text="Why does it cost more to win a new customer?")
    marker = Marker(cache=tmp_path)
    marker.warm([question])
    (before,) = tmp_path.glob("*.npz")
    marker.warm([edited])
    (after,) = tmp_path.glob("*.npz")
    assert before.name != after.name


def test_only_so_many_questions_are_kept_in_memory(question: Question, tmp_path: Path) -> None:
    reader = Reader(marking_encoder(), default_linguist())
    library = Library(reader, "", PLAIN, tmp_path, kept=2)
    first = library.shelf(question)
    for number in range(2):
        library.shelf(msgspec.structs.replace(question, id=f"another-{number}"))
    again = library.shelf(question)
    assert again is not first
    assert again is library.shelf(question)
    assert (again.vectors == first.vectors).all() and again.vocabulary == first.vocabulary


def test_a_changed_head_is_refused(tmp_path: Path) -> None:
    for name in ("head.npz", "head.json"):
        shutil.copy(FOLDER / name, tmp_path / name)
    content = bytearray((tmp_path / "head.npz").read_bytes())
    content[-1_000] ^= 1
    (tmp_path / "head.npz").write_bytes(bytes(content))
    with pytest.raises(ModelError, match="SHA-256 differs"):
        load_head(tmp_path)


def test_a_head_of_another_encoder_is_refused() -> None:
    with pytest.raises(ModelError, match="another sentence encoder"):
        load_head(encoder_sha256="0" * 64)


def test_a_missing_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing or damaged"):
        load_head(tmp_path)


def test_plain_references_give_label_probability_and_sureness(marker: Marker) -> None:
    asked = "How did you separate the salt from the water?"
    references = ["The water was evaporated, leaving the salt."]
    label, probability, sure = marker.mark_references(asked, references, "the water evaporated and left the salt")
    assert (label, sure) == ("correct", True)
    assert probability > 0.6
    label, probability, _ = marker.mark_references(asked, references, "i used a magnet")
    assert label == "incorrect"
    assert probability < 0.4
    assert marker.mark_references(asked, references, "you separate the salt from the water")[0] == "incorrect"


def test_about_service_a_references_own_words_are_right_and_turned_round_wrong(marker: Marker) -> None:
    asked = "What should staff do when a customer complains?"
    references = ["Listen to the complaint without interrupting and write down what went wrong."]
    assert marker.mark_references(asked, references, "listen without interrupting and write down what went wrong")[
        0
    ] == ("correct")
    turned = "never listen to the complaint without interrupting"
    assert marker.mark_references(asked, references, turned)[0] != "correct"


def test_about_service_the_nearest_of_several_references_counts(marker: Marker) -> None:
    asked, text = "How do you calm a customer?", "let them talk and listen to all of it first"
    references = ["Offer a choice of what can be done next.", "Listen to all of it before you say anything."]
    alone = [marker.mark_references(asked, [reference], text) for reference in references]
    assert alone[0][1] < alone[1][1]
    assert marker.mark_references(asked, references, text) == alone[1]
    assert marker.mark_references(asked, references[::-1], text) == alone[1]


@pytest.mark.parametrize("text", STRANGE)
@pytest.mark.parametrize("reference", ["Because adverts cost money.", "Because customers like it."])
def test_any_text_can_be_marked_against_references(marker: Marker, text: str, reference: str) -> None:
    label, probability, _ = marker.mark_references("Why?", [reference], text)
    assert label in ("correct", "contradictory", "incorrect")
    assert 0.0 <= probability <= 1.0


def test_without_references_nothing_is_claimed(marker: Marker) -> None:
    assert marker.mark_references("Why?", ["", " "], "because") == ("incorrect", 0.0, False)
