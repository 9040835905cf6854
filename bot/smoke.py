"""Does a running system work? A made-up learner comes in through the pages, asks, is answered, and is erased."""

from __future__ import annotations

import html
import re
import secrets
import time
import uuid
from collections.abc import Callable

import httpx

from bot import bootstrap
from bot.errors import DialogueUnavailable, RapportError
from bot.records import conversations, erasing, people
from bot.records.engine import open_engine
from bot.settings import Settings

PATIENCE = 60.0  # seconds for the reply
SAID = "quiz me"


def smoke(settings: Settings, url: str, say: Callable[[str], None]) -> None:
    """Invite, set a password, sign in, send, get a reply; RapportError with the step that failed.

    `settings` must name the databases of the system at `url`: the learner is made and erased there.
    """
    records = bootstrap.records()
    name = f"smoke-{secrets.token_hex(4)}"
    units = list(bootstrap.syllabus().units)[:1]
    address = f"{name}@example.invalid"
    person = people.add_person(records, name, ["learner"], bootstrap.utc_now(), address, units, demo=True)
    try:
        with httpx.Client(base_url=url, trust_env=False, timeout=20, follow_redirects=True) as client:
            for path in ("/healthz", "/readyz"):
                _get(client, path)
                say(f"{path} answers")
            password = secrets.token_urlsafe(24)
            page = _get(client, f"/invitation/{people.invite(records, person, bootstrap.utc_now())}")
            _post(client, str(page.url), page.text, password=password, again=password)
            say("the invitation is accepted")
            client.cookies.clear()
            page = _get(client, "/sign-in")
            page = _post(client, "/sign-in", page.text, email=address, password=password)
            say("the sign-in works")
            page = _get(client, "/chat")
            id = str(uuid.uuid4())
            _post(client, "/chat/messages", page.text, message_id=id, text=SAID)
            say(f"the message {SAID!r} is kept")
            say(f"the coach answers: {_reply(client)}")
    except httpx.HTTPError as error:
        raise RapportError(f"{url} cannot be reached ({type(error).__name__}).") from error
    finally:
        erasing.erase(records, None, person, bootstrap.utc_now())
        tracker = open_engine(settings.tracker_url)
        conversations.erase_events(tracker, person)
        tracker.dispose()
    say(f"{name} is erased")


def _get(client: httpx.Client, path: str) -> httpx.Response:
    return _good(client.get(path))


def _post(client: httpx.Client, path: str, page: str, **fields: str) -> httpx.Response:
    """Send a form with the token of its page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    if found is None:
        raise RapportError(f"The page before {path} has no form.")
    return _good(client.post(path, data={"csrf": html.unescape(found[1]), **fields}))


def _good(answer: httpx.Response) -> httpx.Response:
    if answer.status_code != 200:
        said = " ".join(answer.text[:200].split())
        raise RapportError(f"{answer.request.url.path} answers with {answer.status_code}: {said}")
    return answer


def _reply(client: httpx.Client) -> str:
    """The first words of the coach's reply, once it is on the page."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        page = _get(client, "/chat").text
        for kind, rest in re.findall(
            r'<article id="m-\d+" data-kind="(\w*)" class="bubble (?!mine)(.*?)</article>', page, re.S
        ):
            text = re.search(r'<div class="text">(.*?)</div>', rest, re.S)
            if kind == "failed":
                raise DialogueUnavailable("The message could not be answered; see the log of the dialogue process.")
            if kind != "notice" and text:
                return " ".join(html.unescape(text[1]).split())[:60]
        time.sleep(0.3)
    raise DialogueUnavailable(f"No reply within {PATIENCE:g} s; see the log of the dialogue process.")
