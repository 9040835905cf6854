"""Three whole role-plays by example scripts through `rapport chat`: handled well, badly, and ignoring the customer."""

from __future__ import annotations

import pytest

from bot.settings import ROOT
from tests.e2e.conftest import System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
BAD_ENDS = ("has walked away", "goes to your manager")


def piped(system: System, name: str, difficulty: str = "") -> str:
    """What `rapport chat < script` prints, as a learner of one's own."""
    learner = f"Role Player {name}"
    added = system.rapport("people", "add", learner, "--unit", "d1")
    assert added.returncode == 0, added.stderr
    script = (ROOT / "docs" / "examples" / f"roleplay-{name}.txt").read_text(encoding="utf-8")
    done = system.rapport("chat", "--learner", learner, input=script)
    assert done.returncode == 0, done.stderr
    return done.stdout


def customer_lines(out: str) -> list[str]:
    """All that Mrs Doyle says."""
    return [line.removeprefix("Mrs Doyle: ") for line in out.splitlines() if line.startswith("Mrs Doyle: ")]


def test_handled_well_the_customer_is_won_and_the_debrief_says_what_did_it(system: System) -> None:
    out = piped(system, "well")
    assert "Your brief." in out and out.index("Your brief.") < out.index("Mrs Doyle: ")
    assert "is delighted" in out or "is content" in out
    assert out.index("what went well, in your own view?") < out.index("This is what I saw:")
    assert "✓ You asked before deciding." in out and "sorry you were ill" in out.split("This is what I saw:")[1]
    assert "Stop: nothing" in out and "Practice – not evidence" in out.split("This is what I saw:")[1]
    assert "witness statement" in out.splitlines()[-1] and "not evidence" in out.splitlines()[-1]
    said = customer_lines(out)
    assert len(said) == len(set(said))
    covered = system.rapport("coverage", "--learner", "Role Player well", "--format", "csv")
    assert any("d1/2.2" in line and "practised" in line for line in covered.stdout.splitlines())
    assert "achieved" not in covered.stdout


def test_handled_badly_the_customer_is_lost_and_the_debrief_names_the_sentence(system: System) -> None:
    out = piped(system, "badly")
    assert any(end in out for end in BAD_ENDS)
    after = out.split("This is what I saw:")[1]
    assert "✗" in after and "Stop: “" in after and "Stop: nothing" not in after
    assert "thank" not in " ".join(customer_lines(out)).lower()


def test_ignoring_the_customer_makes_them_ask_again_in_other_words_and_leave(system: System) -> None:
    out = piped(system, "ignored")
    assert any(end in out for end in BAD_ENDS)
    said = customer_lines(out)
    assert len(said) == len(set(said)) >= 4
    assert sum("mixer" in line for line in said) >= 3
    after = out.split("This is what I saw:")[1]
    assert "○ Not shown" in after
    assert "thank" not in " ".join(said).lower()
