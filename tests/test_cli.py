"""The command line: what it prints, and one clear sentence where something is wrong."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot import bootstrap
from bot.cli import app
from bot.coach import Coach
from bot.errors import BadInput
from bot.records import audit, people, telegram, tutoring
from bot.records.store import Records
from bot.settings import ROOT, read_settings
from bot.syllabus.syllabus import Syllabus
from tests.conftest import new_talk, tiny_content, write_content


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch, sqlite_records: Records, tiny: Syllabus, tmp_path: Path) -> Records:
    """The commands wired to records of their own and the tiny content."""
    settings = read_settings({"RAPPORT_DATA": str(tmp_path)})
    monkeypatch.setattr(bootstrap, "settings", lambda: settings)
    monkeypatch.setattr(bootstrap, "records", lambda: sqlite_records)
    monkeypatch.setattr(bootstrap, "syllabus", lambda: tiny)
    return sqlite_records


def run(*words: str) -> Result:
    """Run a command in this process; an error of ours is in `result.exception`."""
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def rapport(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, as a person does."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("RAPPORT_") and k != "DATABASE_URL"}
    command = [sys.executable, "-m", "bot.cli", *words]
    return subprocess.run(command, cwd=ROOT, env={**clean, **env}, capture_output=True, text=True, timeout=120)


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What is on standard error: no traceback, nothing on standard output, exit code 1."""
    assert done.returncode == 1, done.stderr
    assert done.stdout == "" and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


# People -------------------------------------------------------------------------------------------------------------


def test_a_person_is_added_listed_and_invited(wired: Records) -> None:
    added = run(
        "people",
        "add",
        "Ada [x]",
        "--email",
        "ada@example.org",
        "--unit",
        "t1",
        "--cohort",
        "Monday",
        "--role",
        "learner",
        "--role",
        "tutor",
    )
    assert (added.exit_code, added.output) == (0, "Added Ada [x] with id 1.\n")
    listed = run("people", "list").output
    assert "Ada [x]" in listed and "learner, tutor" in listed and "ada@example.org" in listed
    link = run("people", "invite", "ada@example.org").output.strip()
    assert link.startswith("http://127.0.0.1:8000/invitation/")
    assert people.invited(wired, link.rsplit("/", 1)[1], bootstrap.utc_now()) == 1


def test_an_invitation_has_a_telegram_link_once_a_bot_was_started(wired: Records) -> None:
    run("people", "add", "Ada")
    telegram.note_bot(wired, "rapport_bot")
    link = run("people", "invite", "Ada").output.strip()
    assert link.startswith("https://t.me/rapport_bot?start=")
    found = telegram.invited(wired, link.rsplit("=", 1)[1], bootstrap.utc_now())
    assert found is not None and found.name == "Ada"


def test_a_name_that_looks_like_markup_breaks_no_list(wired: Records) -> None:
    run("people", "add", "Ada [/bold] :cat:")
    listed = run("people", "list")
    assert listed.exit_code == 0 and "Ada [/bold] :cat:" in listed.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("people", "add", "Ada", "--unit", "t9"), "no unit 't9'. Units are: t1."),
        (("people", "add", "Ada", "--role", "boss"), "no role 'boss'"),
        (("people", "add", " "), "1 to 200 characters"),
        (("people", "add", "Ada", "--email", "nope"), "'nope' is not an e-mail address"),
        (("people", "invite", "Nobody"), "0 people are called 'Nobody'"),
        (("coverage", "--learner", "Nobody"), "no learner called 'Nobody'"),
        (("coverage", "--cohort", "None"), "no cohort called 'None'"),
        (("coverage", "--format", "pdf"), "no format 'pdf'"),
        (("coverage", "--format", "xlsx"), "--out coverage.xlsx"),
        (("coverage", "--format", "csv", "--out", "/no/such/folder/x.csv"), "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(wired: Records, words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert isinstance(result.exception, BadInput) and said in str(result.exception)


def test_two_of_one_name_and_one_without_an_address_cannot_be_invited(wired: Records) -> None:
    run("people", "add", "Ada")
    assert "no e-mail address" in str(run("people", "invite", "Ada").exception)
    run("people", "add", "Ada")
    assert "2 people are called 'Ada'" in str(run("people", "invite", "Ada").exception)


# Coverage -----------------------------------------------------------------------------------------------------------


def test_coverage_comes_as_table_csv_json_and_xlsx(wired: Records, coach: Coach, tmp_path: Path) -> None:
    talk = new_talk(coach)
    talk.start("keeping customers")
    talk.answer("price trust")
    assert "Practice – not evidence" in " ".join(run("coverage").output.split())
    assert run("coverage", "--format", "csv").output.count("\n") == 6
    rows = json.loads(run("coverage", "--learner", "ada learner", "--format", "json").output)["rows"]
    assert {r["statement"]: r["state"] for r in rows}["t1/2.1"] == "practising"
    assert run("coverage", "--format", "xlsx", "--out", str(tmp_path / "c.xlsx")).exit_code == 0
    assert (tmp_path / "c.xlsx").stat().st_size > 1000


# Checking -----------------------------------------------------------------------------------------------------------


def test_check_lists_every_problem_and_ends_with_1(tmp_path: Path) -> None:
    content: dict[str, Any] = tiny_content()
    content["units/t1/questions.yml"][0]["verb"] = "ponder"
    content["glossary.yml"] = "- [broken"
    folder = write_content(tmp_path / "content", content)
    done = rapport("check", RAPPORT_KNOWLEDGE=str(folder), RAPPORT_DATA=str(tmp_path / "var"))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith("content/units/t1/questions.yml: $[0].verb: ") for line in lines)
    assert any(line.startswith("content/glossary.yml: line ") for line in lines)
    assert done.stderr.strip() == f"{len(lines)} problems."


