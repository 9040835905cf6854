"""`rapport …`: the command line. Each command is read, do, print."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from bot import bootstrap, cli_data
from bot.errors import BadInput, ContentError, RapportError

if TYPE_CHECKING:  # heavy
    from bot.marking.batch import Lookup
    from bot.marking.marker import Marker

app = typer.Typer(
    name="rapport", help="A conversational coach for customer-relations qualifications.", no_args_is_help=True,
    add_completion=False, pretty_exceptions_show_locals=False,
)  # fmt: skip
people_app = typer.Typer(help="People: add, invite, list.", no_args_is_help=True)
app.add_typer(people_app, name="people")
app.command()(cli_data.export)
app.command()(cli_data.corrections)
app.command()(cli_data.erase)
app.command()(cli_data.retain)
app.command()(cli_data.backup)
app.command()(cli_data.restore)
# No markup and no emoji: names and answers are people's own words, "[x]" and ":cat:" included.
_plain: dict[str, bool] = {"highlight": False, "soft_wrap": True, "markup": False, "emoji": False}
out, err = Console(**_plain), Console(stderr=True, **_plain)  # type: ignore[arg-type]


def main() -> None:
    """Run a command; an error of ours is one clear text on standard error and exit code 1."""
    try:
        app()
    except RapportError as error:
        err.print(str(error), style="red", markup=False)
        sys.exit(1)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A progress bar on standard error (plain text lines where it is no terminal)."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        yield bar


def _prepare(train_again: bool = False) -> None:
    """Check the content, train if needed, and compute the phrasings' vectors."""
    from bot.checks import check_all
    from bot.preparing import note_prepared
    from bot.training import current_model, train

    settings = bootstrap.settings()
    problems = check_all(settings.knowledge)
    if problems:
        raise ContentError([*problems, "The content does not pass; `rapport check` shows the same list."])
    if train_again or current_model(settings.models) is None:
        err.print("Training the Rasa model (about a minute; only after a change) …")
        with progress_bar() as bar:
            task = bar.add_task("training", total=None)
            train(settings.models, lambda name, done, of: bar.update(task, description=name, completed=done, total=of),
                  force=train_again)  # fmt: skip
    _warm()
    note_prepared(settings)


def _warm() -> None:
    from bot.marking.marker import Marker

    settings = bootstrap.settings()
    questions = [q for q in bootstrap.syllabus().questions.values() if q.form == "open"]
    marker = Marker(cache=settings.data / "cache")
    with progress_bar() as bar:
        task = bar.add_task("reading the questions", total=len(questions))
        marker.warm(questions, lambda done, of: bar.update(task, completed=done, total=of))


@app.command()
def up(
    dialogues: Optional[int] = typer.Option(None, help="Dialogue processes; instead of RAPPORT_DIALOGUES."),
    webs: Optional[int] = typer.Option(None, help="Web processes, a port each; instead of RAPPORT_WEBS."),
) -> None:
    """Start everything: web chat, dialogue, and (where a token is set) Telegram. What `make run` calls."""
    from bot.preparing import is_prepared
    from bot.up import check_ports, run_instead

    for name, number in (("RAPPORT_DIALOGUES", dialogues), ("RAPPORT_WEBS", webs)):
        if number is not None:
            os.environ[name] = str(number)
    settings = bootstrap.settings()
    check_ports(settings)
    records = bootstrap.records()
    if not is_prepared(settings):
        _run_apart("prepare")
    if settings.demo:
        bootstrap.demo_people(records)
    run_instead()


def _run_apart(command: str) -> None:
    """Run a heavy command in a process of its own, so that the supervisor stays small."""
    from bot.training import child_environment

    done = subprocess.run([sys.executable, "-m", "bot.cli", command], env=child_environment())
    if done.returncode != 0:
        sys.exit(done.returncode)


@app.command(hidden=True)
def prepare() -> None:
    """Check the content, train if needed, compute vectors: what `up` does before it starts."""
    _prepare()


