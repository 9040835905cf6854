"""One small question; the real bank, encoder, language model and head, loaded once; the marked answers, marked."""

from __future__ import annotations

import msgspec
import pytest
from measures import Marked, marked

from bot.marking.marker import Marker
from bot.settings import ROOT
from bot.syllabus.loader import load
from bot.syllabus.model import Question
from bot.syllabus.syllabus import Syllabus

COST = {
    "id": "d1-4.9-cost-of-winning",
    "form": "open",
    "role": "plain",
    "verb": "explain",
    "criteria": ["4.9"],
    "text": "Why does it usually cost a business more to win a new customer than to keep one it already has?",
    "expectations": [
        {
            "id": "finding-costs",
            "label": "finding new customers costs money",
            "statement": "New customers have to be found first, and advertising and selling to them costs money.",
            "phrasings": [
                "you have to pay for adverts to get new people in",
                "marketing is expensive",
                "money goes on leaflets, posters and facebook ads so strangers hear about you",
                "the firm spends a lot on promotion to attract them",
                "nobody knows you so you must to advertise and that is not free",
                "sales staff spend hours chasing people who have never bought",
                "tv and radio campaigns cost thousands",
                "special offers and discounts to tempt first time buyers eat your profit",
            ],
            "counter": [
                "adverts to new customers cost nothing these days",
                "old customers need lots of expensive advertising",
            ],
            "hints": ["How do people hear about a shop?", "Who pays for a poster?"],
            "prompt": {"text": "The business has to pay for ____.", "answers": ["advertising", "adverts", "marketing"]},
            "assertion": "New customers must be found first, and adverts and sales time cost money.",
        },
        {
            "id": "existing-trust",
            "label": "existing customers already trust you",
            "statement": "Existing customers already know and trust the business, so they need less persuading.",
            "phrasings": [
                "regulars already trust you",
                "they know what you are like so you dont have to convince them",
                "people who bought before come back without being asked",
                "old customers are used to us and like our service already",
                "you have a relationship with them so selling is easy",
                "they had good experience so no need for persuade",
                "loyal ones believe in your brand",
                "someone that has been coming for years is happy to buy again",
            ],
            "counter": ["new customers trust you straight away", "existing customers do not trust the business"],
            "hints": ["Think about a shop you use every week.", "What does a regular already know?"],
            "prompt": {"text": "Existing customers already ____ you.", "answers": ["trust", "know"]},
            "assertion": "Existing customers know and trust you, so they need less persuading.",
        },
        {
            "id": "word-of-mouth",
            "label": "happy customers tell others",
            "statement": "Happy existing customers recommend the business to friends and family for free.",
            "phrasings": [
                "they tell there mates about you",
                "free word of mouth",
                "if people are happy they recommend us to family",
                "good reviews from regulars bring others in for nothing",
                "satisfied customers spread the word",
                "my nan told all her friends about the salon",
                "they leave 5 stars online so others come",
                "a pleased client sends their friends along",
            ],
            "counter": ["happy customers keep it to themselves", "customers complain to their friends about you"],
            "hints": ["What do you do after a great meal?", "Who hears about a good haircut?"],
            "prompt": {"text": "Happy customers ____ you to friends.", "answers": ["recommend"]},
            "assertion": "Happy customers recommend you to friends and family, and that is free.",
        },
    ],
    "misconceptions": [
        {
            "id": "new-is-cheaper",
            "statement": "New customers are cheaper than existing ones.",
            "phrasings": [
                "its cheaper to find new ones",
                "new customers cost less than keeping the old",
                "keeping customers is the expensive part",
                "getting new people in costs hardly anything compared to looking after regulars",
            ],
            "correction": "It is usually the other way round.",
        }
    ],
    "sufficient": {"points": 2, "means": "Two reasons."},
    "model_answer": "New customers have to be found with adverts, which cost money. Regulars already trust you.",
}


@pytest.fixture(scope="session")
def question() -> Question:
    return msgspec.convert(COST, type=Question)


@pytest.fixture(scope="session")
def marker() -> Marker:
    return Marker()


@pytest.fixture(scope="session")
def bank() -> Syllabus:
    """The real content of `knowledge/`."""
    return load(ROOT / "knowledge")


@pytest.fixture(scope="session")
def shelved() -> Marker:
    """A marker with the vectors of questions that `rapport prepare` keeps on disk."""
    return Marker(cache=ROOT / "var" / "cache")


@pytest.fixture(scope="session")
def found(bank: Syllabus, shelved: Marker) -> Marked:
    """The marked answers and their markings."""
    return marked(bank.questions, shelved)
