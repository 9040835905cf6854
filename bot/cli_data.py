"""`rapport export`, `erase`: a person's data on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Optional

import typer

from bot import bootstrap
from bot.errors import BadInput
from bot.records import people
from bot.records.people import Person

if TYPE_CHECKING:  # heavy
    from bot.records import erasing


def one(who: str) -> Person:
    """The one person of that id, address or name; BadInput if there is none or more than one."""
    found = people.named(bootstrap.records(), who)
    if len(found) != 1:
        raise BadInput(f"{len(found)} people are called {who!r}. Use the id from `rapport people list`.")
    return found[0]


def export(
    person: str,
    out: Optional[Path] = typer.Option(None, "--out", help="File to write: FILE.json and, to read, FILE.html."),
) -> None:
    """Write all that is held on a person: JSON, and with --out a page to read as well."""
    from bot import dossier
    from bot.records import audit

    records, now, found = bootstrap.records(), bootstrap.utc_now(), one(person)
    data = dossier.collect(records, bootstrap.settings().tracker_url, found.id, now)
    if out is None:
        typer.echo(dossier.as_json(data))
    else:
        made = dossier.write(data, out)
        typer.echo(f"Written: {made[0]} and {made[1]}. They are personal data: hand them over safely.", err=True)
    with records.begin() as tx:
        audit.note(tx, None, "exported", f"person/{found.id}", now)


def erase(
    person: str,
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Erase what may go of a person; assessment records stay under a pseudonym, and it is said why and until when."""
    from bot.records import conversations, erasing
    from bot.records.engine import open_engine

    records, found = bootstrap.records(), one(person)
    plan = erasing.plan(records, found.id)
    _tell(plan)
    if not yes and not typer.confirm(f"Erase {found.name} (id {found.id})? This cannot be undone."):
        raise BadInput("Nothing was erased.")
    erasing.erase(records, None, found.id, bootstrap.utc_now())
    tracker = open_engine(bootstrap.settings().tracker_url)
    try:
        events = conversations.erase_events(tracker, found.id)
    finally:
        tracker.dispose()
    typer.echo(f"Erased. {events} events of Rasa's own copy of the conversation are gone, too.")
    typer.echo("Backups made before still hold it: delete them when their time is over.")


def _tell(plan: erasing.Plan) -> None:
    """What goes, what stays."""
    typer.echo(f"{plan.name} (id {plan.person_id})")
    typer.echo("Goes: name, e-mail address, password; sign-in")
    for name, rows in plan.gone.items():
        typer.echo(f"  {name}: {rows}")
    typer.echo("Stays, under a pseudonym:")
    for kept in plan.kept:
        typer.echo(f"  {kept.table}: {kept.rows} – {kept.why}")
    until = f"{plan.until:%d %B %Y}" if plan.until else "3 years after a criterion is achieved; none is so far"
    typer.echo(f"Assessment records stay until: {until}.")