@app.command()
def check(
    diagrams: bool = typer.Option(False, help="Write a page with a diagram per role-play into docs/scenarios."),
) -> None:
    """Validate all content, responses and references, and play every role-play; every problem is listed at once."""
    from bot.checks import check_all, coverage_of_questions, prove_scenarios, write_diagrams

    problems = check_all(bootstrap.settings().knowledge)
    if not problems:
        with progress_bar() as bar:
            scenarios = bootstrap.syllabus().scenarios
            task = bar.add_task("playing the role-plays", total=len(scenarios))
            problems = prove_scenarios(bootstrap.syllabus(), lambda id: bar.advance(task))
    if diagrams and not problems:
        write_diagrams(bootstrap.syllabus())
    for problem in problems:
        out.print(problem, markup=False)
    if problems:
        err.print(f"{len(problems)} problems.", style="red")
        raise typer.Exit(1)
    table = Table("Statement", "Kind", "Open questions", "Choice questions", title="Questions per statement")
    for row in coverage_of_questions(bootstrap.syllabus()):
        table.add_row(*row)
    out.print(table)
    out.print("The content passes.", style="green")


@app.command()
def train(force: bool = typer.Option(False, help="Train even if nothing has changed.")) -> None:
    """Train the Rasa model (only if its sources have changed) and prepare the marking."""
    _prepare(train_again=force)
    out.print("The model is up to date.")


@app.command()
def chat(learner: Optional[str] = typer.Option(None, help="Name, e-mail or id; the demo learner if left out.")) -> None:
    """Talk to the running coach in the terminal; reads standard input when piped, one message a line."""
    from bot.terminal import chat as run
    from bot.terminal import stdin

    run(bootstrap.settings(), learner, stdin(), sys.stdout)


@app.command()
def mark(
    batch: Optional[Path] = typer.Option(
        None, help="JSON lines in: question and references, or question_id; and answer."
    ),
    out_: Optional[Path] = typer.Option(None, "--out", help="With --batch: JSON lines out, one for each line in."),
    evaluate: Optional[Path] = typer.Option(
        None, help="Instead: JSON lines of answers marked by people (met, or label), to see how far marking agrees."
    ),
) -> None:
    """Mark answers from a file, or compare the marking with people's."""
    from bot.marking.batch import mark_batch
    from bot.marking.marker import Marker

    if (evaluate is None) == (batch is None) or (batch is None) != (out_ is None):
        raise BadInput("Give --batch and --out, or --evaluate alone.")
    marker = Marker(cache=bootstrap.settings().data / "cache")
    questions = bootstrap.syllabus().questions
    if evaluate is not None:
        _evaluate(evaluate, questions.get, marker)
    elif batch is not None and out_ is not None:
        with _batch(batch, out_) as (lines, to, progress):
            summary = mark_batch(lines, to, questions.get, marker, progress)
        _tell_batch(summary.lines, summary.errors, out_)


def _evaluate(path: Path, lookup: Lookup, marker: Marker) -> None:
    """Print how far the marking agrees with people: overall, then per question; name every bad line."""
    from bot.marking.agreement import evaluate

    lines = _lines(path)
    with _counting(lines) as done:
        result = evaluate(lines, lookup, marker, done)
    table = Table("", "Judged", "Answers", "Accuracy", "Macro-F1", "Kappa", "Unsure", title="Agreement with people")
    for row in (*result.overall, *result.questions):
        agreed = "–" if row.kappa is None else f"{row.kappa:.2f}"
        figures = (f"{row.accuracy:.1%}", f"{row.macro_f1:.2f}", agreed, f"{row.unsure:.1%}")
        table.add_row(Text(row.name), row.what, str(row.answers), *figures)
    out.print(table)
    for problem in result.problems:
        err.print(problem, style="red", markup=False)
    if result.problems:
        raise typer.Exit(1)