def test_check_passes_on_the_real_content_and_says_so(tmp_path: Path) -> None:
    done = rapport("check", RAPPORT_DATA=str(tmp_path))
    assert done.returncode == 0 and "The content passes." in done.stdout and "d1/4.9" in done.stdout


def test_a_broken_content_folder_stops_other_commands_too_with_every_problem(tmp_path: Path) -> None:
    done = rapport("coverage", RAPPORT_KNOWLEDGE=str(tmp_path / "nowhere"), RAPPORT_DATA=str(tmp_path / "var"))
    assert done.returncode == 1 and done.stdout == "" and "Traceback" not in done.stderr
    assert "has no unit.yml" in done.stderr and "glossary.yml: file: is missing" in done.stderr


# A wrong environment ------------------------------------------------------------------------------------------------


def test_a_data_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = one_sentence(rapport("people", "list", RAPPORT_DATA=str(tmp_path / "file" / "var")))
    assert f"Cannot write to {tmp_path}/file/var" in said and "RAPPORT_DATA" in said


def test_a_wrong_setting_is_one_sentence_that_names_it(tmp_path: Path) -> None:
    assert "RAPPORT_PORT" in one_sentence(rapport("people", "list", RAPPORT_PORT="http", RAPPORT_DATA=str(tmp_path)))


def test_a_wrong_database_address_is_one_sentence_that_names_it(tmp_path: Path) -> None:
    assert "DATABASE_URL" in one_sentence(
        rapport("people", "list", DATABASE_URL="nonsense", RAPPORT_DATA=str(tmp_path))
    )


def test_a_port_that_is_taken_is_one_sentence_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = one_sentence(rapport("up", RAPPORT_PORT=str(port), RAPPORT_DATA=str(tmp_path)))
    assert f"Port {port} on 127.0.0.1 cannot be used" in said and f"RAPPORT_PORT={port + 1}" in said


def test_chat_without_a_running_system_says_how_to_start_it(tmp_path: Path) -> None:
    assert "make run" in one_sentence(rapport("chat", RAPPORT_DATA=str(tmp_path)))


def test_an_unknown_command_or_option_is_no_traceback() -> None:
    for words in (("frobnicate",), ("coverage", "--frobnicate")):
        result = run(*words)
        assert result.exit_code == 2 and "Traceback" not in result.output


# A person's data ------------------------------------------------------------------------------------------------------


def test_what_is_held_is_printed_or_written_as_json_and_as_a_page(
    wired: Records, tiny: Syllabus, tmp_path: Path
) -> None:
    talk = new_talk(Coach(tiny, bootstrap.marker, wired, bootstrap.utc_now), name="Ada <b>Learner</b>")  # type: ignore[arg-type]
    printed = json.loads(run("export", str(talk.person_id)).stdout)
    assert printed["held"]["person"][0]["name"] == "Ada <b>Learner</b>" and printed["left_out"]
    assert run("export", str(talk.person_id), "--out", str(tmp_path / "ada.json")).exit_code == 0
    assert json.loads((tmp_path / "ada.json").read_text())["held"]["person"] == printed["held"]["person"]
    page = (tmp_path / "ada.html").read_text()
    assert "Ada &lt;b&gt;Learner&lt;/b&gt;" in page and "<b>" not in page and "//" not in page
    assert (tmp_path / "ada.html").stat().st_mode & 0o077 == 0
    assert [e.action for e in audit.newest(wired)] == ["exported", "exported"]


def test_a_page_has_a_heading_for_every_table(tmp_path: Path) -> None:
    from bot.dossier import as_page
    from bot.records.personal import LEFT_OUT, MINE

    held = {name: [{"x": "</dd><script>alert(1)</script>"}] for name in [*MINE, "acts"]}
    page = as_page({"made_at": "", "person_id": 1, "held": held, "conversation": [], "left_out": LEFT_OUT})
    assert page.count("<h2>") == len(held) + 1 and "<script" not in page


def test_an_erasure_says_what_goes_and_what_stays_and_asks_first(wired: Records) -> None:
    id = people.add_person(wired, "Ada", ["learner"], bootstrap.utc_now(), "ada@example.org", ["t1"])
    asked = run("erase", "Ada")
    assert isinstance(asked.exception, (BadInput, SystemExit)) and "Stays, under a pseudonym:" in asked.stdout
    assert people.find(wired, id).name == "Ada"  # type: ignore[union-attr]
    done = run("erase", str(id), "--yes")
    assert done.exit_code == 0 and "enrolment: 1" in done.stdout and "none is so far" in done.stdout
    assert people.find(wired, id).name == f"Erased person {id}"  # type: ignore[union-attr]
    assert isinstance(run("erase", "Nobody", "--yes").exception, BadInput)


