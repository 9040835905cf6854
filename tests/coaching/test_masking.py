"""Names of other people do not go into evidence; everything else stays word for word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.coaching.masking import masked


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Mrs Smith wanted a refund", "Mrs [name] wanted a refund"),
        ("i told mr jones i would ask", "i told mr [name] i would ask"),
        ("Dr. Patel and Miss O'Brien came in", "Dr. [name] and Miss [name] came in"),
        ("a customer called Bronwen was cross", "a customer called [name] was cross"),
        ("The lady, her name was Zsuzsa Kovacs, left", "The lady, her name was [name], left"),
        ("Sarah's order was late so I rang Priya Shah", "[name]'s order was late so I rang [name]"),
        ("I asked David. He said yes", "I asked [name]. He said yes"),
        ("Ahmed, Tom and Lucy complained", "[name], [name] and [name] complained"),
    ],
)
def test_a_name_is_masked(said: str, kept: str) -> None:
    assert masked(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "We miss calls and Mark down what the customer wants",
        "I work at John Lewis and we stock Ted Baker and Mr Kipling cakes",
        "Customers expect Grace from staff, and in May we are busy",
        "You ask them first. Then you tell the manager",
        "the dr said it is called Gold Card",
        "WE ALWAYS SAY SORRY",
        "a product called Windows was named best buy",
        "",
    ],
)
def test_what_is_no_persons_name_stays_as_it_is(said: str) -> None:
    assert masked(said) == said


def test_the_own_workplaces_words_stay() -> None:
    assert masked("At Rosa's Café we call back", "Rosa's Café") == "At Rosa's Café we call back"


@given(st.text(max_size=300))
def test_any_text_is_taken_and_masking_again_changes_nothing(text: str) -> None:
    assert masked(masked(text)) == masked(text)
