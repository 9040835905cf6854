"""Entries of the audit as people read them: names for numbers of people, words for what the program calls things."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from bot.records.audit import Entry
from bot.web.standing import short_name

PEOPLE = ("person", "people")  # details that are numbers of people
HASH_SHOWN = 16
_NOTHING: tuple[Any, ...] = (None, "", [], {})
Word = Callable[[str, str], str]  # words of a template's macro


class Shown(msgspec.Struct, frozen=True):
    """What an entry is about, and its details as (label, words); "" as label stands for none."""

    about: str
    details: tuple[tuple[str, str], ...]


def people_in(entries: Iterable[Entry]) -> set[int]:
    """Numbers of everybody in them."""
    found: set[int] = set()
    for entry in entries:
        found |= {entry.by_id} if entry.by_id else set()
        kind, _, id = entry.subject.partition("/")
        found |= {int(id)} if kind == "person" and id.isdigit() else set()
        for name, value in _details(entry).items():
            if name in PEOPLE:
                found |= {x for x in (value if isinstance(value, list) else [value]) if isinstance(x, int)}
    return found


def shown(entry: Entry, names: Mapping[int, str], word: Word) -> Shown:
    """An entry in words; what is not known keeps its own."""
    kind, _, rest = entry.subject.partition("/")
    if kind == "person":
        about = _person(rest, names)
    elif kind == "statement":
        about = short_name(rest)
    else:
        label = word("audit_subject", kind).strip()
        about = f"{label} {'no. ' if rest.isdigit() else ''}{rest}".strip()
    details = (
        (word("audit_label", name).strip(), _value(name, value, names, word))
        for name, value in sorted(_details(entry).items(), key=_last_the_hash)
        if value not in _NOTHING
    )
    return Shown(about, tuple(details))


def _details(entry: Entry) -> dict[str, Any]:
    try:
        found = json.loads(entry.detail)
    except ValueError:
        return {"": entry.detail}
    return found if isinstance(found, dict) else {"": found}


def _last_the_hash(item: tuple[str, Any]) -> tuple[int, str]:
    name = item[0]
    return (0 if name in PEOPLE else 1 if name == "statement" else 3 if name == "hash" else 2, name)


def _person(id: Any, names: Mapping[int, str]) -> str:
    name = names.get(int(id), "") if str(id).isdigit() else ""
    return f"{name} (no. {id})" if name else f"no. {id}"


def _value(name: str, value: Any, names: Mapping[int, str], word: Word) -> str:
    if isinstance(value, list):
        return ", ".join(_value(name, each, names, word) for each in value)
    if isinstance(value, dict):
        return ", ".join(
            f"{word('audit_label', k).strip()}: {_value(k, v, names, word)}"
            for k, v in value.items()
            if v not in _NOTHING
        )
    if isinstance(value, bool):
        return word("yes", value).strip()  # type: ignore[arg-type]  # the macro takes a truth value
    if name in PEOPLE:
        return _person(value, names)
    if name == "statement":
        return short_name(str(value))
    if name == "hash":
        return f"{str(value)[:HASH_SHOWN]}…"
    if name == "share" and isinstance(value, float):
        return f"{value:.0%}"
    if name in ("outcome", "roles", "role"):
        return word("audit_value", str(value)).strip()
    return str(value)
