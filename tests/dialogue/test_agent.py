"""How the Agent is built: guarded patches, sessions that stay short, the tracker store, the server's door."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import rasa
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.graph import GraphSchema, SchemaNode
from rasa.shared.core.events import Event
from rasa.shared.utils.common import all_subclasses
from sqlalchemy import text

from bot import bootstrap
from bot.dialogue import agent as agents
from bot.dialogue import patches
from bot.dialogue.server import create_app
from bot.dialogue.turns import rasa_text
from bot.errors import ModelError
from bot.records import messages


def test_the_patched_class_lookup_answers_as_rasas_own() -> None:
    """For every kind of event there is."""
    patches.apply()
    for kind in all_subclasses(Event):
        assert Event.resolve_by_type(kind.type_name).type_name == kind.type_name
    with pytest.raises(ValueError, match="Unknown event"):
        Event.resolve_by_type("no such event")


def test_another_rasa_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The patches were written for one version."""
    monkeypatch.setattr(rasa, "__version__", "3.6.99")
    assert patches.apply() is False


def test_the_graph_runs_each_node_once_after_what_it_needs() -> None:
    """As dask did, without asking it."""
    ran = []

    def node(name: str) -> Any:
        def run(*needs: Any) -> tuple[str, Any]:
            ran.append(name)
            return name, (name, *[value for _, value in needs])

        return run

    needs = {"gate": {"m": "words", "t": "tracker"}, "words": {"m": "split"}, "split": {"m": "message"}, "other": {}}
    schema = GraphSchema({name: SchemaNode(of, SimpleNamespace, "create", "run", {}) for name, of in needs.items()})
    runner = SimpleNamespace(_graph_schema=schema, _instantiated_nodes={name: node(name) for name in needs})
    for _ in range(2):
        given = patches._run_in_order(runner, {"message": "hello", "tracker": "live"}, ["gate"])
    assert given == {"gate": ("gate", ("words", ("split", "hello")), "live")}
    assert ran == ["split", "words", "gate"] * 2

    runner._instantiated_nodes["split"] = lambda *needs: 1 / 0
    with pytest.raises(ZeroDivisionError):
        patches._run_in_order(runner, {"message": "hello", "tracker": "live"}, ["gate"])


def test_an_action_that_answers_with_something_else_is_an_error() -> None:
    """The check that stands in for the JSON schema."""

    class Named:
        def name(self) -> str:
            return "action_odd"

    with pytest.raises(TypeError, match="action_odd"):
        patches._looks_right(Named(), {"events": None, "responses": []})


async def test_predictions_and_copies_are_the_ones_that_rasa_makes(chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a question, at a command within it, outside of one."""
    patched = RulePolicy._predict
    others: list[Any] = []
    many: list[str] = []

    def both(self: Any, tracker: Any, domain: Any) -> Any:
        made, theirs = patched(self, tracker, domain), patched.__wrapped__(self, tracker, domain)
        copy, replayed = tracker.copy(), tracker.travel_back_in_time(float("inf"))
        if made != theirs:
            others.append((made, theirs))
        for name in ("events", "active_loop", "latest_action", "latest_message", "followup_action", "_paused"):
            if getattr(copy, name) != getattr(replayed, name):
                others.append((name, getattr(copy, name), getattr(replayed, name)))
        for name, slot in copy.slots.items():
            if vars(slot) != vars(replayed.slots[name]) or slot is tracker.slots[name]:
                others.append((name, vars(slot), vars(replayed.slots[name])))
        many.append(domain.action_names_or_texts[made[0].max_confidence_index])
        return made

    monkeypatch.setattr(RulePolicy, "_predict", both)
    for said in [
        "quiz me on 4.9",
        "adverts cost money",
        "hint",
        "why?",
        "skip",
        "no idea what to say",
        "stop",
        "hello",
    ]:
        assert await chat.say(said)
    assert others == [] and {"practice_form", "action_listen", "action_hint", "action_welcome"} <= set(many)


async def test_a_long_session_is_renewed_and_the_question_stays_open(chat: Any, agent: Any) -> None:
    """Fifteen hints, questions and answers in a row: the tracker stays short, no turn is lost."""
    await chat.say("quiz me on 4.9")
    for said in ["why?", "repeat", "what does retention mean?"] * 6:
        assert await chat.say(said)
    tracker = await agent.tracker_store.retrieve(f"person-{chat.person_id}")
    assert len(tracker.events) <= agents.LONGEST_SESSION + 12
    assert "Hint" in await chat.say("hint")


def test_the_tracker_store_waits_for_other_writers(tmp_path: Path) -> None:
    """SQLite in WAL mode with kept connections."""
    store = agents.DirectSQLTrackerStore(f"sqlite:///{tmp_path / 'deep' / 'tracker.sqlite'}")
    with store.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 15000


def test_a_missing_model_is_one_sentence_with_the_way_out(tmp_path: Path) -> None:
    """No trained model in the folder."""
    with pytest.raises(ModelError, match="rapport train"):
        agents.newest_model(tmp_path)


@pytest.mark.parametrize(
    ("typed", "payload", "given"),
    [
        ("/restart", None, "restart"),
        ("hint", None, "hint"),
        ("Hint", "/hint", "/hint"),
        ("b", '/choose{"option": "b", "question": "d1-x"}', '/choose{"option": "b", "question": "d1-x"}'),
        ("x", "/restart", "x"),
        ("x", "/choose{broken", "x"),
        (" / ", None, "/empty_message"),
        ("", None, "/empty_message"),
    ],
)
def test_only_offered_payloads_reach_rasa_as_intents(typed: str, payload: str | None, given: str) -> None:
    """What is typed is text."""
    assert rasa_text(typed, payload) == given


async def test_between_turns_the_process_makes_ready_for_the_answer_to_what_it_has_asked(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared, marker = list[str](), bootstrap.marker()
    monkeypatch.setattr(marker.full, "prepare", lambda question: prepared.append(question.id))
    messages.accept(chat.records, "ask", chat.person_id, "test", "quiz me on 4.9", None, bootstrap.utc_now())
    transport = httpx.ASGITransport(app=create_app(chat.turns, "s3cret", marker.catch_up))
    headers = {"authorization": "Bearer s3cret"}
    async with httpx.AsyncClient(transport=transport, base_url="http://dialogue", headers=headers) as client:
        asked = {"message_id": "ask", "person_id": chat.person_id}
        assert (await client.post("/turn", json=asked)).json()["replies"] > 0
    assert prepared and prepared[-1].startswith("d1-4.9")


async def test_the_dialogue_server_wants_its_secret(chat: Any) -> None:
    """Without it a turn is refused; with it an unknown message is 404, and what is no message 400."""
    transport = httpx.ASGITransport(app=create_app(chat.turns, "s3cret"))
    asked = {"message_id": "x", "person_id": 1}
    async with httpx.AsyncClient(transport=transport, base_url="http://dialogue") as client:
        assert (await client.post("/turn", json=asked)).status_code == 401
        client.headers["authorization"] = "Bearer s3cret"
        assert (await client.post("/turn", json=asked)).status_code == 404
        for wrong in ({**asked, "person_id": "who"}, {"message_id": "x"}, ["x"]):
            assert (await client.post("/turn", json=wrong)).status_code == 400
        assert (await client.post("/turn", content=b"{")).status_code == 400
        assert (await client.get("/healthz")).status_code == 200
