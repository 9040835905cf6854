"""Reads pages as a browser without scripts does: their links and forms, with what a form would send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Optional

TYPED = {"text", "search", "textarea", "email", "tel", "url"}


@dataclass
class Field:
    """One control; `options` are the values it can be given, where it has a list of them."""

    name: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A form with its controls, in their order."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)


class PageReader(HTMLParser):
    """Collects `links` and `forms` of a page."""

    def __init__(self, path: str, html: str) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._here: Optional[Form] = None
        self._select: Optional[Field] = None
        self._by_id: dict[str, Form] = {}
        self._stray: list[tuple[str, Field]] = []
        self._text: Optional[Field] = None
        self.feed(html)
        for owner, control in self._stray:
            if owner in self._by_id:
                self._by_id[owner].fields.append(control)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        """Open a form, or take one of its controls."""
        got = {name: value or "" for name, value in attributes}
        if tag == "a" and got.get("href", "").startswith("/"):
            self.links.append(got["href"].split("#")[0])
        elif tag == "form":
            self._here = Form(got.get("action") or self.path, got.get("method", "get").upper())
            self.forms.append(self._here)
            if "id" in got:
                self._by_id[got["id"]] = self._here
        elif tag in ("input", "select", "textarea", "button") and got.get("name"):
            kind = got.get("type", "text") if tag == "input" else tag
            control = Field(got["name"], kind, got.get("value", ""))
            if got.get("form"):
                self._stray.append((got["form"], control))
            elif self._here is not None:
                self._here.fields.append(control)
            self._select = control if tag == "select" else self._select
            self._text = control if tag == "textarea" else None
        elif tag == "option" and self._select is not None:
            self._select.options.append(got.get("value", ""))

    def handle_data(self, data: str) -> None:
        """What a textarea holds."""
        if self._text is not None:
            self._text.value += data

    def handle_endtag(self, tag: str) -> None:
        """Close what was open."""
        if tag == "form":
            self._here = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._text = None


def pattern(path: str) -> str:
    """The address without the numbers in it, which tell pages of one kind apart."""
    return re.sub(r"\d+", "#", path.split("?")[0])


def crawl(browser: Any, *starts: str, most: int = 80, each: int = 3) -> Iterator[tuple[str, PageReader]]:
    """(address, page) of every page reached by links from `starts`, at most `each` of one kind."""
    waiting, seen, kinds = list(starts), set(starts), {}
    while waiting and len(seen) < most:
        path = waiting.pop(0)
        answer = browser.get(path, follow_redirects=True)
        assert answer.status_code < 500, (path, answer.status_code)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        page = PageReader(path, answer.text)
        yield path, page
        for link in page.links:
            kind = pattern(link)
            if link not in seen and kinds.get(kind, 0) < each and not link.startswith("/static"):
                seen.add(link)
                kinds[kind] = kinds.get(kind, 0) + 1
                waiting.append(link)
