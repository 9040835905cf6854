"""Hurt the real system and count what became of every message: `python -m tests.faults.harness --help`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import syllabus
from bot.records import assessment_tables as a
from bot.records import audit
from bot.records import channel_tables as ct
from bot.records import tables as t
from bot.records.engine import open_engine
from tests.faults.faults import Faults
from tests.faults.system import Hurt
from tests.faults.talking import OnThePhone, OnTheWeb, Tutor

PATIENCE = 150.0  # seconds until all that waits must be worked off once nothing hurts any more


@dataclass
class Report:
    """What happened. All of `lost`, `doubled` and `wrong` must be empty."""

    database: str
    seconds: float
    faults: dict[str, int]
    kills: int
    not_possible: list[str]
    accepted: int = 0
    sent_again: int = 0
    answered: int = 0
    given_up: int = 0
    waiting: int = 0
    attempts: int = 0
    corrections: int = 0
    audit_entries: int = 0
    phone_replies: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def good(self) -> bool:
        """Nothing lost, nothing doubled, nothing wrong."""
        return not (self.lost or self.doubled or self.wrong)


def run(folder: Path, kind: str, seconds: float, kills: int, seed: int, web: int = 14, phones: int = 6) -> Report:
    """Let them talk for `seconds` while `kills` processes are killed and other things go wrong; then count."""
    hurt = Hurt(folder, kind)
    try:
        hurt.start(web, phones)
        end = threading.Event()
        on_web = [OnTheWeb(hurt, person, end, seed + n) for n, person in enumerate(hurt.learners)]
        on_phones = [OnThePhone(hurt, chat, end, seed + 100 + n) for n, chat in enumerate(hurt.chats)]
        tutor = Tutor(hurt, end, seed + 200)
        faults = Faults(hurt, seconds, kills, seed)
        for thread in (*on_web, *on_phones, tutor, faults):
            thread.start()
        time.sleep(seconds)
        faults.join(180)
        end.set()
        for thread in (*on_web, *on_phones, tutor):
            thread.join(30)
        killed = sum(n for name, n in faults.done.items() if name.startswith("kill"))
        report = Report(kind, seconds, dict(sorted(faults.done.items())), killed, hurt.cannot, notes=faults.log)
        _wait_quiet(hurt)
        _count(hurt, report, on_web, on_phones, tutor)
        return report
    finally:
        hurt.stop()


def _wait_quiet(hurt: Hurt) -> None:
    deadline = time.monotonic() + PATIENCE
    waiting = select(t.message.c.id).where(t.message.c.direction == "in", t.message.c.status == "queued")
    undelivered = select(ct.delivery.c.id).where(ct.delivery.c.status == "queued")
    while time.monotonic() < deadline:
        try:
            with hurt.records.reading() as tx:
                busy = len(tx._all(waiting)) + len(tx._all(undelivered)) + len(hurt.api.updates)
            if not busy:
                return
        except SQLAlchemyError:
            pass
        time.sleep(0.5)


def _count(hurt: Hurt, report: Report, web: Sequence[OnTheWeb], phones: Sequence[OnThePhone], tutor: Tutor) -> None:
    with hurt.records.reading() as tx:
        rows = [dict(r) for r in tx._all(select(t.message).order_by(t.message.c.id))]
        attempts = [dict(r) for r in tx._all(select(t.attempt.c.message_id, t.attempt.c.person_id))]
        reasons = [r["reason"] for r in tx._all(select(a.override.c.reason))]
    came = {r["message_id"]: r for r in rows if r["direction"] == "in"}
    replies = Counter(
        r["in_reply_to"] for r in rows if r["direction"] == "out" and (r["extra"] or {}).get("kind") != "notice"
    )
    accepted = [id for talker in web for id in talker.accepted]
    report.accepted = len(accepted) + sum(len(phone.wrote) for phone in phones)
    report.sent_again = sum(talker.resent for talker in web)
    report.lost += [f"accepted, not kept: {id}" for id in accepted if id not in came]
    for phone in phones:
        kept = [r["text"] for r in came.values() if r["person_id"] == hurt.chats[phone.chat]]
        if kept != phone.wrote:
            report.lost.append(f"chat {phone.chat}: wrote {len(phone.wrote)}, kept {len(kept)}, or in another order")
    for id, row in came.items():
        state = row["status"]
        report.answered += state == "done"
        report.given_up += state not in ("done", "queued")
        report.waiting += state == "queued"
        if state == "done" and not replies[id]:
            report.lost.append(f"closed without an answer: {id}")
    for id, times in Counter(row["message_id"] for row in attempts).items():
        if times > 1:
            report.doubled.append(f"answer recorded {times} times: {id}")
        if id not in came:
            report.wrong.append(f"an answer to a message that is not there: {id}")
    report.notes += [f"a correction was refused {n} times: {code}" for code, n in tutor.refused.items()]
    report.attempts, report.corrections = len(attempts), len(reasons)
    report.lost += [f"a correction: {reason}" for reason in tutor.accepted if reason not in reasons]
    report.doubled += [f"a correction: {reason}" for reason, times in Counter(reasons).items() if times > 1]
    _trackers(hurt, report, came)
    _deliveries(hurt, report, rows)
    _coverage(hurt, report)
    verdict = audit.verify(hurt.records)
    report.audit_entries = audit.length(hurt.records)
    if verdict.broken_at is not None:
        report.wrong.append(f"the audit chain is broken at {verdict.broken_at}")
    if report.waiting:
        report.wrong.append(f"{report.waiting} messages still wait after {PATIENCE:g} s of quiet")


def _trackers(hurt: Hurt, report: Report, came: dict[str, Any]) -> None:
    """Rasa's own copy holds each message at most once."""
    engine = open_engine(hurt.tracker_url)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT data FROM events WHERE type_name = 'user'")).scalars().all()
    engine.dispose()
    heard = Counter(str(json.loads(row).get("message_id")) for row in kept)
    report.doubled += [f"heard {n} times by Rasa: {id}" for id, n in heard.items() if n > 1 and id in came]