@app.command()
def moves(
    batch: Path = typer.Option(..., help='JSON lines in: {"text"}, what a member of staff wrote; "customer_said".'),
    out_: Path = typer.Option(..., "--out", help="JSON lines out, one for each line in."),
) -> None:
    """Say sentence by sentence what each text does to the customer."""
    from bot.moves.batch import moves_batch
    from bot.moves.classifier import default_classifier

    classifier = default_classifier()
    with _batch(batch, out_) as (lines, to, progress):
        summary = moves_batch(lines, to, classifier, progress)
    _tell_batch(summary.lines, summary.errors, out_)


@app.command()
def intents(
    batch: Path = typer.Option(..., help='JSON lines in: {"text", "during"}.'),
    out_: Path = typer.Option(..., "--out", help="JSON lines out, one for each line in."),
) -> None:
    """Say what the trained model takes each text for: which intent, command or answer."""
    from bot.training import child_environment, current_model

    model = current_model(bootstrap.settings().models)
    if model is None:
        raise BadInput("There is no trained model for the sources as they are. Run `rapport train` first.")
    with _batch(batch, out_):
        pass  # the same errors for files that cannot be read or written
    command = [sys.executable, "-m", "bot.dialogue.intents_batch", "--model", str(model), str(batch), str(out_)]
    sys.exit(subprocess.run(command, env=child_environment()).returncode)


def _lines(source: Path) -> list[str]:
    """The lines of a UTF-8 file; BadInput where it cannot be read."""
    try:
        lines = source.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise BadInput(f"{source} is not UTF-8 text (byte {error.start}).") from error
    except OSError as error:
        raise BadInput(f"{error.filename}: {error.strerror}.") from error
    if lines and not lines[-1]:
        lines.pop()
    return lines