def test_a_backup_is_restored_only_while_nothing_runs_and_over_data_only_with_yes(tmp_path: Path) -> None:
    env = {"RAPPORT_DATA": str(tmp_path / "data")}
    assert rapport("people", "add", "Ada", **env).returncode == 0
    assert "no database" in one_sentence(rapport("backup", str(tmp_path / "b.zip"), **env))  # Rasa's is not made yet
    sqlite3.connect(tmp_path / "data" / "tracker.sqlite").close()
    assert rapport("backup", str(tmp_path / "b.zip"), **env).returncode == 0
    assert rapport("people", "add", "Ben", **env).returncode == 0
    assert "--yes" in one_sentence(rapport("restore", str(tmp_path / "b.zip"), **env))
    run_json = tmp_path / "data" / "run.json"
    run_json.write_text(json.dumps({"pid": os.getpid()}))
    assert "is running" in one_sentence(rapport("restore", str(tmp_path / "b.zip"), "--yes", **env))
    run_json.unlink()
    assert rapport("restore", str(tmp_path / "b.zip"), "--yes", **env).returncode == 0
    listed = rapport("people", "list", **env).stdout
    assert "Ada" in listed and "Ben" not in listed
    assert rapport("verify-audit", **env).returncode == 0


def test_old_chats_are_removed_by_hand_too(wired: Records) -> None:
    from bot.records import messages

    id = people.add_person(wired, "Ada", ["learner"], bootstrap.utc_now())
    messages.accept(wired, "m", id, "web", "long ago", None, datetime(2020, 1, 1, tzinfo=timezone.utc))
    with wired.begin() as tx:
        messages.finish(tx, "m", [], bootstrap.utc_now())
    done = run("retain")
    assert done.exit_code == 0 and "message: 1 removed" in done.stdout and "180 days" in done.stdout
    assert messages.history(wired, id) == []


def test_old_is_what_an_administrator_has_chosen_whatever_the_environment_says(wired: Records) -> None:
    from bot.records import messages, retention_times

    now = bootstrap.utc_now()
    ada = people.find(wired, people.add_person(wired, "Ada", ["admin"], now))
    assert ada is not None
    for id, days in (("new", 20), ("old", 40)):
        messages.accept(wired, id, ada.id, "web", id, None, now - timedelta(days=days))
        with wired.begin() as tx:
            messages.finish(tx, id, [], now)
    retention_times.set_time(wired, ada, "chats", retention_times.Change(30, 180.0, "less"), 180.0, now)
    retention_times.set_time(wired, ada, "assessments", retention_times.Change(6, 3.0, "more"), 180.0, now)
    done = run("retain")
    assert "kept for 30 days; 1 rows" in done.stdout and "past 6 years after achievement" in done.stdout
    assert [m["text"] for m in messages.history(wired, ada.id)] == ["new"]


# Corrections --------------------------------------------------------------------------------------------------------


def test_a_correction_goes_out_as_a_marked_answer_and_comes_back_as_agreement_per_question(
    wired: Records, coach: Coach, tmp_path: Path
) -> None:
    now = coach.clock()
    tutor = people.find(wired, people.add_person(wired, "Toni Tutor", ["tutor", "admin"], now))
    assert tutor is not None
    talk = new_talk(coach, name="Ada Learner")
    talk.start("quiz me on 2.1")
    talk.answer("Ada says price, adverts cost a lot")
    with wired.reading() as tx:
        attempt = tx.last_attempt(talk.person_id)
    assert attempt["question_id"] == "t1-2.1-why"
    for state in ("not_met", "met"):  # the latest counts
        points = {"price": state, "trust": "not_met"}
        tutoring.override(wired, tutor, attempt["id"], points, False, "Ada meant it, says Toni", now, ())
    talk.answer("never corrected")

    file = tmp_path / "marked.jsonl"
    done = run("corrections", "--out", str(file))
    assert done.exit_code == 0 and "1 corrected answers" in done.output
    (line,) = file.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "question_id": "t1-2.1-why",
        "answer": "[name] says price, adverts cost a lot",
        "met": ["price"],
        "marked_by": f"marker-{tutor.id}",
        "reason": "[name] meant it, says [name]",
    }
    assert line in run("corrections").output

    evaluated = run("mark", "--evaluate", str(file))
    assert evaluated.exit_code == 0, evaluated.output
    (row,) = [words for words in evaluated.output.splitlines() if "t1-2.1-why" in words]
    assert "key points" in row and "%" in row
    assert audit.verify(wired).broken_at is None


def test_corrections_that_cannot_be_written_are_one_sentence(wired: Records, tmp_path: Path) -> None:
    done = run("corrections", "--out", str(tmp_path / "no" / "such" / "folder"))
    assert isinstance(done.exception, BadInput)
