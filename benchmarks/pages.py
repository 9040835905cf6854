"""Pages and exports of the running web process, each fetched by somebody who may see it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
from sqlalchemy import func, select

from benchmarks.machine import kilobytes, process_tree
from benchmarks.systems import CannotMeasure, Ours
from bot.bootstrap import utc_now
from bot.records import assessment_tables as a
from bot.records import people
from bot.records import tables as t
from bot.records.store import Records, Tx

WARM_UP = 3  # fetches that do not count


class Visit(NamedTuple):
    """A page and whose eyes it is for."""

    name: str
    who: str
    path: str


class Cast(msgspec.Struct):
    """People of the made-up centre (`centre.py`) and what they look at: the busiest learner, a group of 250 …"""

    who: dict[str, int]
    group: int
    unit: str
    learner: int
    statement: str
    set_id: int
    sitting: int
    plan: int

    def pages(self) -> list[Visit]:
        """What people open on a working day."""
        matrix = f"/coverage?unit={self.unit}&cohort={self.group}"
        cell = f"/coverage/{self.learner}/{self.statement}"
        return [
            Visit("work list, one group", "tutor", "/work"),
            Visit("work list, four groups", "tutor of four", "/work"),
            Visit("work list, whole centre", "admin", "/work"),
            Visit("coverage, group of 250", "tutor", matrix),
            Visit("coverage, sorted by ready", "tutor", f"{matrix}&sort=ready&down=1"),
            Visit("coverage, only stuck", "tutor", f"{matrix}&stuck=1&sort=stuck&down=1"),
            Visit("coverage, a name", "tutor", f"{matrix}&q=aisha&kind=knowledge"),
            Visit("coverage, four groups", "tutor of four", "/coverage?unit=d1"),
            Visit("coverage, whole centre", "admin", "/coverage?unit=d1"),
            Visit("coverage, whole centre by ready", "admin", "/coverage?unit=d1&sort=ready&down=1"),
            Visit("learner", "tutor", f"/learners/{self.learner}"),
            Visit("answers behind a cell", "tutor", cell),
            Visit("insights, one group", "tutor", f"/insights?unit={self.unit}&cohort={self.group}"),
            Visit("insights, four groups", "tutor of four", "/insights?unit=d1"),
            Visit("insights, whole centre", "admin", "/insights?unit=d1"),
            Visit("assessor's home", "assessor", "/assess"),
            Visit("new question set", "assessor", "/assess/new"),
            Visit("question set", "assessor", f"/assess/{self.set_id}"),
            Visit("review of a sitting", "assessor", f"/assess/{self.set_id}/{self.sitting}"),
            Visit("quality assurer's home", "assurer", "/assure"),
            Visit("sampling plan", "assurer", f"/assure/{self.plan}"),
            Visit("audit log", "assurer", "/audit"),
            Visit("people", "admin", "/people"),
            Visit("people, searched", "admin", "/people?q=patel&role=learner"),
            Visit("my progress", "learner", "/progress"),
            Visit("chat, newest 200", "learner", "/chat"),
        ]

    def exports(self) -> list[Visit]:
        """What is downloaded."""
        return [
            Visit("coverage of the centre, CSV", "admin", "/coverage.csv?unit=d1"),
            Visit("coverage of the centre, Excel", "admin", "/coverage.xlsx?unit=d1"),
            Visit("coverage of a group, Excel", "tutor", f"/coverage.xlsx?unit={self.unit}&cohort={self.group}"),
            Visit("work list of the centre, CSV", "admin", "/work.csv"),
            Visit("question statistics, CSV", "tutor", f"/insights.csv?unit={self.unit}&cohort={self.group}"),
            Visit("audit log, CSV", "assurer", "/audit.csv"),
        ]


def cast_of(records: Records) -> Cast:
    """Chosen from a database that `centre.fill` has filled; an administrator is added."""
    m, at, s, load, q = t.cohort_member.c, t.attempt.c, t.attempt_statement.c, a.caseload.c, a.question_set.c
    with records.reading() as tx:
        groups = [r["id"] for r in tx._all(select(t.cohort.c.id).where(t.cohort.c.name.like("Group %")).order_by("id"))]
        if not groups:
            raise CannotMeasure("The database holds no made-up centre.")
        group = groups[2 if len(groups) > 2 else 0]  # the third has the same unit as the first, and one tutor
        learners = select(m.person_id).where(m.cohort_id == group, m.role == "learner")
        busiest = select(at.person_id).where(at.person_id.in_(learners)).group_by(at.person_id)
        learner = _first(tx, busiest.order_by(func.count().desc()))
        unit = _first(tx, select(t.enrolment.c.unit_id).where(t.enrolment.c.person_id == learner).order_by("since"))
        statements = select(s.statement).where(s.person_id == learner).group_by(s.statement)
        assessor = _first(tx, select(load.person_id).where(load.cohort_id == group, load.role == "assessor"))
        sets = select(q.id).where(q.by_id == assessor).order_by(q.id.desc())
        set_id = _first(tx, sets)
        answered = select(a.sitting.c.person_id).join(
            a.assessed_answer, a.assessed_answer.c.sitting_id == a.sitting.c.id
        )
        assurers = select(load.person_id).where(load.role == "quality_assurer", load.cohort_id.in_(groups))
        assurers = assurers.group_by(load.person_id)
        assurer = _first(tx, assurers.order_by(func.count().desc(), load.person_id))
        cast = Cast(
            {
                "tutor": _tutor(tx, group),
                "tutor of four": _tutor(tx, groups[0]),
                "assessor": assessor,
                "assurer": assurer,
                "learner": learner,
            },
            group,
            unit,
            learner,
            _first(tx, statements.order_by(func.count().desc())),
            set_id,
            _first(tx, answered.where(a.sitting.c.set_id == set_id)),
            _first(tx, select(a.sampling_plan.c.id).where(a.sampling_plan.c.by_id == assurer)),
        )
    cast.who["admin"] = people.add_person(records, "Bench Administrator", ["admin"], utc_now())
    return cast


def _tutor(tx: Tx, group: int) -> int:
    m = t.cohort_member.c
    return int(
        _first(tx, select(m.person_id).where(m.cohort_id == group, m.role == "tutor").order_by(m.person_id.desc()))
    )


def _first(tx: Tx, query: Any) -> Any:
    row = tx.connection.execute(query.limit(1)).first()
    if row is None:
        raise CannotMeasure(
            f"The made-up centre lacks something that is to be looked at: {query.columns_clause_froms[0]}."
        )
    return row[0]


class Browser:
    """Fetches as any of the people of a cast."""

    def __init__(self, home: str, records: Records, who: dict[str, int]) -> None:
        now = utc_now()
        self.clients = {
            name: httpx.Client(
                base_url=home,
                timeout=300,
                trust_env=False,
                cookies={"rapport-session": people.open_session(records, id, now)[0]},
            )
            for name, id in who.items()
        }

    def close(self) -> None:
        """Close the connections."""
        for client in self.clients.values():
            client.close()

    def seconds(self, visit: Visit, times: int) -> list[float]:
        """Seconds until the whole page is there, after WARM_UP fetches that do not count."""
        found = []
        for _ in range(WARM_UP + times):
            started = time.perf_counter()
            answer = self.clients[visit.who].get(visit.path)
            found.append(time.perf_counter() - started)
            if answer.status_code != 200:
                raise CannotMeasure(f"{visit.path} answered {answer.status_code} to the {visit.who}.")
        return found[WARM_UP:]

    def download(self, visit: Visit, pid: int) -> dict[str, float]:
        """Seconds to the first byte and to the last, megabytes, and by how much the process `pid` grew meanwhile."""
        self.clients[visit.who].get(visit.path)  # what is loaded once does not count
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
        before = kilobytes(f"/proc/{pid}/status", "VmRSS") or 0
        started, first, size = time.perf_counter(), 0.0, 0
        with self.clients[visit.who].stream("GET", visit.path) as answer:
            if answer.status_code != 200:
                raise CannotMeasure(f"{visit.path} answered {answer.status_code} to the {visit.who}.")
            for piece in answer.iter_raw():
                first = first or time.perf_counter() - started
                size += len(piece)
        peak = kilobytes(f"/proc/{pid}/status", "VmHWM") or 0
        took = time.perf_counter() - started
        grown = max(0, peak - before) * 1.024e-3
        return {"first_byte": first, "seconds": took, "megabytes": size / 1e6, "grown_megabytes": grown}


def web_process(ours: Ours) -> int:
    """The id of the web process."""
    for pid in ours.pids():
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"bot.web" in words:
            return pid
    raise CannotMeasure("There is no web process.")


def measure(ours: Ours, records: Records, times: int) -> tuple[dict[str, list[float]], dict[str, dict[str, float]]]:
    """Seconds of every page, and what every export took."""
    cast = cast_of(records)
    browser = Browser(ours.run()["web"], records, cast.who)
    try:
        pages = {v.name: browser.seconds(v, times) for v in cast.pages()}
        exports = {v.name: browser.download(v, web_process(ours)) for v in cast.exports()}
    finally:
        browser.close()
    return pages, exports


__all__ = ["process_tree"]
