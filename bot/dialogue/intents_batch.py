"""`python -m bot.dialogue.intents_batch --model PATH IN OUT`: what a trained model takes each line for.

In: JSON lines {"text", "during": "practice" | "roleplay" | "assessment" | null}, extra fields kept.
Out: the same lines with "intent", "confidence", "taken_as"; a bad line becomes {"error": ...} in its place.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Optional

from bot.dialogue.quiet import quiet
from bot.errors import BadInput, ModelError

FORMS = {"practice": "practice_form", "roleplay": "roleplay_form", "assessment": "assessment_form"}


class Understanding:
    """The language understanding of one trained model, with a conversation prepared for each question put to it."""

    def __init__(self, model: Path) -> None:
        from rasa.core.agent import Agent  # seconds: only when it is really used

        if not model.exists():
            raise ModelError(f"{model}: there is no such model. Train one with `rapport train`.")
        self._agent = Agent.load(model_path=str(model))
        if self._agent.processor is None:
            raise ModelError(f"{model}: the model cannot be loaded. Train again.")

    def parse(self, text: str, during: Optional[str], question: str = "") -> dict[str, Any]:
        """Rasa's parse data for `text`, as if it was typed during that exercise after `question`."""
        from rasa.core.channels.channel import UserMessage
        from rasa.shared.core.events import ActiveLoop, BotUttered, Event
        from rasa.shared.core.trackers import DialogueStateTracker

        events: list[Event] = [ActiveLoop(FORMS[during])] if during else []
        if question:
            events.append(BotUttered(question))
        tracker = DialogueStateTracker.from_events("batch", events)
        typed = text.strip().lstrip("/").strip()
        processor = self._agent.processor
        assert processor is not None
        return asyncio.run(processor.parse_message(UserMessage(typed), tracker))


def understood(lines: Iterable[str], model: Understanding) -> Iterator[dict[str, Any]]:
    """One object a line; blank lines are bad lines too, so that nothing shifts."""
    for line in lines:
        try:
            row = _row(line)
            data = model.parse(row["text"], row.get("during"), _question(row))
        except BadInput as error:
            yield {"error": str(error)}
        except Exception as error:  # one line must not cost the others
            yield {"error": f"could not be read: {type(error).__name__}"}
        else:
            intent = data["intent"]
            taken_as = data.get("gate", {}).get("taken_as", "fallback")
            yield {
                **row,
                "intent": intent["name"],
                "confidence": round(float(intent["confidence"]), 4),
                "taken_as": taken_as,
            }


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadInput(f"not JSON: {error}") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise BadInput('"text" is missing or no text')
    if row.get("during") not in (None, *FORMS):
        raise BadInput(f'"during" must be one of {", ".join(FORMS)} or null')
    return row


def _question(row: dict[str, Any]) -> str:
    question = row.get("question")
    return question if isinstance(question, str) else ""


def main(arguments: Optional[list[str]] = None) -> int:
    """Command line: 0 when every line was understood, 1 when some were bad, 2 when nothing could be done."""
    parser = argparse.ArgumentParser(
        prog="python -m bot.dialogue.intents_batch", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    given = parser.parse_args(arguments)
    try:
        with given.input.open(encoding="utf-8-sig", errors="replace") as source:
            lines = source.read().split("\n")
        if lines and not lines[-1].strip():
            lines.pop()
        quiet()  # Rasa logs every parsed message to standard output
        model = Understanding(given.model)
        bad = 0
        with given.output.open("w", encoding="utf-8") as target:
            for result in understood(lines, model):
                bad += "error" in result
                target.write(json.dumps(result, ensure_ascii=False) + "\n")
    except (ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
