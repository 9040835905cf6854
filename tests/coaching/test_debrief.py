"""The debrief: the learner's own sentences, what they did, and nothing scored that could not be shown."""

from __future__ import annotations

from bot.coaching.debrief import Debrief, debrief
from bot.coaching.roleplay import Said, Spoken, begin, step
from bot.settings import ROOT
from bot.syllabus.loader import load

SHOP = load(ROOT / "knowledge").scenarios["shop-late-refund"]


def after(*script: tuple[str, ...], before: tuple[Debrief, ...] = ()) -> Debrief:
    """The debrief of a run in which each message is one sentence a move."""
    state, _ = begin(SHOP, "standard", 3)
    for moves in script:
        asked = tuple(m.split(":")[1] for m in moves if ":" in m)
        named = [m.split(":")[0] for m in moves]
        state, _ = step(SHOP, state, Said(" ".join(named), tuple(Spoken(f"I {m}?", (m,)) for m in named), asked))
    return debrief(SHOP, state, before)


def level(found: Debrief, behaviour: str) -> str:
    """How a behaviour was shown; "" if it is left out."""
    return next((f.level for f in found.findings if f.behaviour == behaviour), "")


def test_what_there_was_no_chance_to_show_is_left_out() -> None:
    found = after(("ask:why-late",))
    assert level(found, "finds-out") == "good"
    assert level(found, "keeps-promises") == ""
    assert "said what happens next and when" in found.no_chance


def test_what_was_shown_before_its_time_counts_all_the_same() -> None:
    assert level(after(("empathise", "explain_limit")), "sees-the-conflict") == "good"


def test_a_chance_that_was_not_taken_is_not_shown() -> None:
    found = after(("explain_limit",), ("inform",))
    assert level(found, "added-value") == ""
    assert level(found, "balances") == "fair"
    assert level(found, "refers") == "not_shown"


def test_sentences_are_quoted_with_their_turn_and_what_they_did() -> None:
    found = after(("ask:why-late",), ("empathise", "explain_limit"))
    finding = next(f for f in found.findings if f.behaviour == "sees-the-conflict")
    assert finding.level == "good"
    assert ("I empathise?", 2) in [(q.text, q.turn) for q in finding.quotes]
    assert finding.quotes[0].temper > 0


def test_a_word_that_hurts_is_what_to_stop_and_where_to_start_again() -> None:
    found = after(("ask:why-late",), ("empathise", "dismiss"))
    assert found.hurt is not None and found.hurt.text == "I dismiss?"
    assert found.turning_point == 2
    assert level(found, "finds-out") == "good"


def test_keep_is_what_was_good_and_start_what_was_weakest() -> None:
    found = after(("ask:why-late",), ("explain_limit",), ("inform",))
    assert found.keep is not None and found.findings[found.keep].level == "good"
    assert found.start is not None and found.findings[found.start].level == "not_shown"
    assert found.hurt is None


def test_only_what_was_shown_is_practised() -> None:
    found = after(("ask:why-late",), ("explain_limit",))
    assert found.practised()["d1/3.2"] == "good"
    assert "nos/P9" not in found.practised()


def test_a_better_run_is_told_from_a_worse_one() -> None:
    worse, better = after(("dismiss",), ("argue",)), after(("ask:why-late",), ("empathise", "explain_limit"))
    assert "ct10/P3" in after(("ask:why-late",), before=(worse,)).better_than
    assert "ct10/P3" in after(("dismiss",), ("argue",), before=(better, worse)).worse_than
    assert after(("dismiss",), ("argue",), before=(worse,)).worse_than == ()
