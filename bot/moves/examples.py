"""The training sentences of data/nlu/moves/*.yml: Rasa's own form of examples under the key `moves`."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from bot.moves.model import MOVES


class Example(NamedTuple):
    """A sentence and the moves people gave it, in the order of `MOVES`."""

    text: str
    moves: tuple[str, ...]


def parse(content: str, shown: str) -> tuple[list[Example], list[str]]:
    """The examples of one file and its problems, `file: place: problem`."""
    try:
        data: Any = yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        return [], [f"{shown}: file: {error}"]
    groups = data.get("moves") if isinstance(data, dict) else None
    if not isinstance(groups, list):
        return [], [f"{shown}: moves: must be a list of groups with `moves` and `examples`"]
    examples: list[Example] = []
    problems: list[str] = []
    for number, group in enumerate(groups):
        place = f"{shown}: $.moves[{number}]"
        names = group.get("moves") if isinstance(group, dict) else None
        text = group.get("examples") if isinstance(group, dict) else None
        if not isinstance(names, list) or not isinstance(text, str):
            problems.append(f"{place}: needs `moves`, a list of names (empty for no move), and `examples`, a text")
            continue
        unknown = [str(name) for name in names if name not in MOVES]
        problems += [f'{place}: "{name}": there is no such move' for name in unknown]
        moves = tuple(move for move in MOVES if move in names)
        for line in text.splitlines():
            if not line.strip():
                continue
            if not line.startswith("- ") or not line[2:].strip():
                problems.append(f"{place}: {line.strip()!r}: an example is a line that starts with `- `")
            elif not unknown:
                examples.append(Example(line[2:].strip(), moves))
    return examples, problems


def contradictions(examples: list[Example]) -> list[str]:
    """Sentences that are there twice with different moves, in words for a person."""
    known: dict[str, tuple[str, ...]] = {}
    out = []
    for text, moves in examples:
        key = " ".join(text.lower().split())
        if known.setdefault(key, moves) != moves:
            out.append(f'"{text}": has both {list(known[key])} and {list(moves)}')
    return out
