"""The settings: sensible without any, and a wrong one is named."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import ROOT, read_settings


def test_without_any_variable_everything_has_a_default() -> None:
    made = read_settings({})
    assert made.data == ROOT / "var" and made.database_url == f"sqlite:///{ROOT / 'var' / 'rapport.sqlite'}"
    assert (made.host, made.port, made.demo) == ("127.0.0.1", 8000, True)
    assert made.knowledge == ROOT / "knowledge" and made.models == ROOT / "models"


def test_an_empty_variable_is_as_good_as_none() -> None:
    names = ("RAPPORT_DATA", "RAPPORT_PORT", "RAPPORT_DEMO", "DATABASE_URL", "RAPPORT_TURN_TIMEOUT")
    assert read_settings(dict.fromkeys(names, "")) == read_settings({})


def test_the_data_folder_holds_both_databases() -> None:
    made = read_settings({"RAPPORT_DATA": "~/rapport"})
    assert made.data == Path.home() / "rapport"
    assert made.database_url.startswith(f"sqlite:///{made.data}") and made.tracker_url.startswith(
        f"sqlite:///{made.data}"
    )


def test_with_a_database_of_its_own_the_demo_is_hidden_unless_asked_for() -> None:
    url = {"DATABASE_URL": "postgresql://h/rapport"}
    assert not read_settings(url).demo
    assert read_settings({**url, "RAPPORT_DEMO": "1"}).demo


def test_rasas_trackers_are_where_the_records_are_on_postgresql_and_in_a_file_of_their_own_on_sqlite() -> None:
    assert read_settings({"DATABASE_URL": "postgresql://h/rapport"}).tracker_url == "postgresql://h/rapport"
    assert read_settings({"DATABASE_URL": "sqlite:////tmp/x.sqlite"}).tracker_url.endswith("/var/tracker.sqlite")


def test_one_dialogue_process_a_core_and_on_sqlite_two_at_most() -> None:
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    assert read_settings({"DATABASE_URL": "postgresql://h/rapport"}).dialogues == min(64, cores)
    for address in ({}, {"DATABASE_URL": "sqlite:////srv/rapport.sqlite"}):
        assert read_settings(address).dialogues == min(2, cores)


def test_dialogue_processes_are_named_one_after_the_other_and_listen_where_they_are_found() -> None:
    made = read_settings({"RAPPORT_DIALOGUE_URL": "http://10.0.0.5:5005/, http://[::1]:5006"})
    assert made.dialogue_urls == ("http://10.0.0.5:5005", "http://[::1]:5006")
    assert made.dialogue_listen == ("10.0.0.5:5005", "[::1]:5006")
    assert read_settings({"RAPPORT_DIALOGUE_LISTEN": "0.0.0.0:5005"}).dialogue_listen == ("0.0.0.0:5005",)


@pytest.mark.parametrize(("text", "on"), [("1", True), ("YES", True), (" on ", True), ("0", False), ("False", False)])
def test_a_switch_may_be_written_in_several_ways(text: str, on: bool) -> None:
    assert read_settings({"RAPPORT_DEMO": text}).demo is on


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("RAPPORT_PORT", "http"),
        ("RAPPORT_PORT", "0"),
        ("RAPPORT_PORT", "65536"),
        ("RAPPORT_PORT", "-1"),
        ("RAPPORT_PORT", "nan"),
        ("RAPPORT_PORT", "80.5"),
        ("RAPPORT_DIALOGUES", "0"),
        ("RAPPORT_DIALOGUES", "1.5"),
        ("RAPPORT_WEBS", "many"),
        ("RAPPORT_PROXIES", "10.0.0.300"),
        ("RAPPORT_PROXIES", "10.0.0.1/8"),
        ("RAPPORT_DIALOGUE_URL", "10.0.0.5:5005"),
        ("RAPPORT_DIALOGUE_URL", "http://a:5005,https://b:5005"),
        ("RAPPORT_DIALOGUE_LISTEN", "5005"),
        ("RAPPORT_NOTICE_AFTER", "soon"),
        ("RAPPORT_NOTICE_AFTER", "0"),
        ("RAPPORT_TURN_TIMEOUT", "inf"),
        ("RAPPORT_DEMO", "perhaps"),
    ],
)
def test_a_wrong_value_is_told_with_its_variable(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({name: text})
    assert name in str(caught.value) and text in str(caught.value)


@pytest.mark.parametrize(("name", "wrong"), [("RAPPORT_METRICS_TOKEN", "short"), ("RAPPORT_KEEP_CHAT_DAYS", "0")])
def test_a_token_that_is_short_and_a_time_that_is_none_are_named(name: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: wrong})
