"""The customer of a role-play: whatever is said, in whatever order."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.coaching.roleplay import Said, Spoken, State, begin, restored, step
from bot.coaching.roleplay.conditions import holds
from bot.coaching.roleplay.engine import HURTS, effect_of
from bot.coaching.roleplay.proving import look, missing, prove
from bot.settings import ROOT
from bot.syllabus.loader import check
from bot.syllabus.scenario import MOST_TURNS, MOVES, SCALE, Scenario

SCENARIOS = check(ROOT / "knowledge")[0].scenarios
SHOP = SCENARIOS["shop-late-refund"]
RUNS = 300

sentences = st.builds(Spoken, st.text(max_size=40), st.lists(st.sampled_from(sorted(MOVES)), max_size=3).map(tuple))


def messages(scenario: Scenario) -> st.SearchStrategy[list[Said]]:
    """Any twelve messages: any words, any moves, any questions."""
    facts = st.lists(st.sampled_from([f.id for f in scenario.facts]), max_size=3).map(tuple)
    said = st.builds(Said, st.text(max_size=60), st.lists(sentences, max_size=4).map(tuple), facts)
    return st.lists(said, min_size=MOST_TURNS + 2, max_size=MOST_TURNS + 2)


def says(*moves: str, asked: tuple[str, ...] = ()) -> Said:
    """A message of one sentence with these moves."""
    return Said(" ".join(moves), (Spoken(" ".join(moves), moves),), asked)


def play(scenario: Scenario, *script: Said, level: str = "standard", seed: int = 1) -> State:
    """The state after these messages, or as soon as it has ended."""
    state, _ = begin(scenario, level, seed)  # type: ignore[arg-type]
    for said in script:
        state, _ = step(scenario, state, said)
    return state


@pytest.mark.parametrize("id", SCENARIOS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_conversation_ends_in_time_with_its_conditions_and_never_repeats_a_sentence(
    id: str, data: st.DataObject
) -> None:
    scenario = SCENARIOS[id]
    level = data.draw(st.sampled_from(["easy", "standard", "hard"]))
    state, reply = begin(scenario, level, data.draw(st.integers(0, 2**32)))
    assert reply.text
    for said in data.draw(messages(scenario)):
        before = state
        state, reply = step(scenario, state, said)
        if before.ending:
            assert state == before
            continue
        assert reply.text
        assert state.patience <= before.patience
        if not state.turns[-1].addressed:
            assert state.patience < max(1, before.patience)
        assert 0 <= state.temper <= SCALE and 0 <= state.trust <= SCALE
        assert len(state.turns) <= MOST_TURNS
    assert state.ending is not None
    assert any(holds(condition, state) for condition in scenario.ending(state.ending).when)
    assert len(set(state.lines)) == len(state.lines)


@settings(max_examples=40, deadline=None)
@given(script=messages(SHOP), seed=st.integers(0, 1000))
def test_the_same_seed_and_words_give_the_same_run_and_the_state_survives_json(script: list[Said], seed: int) -> None:
    once, again = play(SHOP, *script, seed=seed), begin(SHOP, "standard", seed)[0]
    for said in script:
        again, _ = step(SHOP, msgspec.json.decode(msgspec.json.encode(again), type=State), said)
    assert once == again


@pytest.mark.parametrize("id", SCENARIOS)
def test_random_conversations_see_every_ending_situation_and_behaviour(id: str) -> None:
    scenario = SCENARIOS[id]
    assert missing(scenario, look(scenario, RUNS, first=10_000)) == [] or prove(scenario) == []


def test_the_customer_says_the_same_in_other_words_when_ignored() -> None:
    state = play(SHOP, says(), says(), level="easy")
    first, second = (t.reply for t in state.turns)
    assert state.situation == SHOP.situations[0].id
    assert any(line in first for line in SHOP.situations[0].again)
    assert any(line in second for line in SHOP.situations[0].again)
    assert first != second and state.patience == 3


def test_the_customer_answers_what_was_asked_and_says_so_when_asked_again() -> None:
    state = play(SHOP, says("ask", asked=("why-late",)), says("ask", asked=("why-late",)))
    assert SHOP.manners is not None
    assert any(line in state.turns[0].reply for line in SHOP.fact("why-late").say)
    assert any(line in state.turns[1].reply for line in SHOP.manners.asked_again)


def test_a_kind_word_works_less_the_second_time_and_not_the_third() -> None:
    state = play(SHOP, *[says("empathise")] * 3, level="easy")
    effects = [sum(c.temper for c in t.changes if c.move == "empathise") for t in state.turns]
    assert effects == [2, 1, 0]


def test_a_no_hurts_less_after_a_kind_word() -> None:
    harsh = effect_of(SHOP, "the-rule", "say_no").temper
    state = play(SHOP, says("empathise"), says("say_no"))
    assert -2 <= state.turns[1].changes[0].temper <= harsh // 2 + 1


@pytest.mark.parametrize("move", HURTS)
def test_a_move_that_hurts_costs_patience_and_gets_an_answer_of_its_own(move: str) -> None:
    state = play(SHOP, says(move, "empathise"))
    assert state.patience < SHOP.levels.standard.patience
    assert SHOP.manners is not None
    assert any(line in state.turns[0].reply for line in SHOP.manners.reactions[move])


def test_handled_well_badly_and_not_at_all_end_differently() -> None:
    well = play(
        SHOP, says("greet", "ask", asked=("why-late",)), says("empathise", "ask", asked=("what-would-help",)),
        says("explain_limit", "offer_alternative"), says("add_value", "inform"), says("promise"),
    )  # fmt: skip
    badly = play(SHOP, *[says("say_no"), says("dismiss"), says("argue"), says("rude"), says("blame")])
    ignored = play(SHOP, *[says()] * MOST_TURNS)
    assert well.ending == "delighted"
    assert {badly.ending, ignored.ending} <= {"walks-away", "to-the-manager"}


@settings(max_examples=30, deadline=None)
@given(script=messages(SHOP), seed=st.integers(0, 1000), level=st.sampled_from(["easy", "standard", "hard"]))
def test_a_run_is_restored_from_its_recorded_turns_whatever_came_of_it(
    script: list[Said], seed: int, level: str
) -> None:
    state = play(SHOP, *script, level=level, seed=seed)
    for n in range(len(state.turns)):
        again = restored(SHOP, state.difficulty, seed, state.opening, state.turns[:n])
        assert step(SHOP, again, state.turns[n].said)[0].turns == state.turns[: n + 1]
