"""What the dialogue process does without; each in a process of its own, as it cannot be undone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.settings import ROOT

LEAVE_OUT = "import warnings; warnings.simplefilter('ignore'); from bot.dialogue.absent import *; leave_out(); "


def printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", LEAVE_OUT + code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_rasa_is_imported_with_nothing_of_it() -> None:
    code = """
import sys, rasa.core.agent, rasa.core.channels, rasa.core.tracker_store, rasa.engine.recipes.default_components
known = [m for name, m in sys.modules.items() if name.partition(".")[0] in LEFT_OUT]
print(len(known) > 20, all(isinstance(m.__spec__.loader, Finder) for m in known))
"""
    assert printed(code) == "True True"


@pytest.mark.parametrize(
    "used",
    [
        "import boto3; boto3.resource('dynamodb')",
        "from aiogram.utils.exceptions import TelegramAPIError; TelegramAPIError()",
        "from sklearn.linear_model import LogisticRegression as L\nclass Own(L): pass\nOwn()",
    ],
)
def test_what_is_really_used_says_what_to_do(used: str) -> None:
    done = subprocess.run([sys.executable, "-c", LEAVE_OUT + used], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "LeftOut" in done.stderr and "absent.py" in done.stderr


def test_other_packages_are_the_real_ones() -> None:
    assert printed("import sqlalchemy, spacy; print(sqlalchemy.create_engine('sqlite://').name)") == "sqlite"


def test_every_package_on_the_list_is_one_that_rasa_or_what_it_needs_imports() -> None:
    """One that is not there any more would stand on it for ever."""
    from importlib.util import find_spec

    from bot.dialogue.absent import LEFT_OUT

    assert [name for name in sorted(LEFT_OUT) if find_spec(name) is None] == []
