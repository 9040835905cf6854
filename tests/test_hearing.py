"""How a message is understood in a role-play: by the real classifier of moves and the real encoder."""

from __future__ import annotations

import pytest

from bot.hearing import QUESTION, Hearing
from bot.settings import ROOT
from bot.syllabus.loader import load
from bot.syllabus.scenario import BAD_MOVES

SCENARIOS = load(ROOT / "knowledge").scenarios
SHOP = SCENARIOS["shop-late-refund"]


@pytest.fixture(scope="module")
def hearing() -> Hearing:
    """The ears as the dialogue process has them."""
    made = Hearing()
    made.prepare(SHOP)
    return made


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("Hi Mrs Doyle, when did you buy it?", "bought-when"),
        ("whats wrong with it is it broke", "whats-wrong"),
        ("do u have ur reciept", "receipt"),
        ("why didnt you come in earlier", "why-late"),
        ("Could you tell me what happened?", "why-late"),
        ("what do you need the mixer for", "what-would-help"),
        ("are you a member of our loyalty scheme?", "card"),
    ],
)
def test_a_question_is_matched_to_its_fact_by_meaning(hearing: Hearing, text: str, fact: str) -> None:
    said = hearing.hear(SHOP, text, "")
    assert said.asked[0] == fact and "ask" in said.moves()


@pytest.mark.parametrize(
    "text",
    ["What is the weather like?", "I bought one of these myself.", "Our refunds run for 30 days.", "", "???", "£" * 50],
)
def test_what_asks_for_nothing_the_customer_knows_is_matched_to_nothing(hearing: Hearing, text: str) -> None:
    assert hearing.hear(SHOP, text, "").asked == ()


def test_a_message_has_several_moves_and_several_questions_at_most_two(hearing: Hearing) -> None:
    text = "I'm so sorry you were ill. When did you buy it? Do you have the receipt? Is it broken? Have you our card?"
    said = hearing.hear(SHOP, text, "")
    assert {"empathise", "ask"} <= set(said.moves()) or {"apologise", "ask"} <= set(said.moves())
    assert len(said.asked) == 2


def test_talk_beside_the_point_is_only_that(hearing: Hearing) -> None:
    for sentence in hearing.hear(SHOP, "It is raining a lot today.", "Can I bring it back or not?").sentences:
        assert "ignore" not in sentence.moves or sentence.moves == ("ignore",)


@pytest.mark.parametrize("id", SCENARIOS)
def test_the_questions_of_a_scenario_are_told_apart(hearing: Hearing, id: str) -> None:
    scenario = SCENARIOS[id]
    asked = [(f.id, hearing.hear(scenario, q, "").asked[:1]) for f in scenario.facts for q in f.questions]
    assert sum(found == (fact,) for fact, found in asked) >= 0.85 * len(asked)


def test_the_better_wordings_make_the_moves_they_stand_for() -> None:
    hearing = Hearing()
    missed = []
    for scenario in SCENARIOS.values():
        for b in scenario.behaviours:
            moves = set(hearing.hear(scenario, b.better, "").moves())
            if not moves & {*b.good.when.moves(), *b.fair.when.moves()} or moves & set(BAD_MOVES):
                missed.append((scenario.id, b.id, sorted(moves)))
    assert len(missed) <= 0.15 * sum(len(s.behaviours) for s in SCENARIOS.values()), missed


@pytest.mark.parametrize(
    "id, text",
    [
        ("housing-broken-lift", "Who does your shopping at the moment?"),
        ("depot-no-id", "Do you have a passport or driving licence?"),
    ],
)
def test_a_question_the_customer_can_answer_is_not_beside_the_point(hearing: Hearing, id: str, text: str) -> None:
    said = hearing.hear(SCENARIOS[id], text, "")
    assert said.asked and "ignore" not in said.moves() and "ask" in said.moves()


def test_a_very_long_message_is_heard_in_time(hearing: Hearing) -> None:
    said = hearing.hear(SHOP, "Can I ask you something, please? " * 300, "")
    assert said.sentences


@pytest.mark.parametrize("text", ["when was it", "so why did you", "could u say more", "tell me what happened", "ok?"])
def test_questions_are_known_without_their_mark(text: str) -> None:
    assert QUESTION.search(text)
