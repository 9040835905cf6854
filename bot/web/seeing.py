"""Who looked at a learner's records: an entry of the audit, once a day for each viewer and learner."""

from __future__ import annotations

from bot.records import audit
from bot.records.people import Session
from bot.web.guard import Web

MOST = 50_000  # pairs remembered, so that a second look costs nothing; after a restart there may be an entry more


def saw(web: Web, session: Session, person_id: int) -> None:
    """Note that somebody who is not the learner opened a page with the learner's answers or decisions."""
    now = web.clock()
    look = (session.person.id, person_id, now.date())
    if person_id == session.person.id or look in web.seen:
        return
    with web.records.begin() as tx:
        audit.note(tx, session.person.id, "saw", f"person/{person_id}", now)
    if len(web.seen) >= MOST:
        web.seen.clear()
    web.seen.add(look)


def exported(web: Web, session: Session, what: str, form: str, **filters: object) -> None:
    """Note that somebody took a list of learners' data away as a file."""
    chosen = {name: value for name, value in filters.items() if value}
    with web.records.begin() as tx:
        audit.note(tx, session.person.id, "exported", what, web.clock(), form=form, **chosen)