@contextmanager
def _batch(source: Path, target: Path) -> Iterator[Any]:
    """Open both files, with a progress bar; BadInput where one cannot be used."""
    lines = _lines(source)
    try:
        handle = target.open("w", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{error.filename}: {error.strerror}.") from error
    with handle, _counting(lines) as done:
        yield lines, handle, done


@contextmanager
def _counting(lines: list[str]) -> Iterator[Any]:
    """A progress bar over lines; yields what is told how many are done."""
    with progress_bar() as bar:
        task = bar.add_task("lines", total=len(lines))
        yield lambda done, *_: bar.update(task, completed=done)


def _tell_batch(done: int, errors: int, target: Path) -> None:
    err.print(f"{done} lines, {errors} with errors, written to {target}.")
    if errors:
        raise typer.Exit(1)


@app.command()
def coverage(
    learner: Optional[str] = typer.Option(None, help="Name, e-mail or id."),
    cohort: Optional[str] = typer.Option(None, help="Name of a cohort."),
    format: str = typer.Option("table", help="table, csv, json or xlsx."),
    out_: Optional[Path] = typer.Option(None, "--out", help="File to write; needed for xlsx."),
) -> None:
    """Who has practised what, and who is ready in what."""
    from bot.exports import coverage_rows, write_rows

    rows = coverage_rows(bootstrap.records(), bootstrap.syllabus(), learner, cohort)
    write_rows(rows, format, out_, out)


@app.command("verify-audit")
def verify_audit() -> None:
    """Recompute the audit's hash chain; exit code 1 and the first entry that does not fit if it is broken."""
    from bot.records import audit

    found = audit.verify(bootstrap.records())
    if found.broken_at is not None:
        err.print(f"The audit chain is broken at entry {found.broken_at}: {found.reason}.", style="red")
        raise typer.Exit(1)
    out.print(f"The audit chain is whole: {found.entries} entries.")


@people_app.command("add")
def people_add(
    name: str,
    role: list[str] = typer.Option(["learner"], help="learner, tutor, assessor, quality_assurer or admin; repeatable."),
    email: Optional[str] = typer.Option(None, help="Needed to sign in with a password."),
    unit: list[str] = typer.Option([], help="Unit to enrol in; repeatable."),
    cohort: Optional[str] = typer.Option(
        None, help="Cohort to join, or caseload of an assessor or quality assurer; made if new."
    ),
) -> None:
    """Add a person."""
    from bot.records import people

    unknown = [u for u in unit if u not in bootstrap.syllabus().units]
    if unknown:
        raise BadInput(f"There is no unit {unknown[0]!r}. Units are: {', '.join(bootstrap.syllabus().units)}.")
    id = people.add_person(bootstrap.records(), name, role, bootstrap.utc_now(), email, unit, cohort)
    out.print(f"Added {name} with id {id}.", markup=False)


@people_app.command("invite")
def people_invite(who: str) -> None:
    """Make one-time links: one to set a password on the web, one to join on Telegram, whichever can be used."""
    from bot.records import people, telegram

    records, now, settings = bootstrap.records(), bootstrap.utc_now(), bootstrap.settings()
    found = people.named(records, who)
    if len(found) != 1:
        raise BadInput(f"{len(found)} people are called {who!r}. Use the id from `rapport people list`.")
    bot = telegram.bot_name(records) if "learner" in found[0].roles else None
    if not found[0].email and not bot:
        raise BadInput(f"{found[0].name} has no e-mail address to sign in with, and no Telegram bot was started yet.")
    if found[0].email:
        token = people.invite(records, found[0].id, now)
        out.print(f"http://{settings.host}:{settings.port}/invitation/{token}", markup=False)
    if bot:
        out.print(telegram.deep_link(bot, telegram.make_link(records, found[0].id, now)), markup=False)


@people_app.command("list")
def people_list() -> None:
    """List all people."""
    from bot.records import people

    table = Table("id", "name", "e-mail", "roles", "demo", "active")
    for p in people.everybody(bootstrap.records()):
        roles = ", ".join(sorted(p.roles))
        table.add_row(str(p.id), p.name, p.email or "", roles, "demo" if p.demo else "", "yes" if p.active else "no")
    out.print(table)


@app.command()
def smoke(url: Optional[str] = typer.Argument(None, help="Where the pages are; this machine's if left out.")) -> None:
    """See whether a running system works: a made-up learner comes in, asks, is answered, and is erased."""
    from bot.smoke import smoke as run

    settings = bootstrap.settings()
    run(settings, url or f"http://{settings.host}:{settings.port}", lambda text: out.print(f"ok  {text}"))
    out.print("Rapport works.", style="green")


@app.command()
def demo() -> None:
    """Fill the records with made-up people (marked as demo) and a month of their activity."""
    from bot.demo import fill

    with progress_bar() as bar:
        task = bar.add_task("a month of made-up practice", total=None)
        text = fill(bootstrap.coach(), bootstrap.records(), lambda d, of: bar.update(task, completed=d, total=of))
    out.print(text, markup=False)


@app.command()
def bench(
    out_: Path = typer.Option(Path("var/bench.json"), "--out", help="Where to write the figures as JSON."),
    quick: bool = typer.Option(False, help="Fewer turns; figures are rougher."),
    postgres: Optional[str] = typer.Option(None, help="An empty PostgreSQL database to measure with, too."),
    growth: bool = typer.Option(False, help="Only what grows in ours: long talks, stored attempts, pages, downloads."),
) -> None:
    """Measure this assistant beside an untouched `rasa init` assistant, in one run."""
    from bot.settings import ROOT
    from bot.training import child_environment

    command = [sys.executable, str(ROOT / "benchmarks" / "against_starter.py"), "--out", str(out_)]
    # In place of this process, so that Ctrl-C reaches the benchmark and it can clean up.
    command += ["--quick"] if quick else []
    command += ["--growth"] if growth else []
    command += ["--postgres", postgres] if postgres else []
    os.execve(sys.executable, command, child_environment())


if __name__ == "__main__":
    main()
