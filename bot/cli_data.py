"""`rapport export`, `erase`, `backup`, `restore`: people's data on the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import typer

from bot import bootstrap
from bot.errors import BadInput
from bot.records import people
from bot.records.people import Person
from bot.settings import Settings, run_file

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


def corrections(
    out: Optional[Path] = typer.Option(None, "--out", help="File to write; else standard output."),
) -> None:
    """Write the answers whose mark a person has changed, without names, as `rapport mark --evaluate` reads them."""
    from bot.records import audit, marked_answers

    records = bootstrap.records()
    marked = marked_answers.corrections(records, None, bootstrap.syllabus().key_points())
    lines = marked_answers.as_lines(marked)
    if out is None:
        typer.echo(lines, nl=False)
    else:
        try:
            out.write_text(lines, encoding="utf-8")
        except OSError as error:
            raise BadInput(f"{out}: {error.strerror}.") from error
    typer.echo(
        f"{len(marked)} corrected answers. Names of customers and colleagues in them are not taken out.", err=True
    )
    with records.begin() as tx:
        audit.note(tx, None, "exported", "corrections", bootstrap.utc_now())


def erase(
    person: str,
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Erase what may go of a person; assessment records stay under a pseudonym, and it is said why and until when."""
    from bot.records import conversations, erasing
    from bot.records.engine import opened

    records, found = bootstrap.records(), one(person)
    plan = erasing.plan(records, found.id)
    _tell(plan)
    if not yes and not typer.confirm(f"Erase {found.name} (id {found.id})? This cannot be undone."):
        raise BadInput("Nothing was erased.")
    erasing.erase(records, None, found.id, bootstrap.utc_now())
    with opened(bootstrap.settings().tracker_url) as tracker:
        events = conversations.erase_events(tracker, found.id)
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
    until = f"{plan.until:%d %B %Y}" if plan.until else f"{plan.kept_for} after a criterion is achieved; none is so far"
    typer.echo(f"Assessment records stay until: {until}.")


def retain() -> None:
    """Remove chats older than they are kept; name people whose assessment records are past their time."""
    from bot.records import retention, retention_times
    from bot.records.engine import opened
    from bot.records.retention_tables import ASSESSMENTS, CHATS

    records, settings, now = bootstrap.records(), bootstrap.settings(), bootstrap.utc_now()
    kept = retention_times.in_force(records, settings.keep_chat_days)
    chats, assessments = kept[CHATS.name], kept[ASSESSMENTS.name]
    with opened(settings.tracker_url) as tracker:
        removed = retention.remove_old(records, tracker, chats.span, now)
    for name, rows in removed.rows.items():
        typer.echo(f"{name}: {rows} removed")
    typer.echo(f"Chats are kept for {chats.words}; {removed.total} rows were older.")
    late = retention.past_their_time(records, now, assessments.span)
    for person, last in late:
        achieved = f"last achieved {last:%d %B %Y}"
        typer.echo(f"Person {person}: assessment records past {assessments.words} ({achieved}); nothing removed.")
    if not late:
        typer.echo(f"No assessment records are past {assessments.words} after achievement.")


def backup(file: Path) -> None:
    """Copy both databases into one file, while the system runs or not."""
    from bot.records import audit
    from bot.records import backup as backups

    records, now = bootstrap.records(), bootstrap.utc_now()
    made = backups.backup(_databases(), file, now)
    with records.begin() as tx:
        audit.note(tx, None, "backed up", "databases", now)
    for part in made.parts:
        typer.echo(f"{part.name}: {part.kind}, {part.size / 1e6:.1f} MB")
    typer.echo(f"Written: {file}. It holds everybody's data: keep it safe, and not for ever.")


def restore(
    file: Path,
    yes: bool = typer.Option(False, "--yes", help="Overwrite what is there."),
) -> None:
    """Put both databases back as a backup holds them; only while nothing runs."""
    from bot.records import audit
    from bot.records import backup as backups

    settings, databases = bootstrap.settings(), _databases()
    if (pid := running(settings)) is not None:
        raise BadInput(f"Rapport is running (process {pid}). Stop it first.")
    there = [name for name, url in databases.items() if backups.holds_something(url)]
    if there and not yes:
        raise BadInput(f"There is data already ({', '.join(there)}). `--yes` overwrites it.")
    if busy := sum(backups.others_connected(url) for url in set(databases.values())):
        raise BadInput(f"{busy} other programs are connected to the database. Stop them first.")
    made = backups.restore(databases, file)
    with bootstrap.records().begin() as tx:  # brought up to date, if the backup is of an older version
        audit.note(tx, None, "restored", "databases", bootstrap.utc_now(), made_at=made.made_at)
    typer.echo(f"Restored as of {made.made_at}.")


def _databases() -> dict[str, str]:
    settings = bootstrap.settings()
    return {"records": settings.database_url, "tracker": settings.tracker_url}


def running(settings: Settings) -> Optional[int]:
    """The process of a running `rapport up` on this machine's data folder, None if there is none."""
    try:
        pid = int(json.loads(run_file(settings.data).read_text())["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError):
        return None
    return pid
