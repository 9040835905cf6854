"""Inviting learners: one by one or by a file whose bad rows are all named before anything is written."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import func, select

from bot.errors import BadInput
from bot.records import audit, people
from bot.records import tables as t
from bot.records.people import Person
from bot.records.store import Records

MOST_ROWS = 500
COLUMNS = ("name", "email", "units")


class Newcomer(msgspec.Struct, frozen=True):
    """Somebody to be invited; `place` is where a file has them, for messages."""

    name: str
    email: str
    units: tuple[str, ...]
    place: str = ""


class Invited(msgspec.Struct, frozen=True):
    """An invitation that was made; its token is shown once and kept only as a hash."""

    person_id: int
    name: str
    email: str
    token: str


def read_csv(content: bytes, units: Sequence[str]) -> list[Newcomer]:
    """The rows of a CSV file with a head line `name,email` and, if wanted, `units` (separated by spaces).

    BadInput with every bad row: `row 3: …`. Rows without units get `units`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("The file is not UTF-8 text. Save it as “CSV UTF-8”.") from None
    delimiter = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    try:
        rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BadInput(f"The file is not CSV: {error}.") from None
    heads = {str(h).strip().lower(): h for h in (rows[0] if rows else {}) if h is not None}
    if not {"name", "email"} <= set(heads):
        raise BadInput("The first line must name the columns: name,email and, if wanted, units.")
    if len(rows) > MOST_ROWS:
        raise BadInput(f"The file has {len(rows)} rows; at most {MOST_ROWS} go at once.")

    def cell(row: dict[str, str], name: str) -> str:
        return " ".join(str(row.get(heads[name]) or "").split()) if name in heads else ""

    return [
        Newcomer(
            cell(r, "name"),
            cell(r, "email").lower(),
            tuple(cell(r, "units").lower().split()) or tuple(units),
            f"row {i}",
        )
        for i, r in enumerate(rows, 2)
        if any(str(v or "").strip() for v in r.values())
    ]


def invite_all(
    records: Records,
    by: Person,
    newcomers: Sequence[Newcomer],
    cohort: str,
    known_units: Collection[str],
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Invited]:
    """Add these learners to a cohort and make an invitation for each; BadInput with every problem if there is one."""
    problems = list(_problems(records, newcomers, known_units))
    if problems:
        raise BadInput("\n".join(problems))
    made = []
    for i, new in enumerate(newcomers, 1):
        id = people.add_person(records, new.name, ["learner"], now, new.email, new.units, cohort)
        token = people.invite(records, id, now)
        with records.begin() as tx:
            audit.note(tx, by.id, "invited", f"person/{id}", now, cohort=cohort, units=list(new.units))
        made.append(Invited(id, new.name, new.email, token))
        progress(i, len(newcomers))
    return made


def _problems(records: Records, newcomers: Sequence[Newcomer], known_units: Collection[str]) -> list[str]:
    if not newcomers:
        return ["There is nobody to invite."]
    emails = [n.email for n in newcomers]
    p = t.person.c
    with records.reading() as tx:
        taken = {r["email"] for r in tx._all(select(p.email).where(func.lower(p.email).in_(emails)))}
    found, seen = [], set()
    for new in newcomers:
        where = f"{new.place}: " if new.place else ""
        if not new.name or len(new.name) > 200 or not new.name.isprintable():
            found.append(f"{where}a name of 1 to 200 characters is needed.")
        local, _, domain = new.email.partition("@")
        if not local or "." not in domain or " " in new.email or len(new.email) > 254 or not new.email.isprintable():
            found.append(f"{where}{new.email or 'nothing'!r} is not an e-mail address.")
        elif new.email in taken:
            found.append(f"{where}{new.email} is somebody’s already.")
        elif new.email in seen:
            found.append(f"{where}{new.email} is there twice.")
        seen.add(new.email)
        unknown = [u for u in new.units if u not in known_units]
        if unknown or not new.units:
            named = ", ".join(sorted(known_units))
            found.append(f"{where}{unknown[0] if unknown else 'no unit'!r} – units are: {named}.")
    return found