def _deliveries(hurt: Hurt, report: Report, rows: Sequence[dict[str, Any]]) -> None:
    """Each reply to a phone was carried there once."""
    for chat, person in hurt.chats.items():
        meant = [r["text"].strip() for r in rows if r["person_id"] == person and r["direction"] == "out"]
        texts = hurt.api.texts(chat)  # several replies may come as one message
        report.phone_replies += len(texts)
        all_meant, all_got = "\n\n".join(meant), "\n\n".join(texts)
        for said in sorted(set(meant)):
            much = all_got.count(said) - all_meant.count(said)
            if much:
                (report.doubled if much > 0 else report.lost).append(f"chat {chat}, {much:+}: {said[:60]!r}")


def _coverage(hurt: Hurt, report: Report) -> None:
    """What is stored is what the attempts give."""
    choices = {q.id for q in syllabus().questions.values() if q.form == "choice"}
    for person in (*hurt.learners, *hurt.chats.values()):
        with hurt.records.begin() as tx:
            stored = {k: dict(v) for k, v in tx.coverage_of(person).items()}
            tx.refresh_coverage(person, [s for unit in syllabus().units for s in syllabus().statements(unit)], choices)
            if {k: dict(v) for k, v in tx.coverage_of(person).items()} != stored:
                report.wrong.append(f"the coverage of person {person} is not what their answers give")


def main() -> int:
    """Run it, print the report, 1 if anything was lost, doubled or wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--kills", type=int, default=44)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--out", type=Path, help="write the report as JSON, too")
    given = parser.parse_args()
    print(f"{given.database}, {given.seconds:g} s, {given.kills} kills, seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="rapport-faults-") as folder:
        report = run(Path(folder), given.database, given.seconds, given.kills, given.seed)
    written = json.dumps(asdict(report), indent=2, ensure_ascii=False)
    print(written)
    if given.out:
        given.out.write_text(written + "\n", encoding="utf-8")
    return 0 if report.good() else 1


if __name__ == "__main__":
    sys.exit(main())
