"""Read `knowledge/` whole, or say everything that is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from bot.errors import ContentError
from bot.syllabus.model import Bullet, Criterion, Link, Question, Term, Unit
from bot.syllabus.reading import convert, convert_list, read_yaml
from bot.syllabus.scenario_loader import load_scenarios
from bot.syllabus.syllabus import Syllabus, bullet_key

ID = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")


def load(folder: Path) -> Syllabus:
    """The syllabus in `folder`; ContentError with all problems if it does not pass."""
    syllabus, problems = check(folder)
    if problems:
        raise ContentError(problems)
    return syllabus


def check(folder: Path) -> tuple[Syllabus, list[str]]:
    """The syllabus as far as it could be read, and every problem found."""
    problems: list[str] = []
    units: dict[str, Unit] = {}
    questions: dict[str, Question] = {}
    unit_of: dict[str, str] = {}
    unit_files = sorted(folder.glob("units/*/unit.yml"))
    if not unit_files:
        problems.append(f"{folder}/units: folder: has no unit.yml in any unit's folder")
    for path in unit_files:
        shown = _shown(folder, path)
        unit = convert(read_yaml(path, shown, problems), Unit, shown, problems) if path.exists() else None
        if unit is None:
            continue
        if unit.id != path.parent.name:
            problems.append(f'{shown}: $.id: "{unit.id}" is not the folder\'s name ({path.parent.name})')
        _check_unit(unit, shown, problems)
        units[unit.id] = unit
        for file in sorted(path.parent.glob("questions*.yml")):
            shown = _shown(folder, file)
            for i, question in convert_list(read_yaml(file, shown, problems), Question, shown, problems):
                place = f"{shown}: $[{i}]"
                if question.id in questions:
                    problems.append(f'{place}.id: "{question.id}" is used twice')
                    continue
                _check_question(question, unit, place, problems)
                questions[question.id] = question
                unit_of[question.id] = unit.id
    glossary = _glossary(folder, problems)
    links = _list(folder / "crosswalk.yml", folder, Link, problems)
    scenarios = load_scenarios(folder, units, problems)
    plain_links = tuple(link for _, link in links)
    syllabus = Syllabus(units, questions, unit_of, glossary, plain_links, content_version(folder), scenarios)
    _check_links(syllabus, links, folder, problems)
    if not any("/questions" in p for p in problems):
        _check_enough(syllabus, folder, problems)
    return syllabus, problems


def content_version(folder: Path) -> str:
    """Hash (12 hex digits) of the names and bytes of all content files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.yml")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _shown(folder: Path, path: Path) -> str:
    return f"{folder.name}/{path.relative_to(folder)}"


def _list(path: Path, folder: Path, type_: type, problems: list[str]) -> list[tuple[int, Link]]:
    shown = _shown(folder, path)
    raw = read_yaml(path, shown, problems)
    return convert_list(raw, type_, shown, problems) if raw is not None else []


def _glossary(folder: Path, problems: list[str]) -> tuple[Term, ...]:
    path = folder / "glossary.yml"
    shown = _shown(folder, path)
    raw = read_yaml(path, shown, problems)
    terms = convert_list(raw, Term, shown, problems) if raw is not None else []
    seen: dict[str, int] = {}
    for i, term in terms:
        for name in (term.term, *term.also):
            other = seen.setdefault(name.lower(), i)
            if other != i:
                problems.append(f'{shown}: $[{i}]: "{name}" is already explained at $[{other}]')
    return tuple(t for _, t in terms)


def _unique(ids: Iterable[str], place: str, problems: list[str]) -> None:
    for id, n in Counter(ids).items():
        if n > 1:
            problems.append(f'{place}: id "{id}" is used {n} times')


def _check_unit(unit: Unit, shown: str, problems: list[str]) -> None:
    outcomes = {o.id for o in unit.outcomes}
    criteria = {c.id for c in unit.criteria}
    _unique((c.id for c in unit.criteria), f"{shown}: $.criteria", problems)
    _unique((b.id for b in unit.bullets), f"{shown}: $.bullets", problems)
    if unit.expired is not None and not _is_date(unit.expired):
        problems.append(f'{shown}: $.expired: "{unit.expired}" is not a date in the form "2017-12-31"')
    parts: dict[str, tuple[Criterion | Bullet, ...]] = {"criteria": unit.criteria, "bullets": unit.bullets}
    for kind, items in parts.items():
        for i, item in enumerate(items):
            if item.outcome not in outcomes:
                problems.append(f'{shown}: $.{kind}[{i}].outcome: "{item.outcome}" is not an outcome of {unit.id}')
    for i, criterion in enumerate(unit.criteria):
        if criterion.workplace and not criterion.own_organisation:
            problems.append(f"{shown}: $.criteria[{i}].workplace: only with own_organisation: true")
    for i, bullet in enumerate(unit.bullets):
        _unique(bullet.items, f"{shown}: $.bullets[{i}].items", problems)
        for j, id in enumerate(bullet.criteria):
            if id not in criteria:
                problems.append(f'{shown}: $.bullets[{i}].criteria[{j}]: "{id}" is not a criterion of {unit.id}')
    _unique((r.id for r in unit.evidence_rules), f"{shown}: $.evidence_rules", problems)
    for i, rule in enumerate(unit.evidence_rules):
        _unique((x.id for x in rule.items), f"{shown}: $.evidence_rules[{i}].items", problems)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_question(q: Question, unit: Unit, place: str, problems: list[str]) -> None:
    def bad(where: str, what: str) -> None:
        problems.append(f"{place}{where}: {what} ({q.id})")

    if not ID.fullmatch(q.id) or not q.id.startswith(unit.id + "-"):
        bad(".id", f'"{q.id}" must start with "{unit.id}-" and hold lower-case letters, digits, "-" and "." only')
    kinds = {c.id: c.kind for c in unit.criteria}
    knowledge = [c.id for c in unit.criteria if c.kind == "knowledge"]
    for j, id in enumerate(q.criteria):
        if id not in kinds:
            span = f" ({knowledge[0]}–{knowledge[-1]})" if knowledge else ""
            bad(f".criteria[{j}]", f'"{id}": not a criterion of {unit.id}{span}')
        elif kinds[id] == "performance":
            bad(f".criteria[{j}]", f'"{id}" is a performance criterion; an answer in a chat cannot serve it')
    for j, id in enumerate(q.bullets):
        if id not in {b.id for b in unit.bullets}:
            bad(f".bullets[{j}]", f'"{id}" is not a bullet of {unit.id}')
    if not q.criteria and not q.bullets:
        bad("", "serves neither a criterion nor a bullet")
    if "{" in q.text.replace("{organisation}", "") or ("{organisation}" in q.text and not q.own_organisation):
        bad(".text", "may hold {organisation} only, and only with own_organisation: true")
    if q.form == "choice":
        if not 3 <= len(q.options) <= 5 or sum(o.correct for o in q.options) != 1:
            bad(".options", "must be 3–5 with exactly one correct")
        if q.expectations or q.misconceptions or q.sufficient:
            bad("", "a choice question has no expectations, misconceptions or sufficient")
        _unique((o.id for o in q.options), f"{place}.options", problems)
        return
    if q.options:
        bad(".options", "an open question has none")
    if not 3 <= len(q.expectations) <= 6:
        bad(".expectations", f"must be 3–6, there are {len(q.expectations)}")
    if q.sufficient is None:
        bad("", "field 'sufficient' is missing")
    elif not 1 <= q.sufficient.points <= max(1, len(q.expectations)):
        bad(".sufficient.points", f"must be 1–{len(q.expectations)}")
    _unique([e.id for e in q.expectations] + [m.id for m in q.misconceptions], f"{place}", problems)
    for j, e in enumerate(q.expectations):
        where = f".expectations[{j}]"
        if (different := len({p.strip().lower() for p in e.phrasings})) < 6:
            bad(f"{where}.phrasings", f"at least 6 different ones, there are {different}")
        if len(e.counter) < 2:
            bad(f"{where}.counter", f"at least 2, there are {len(e.counter)}")
        if len(e.hints) != 2:
            bad(f"{where}.hints", f"must be two, there are {len(e.hints)}")
        if "__" not in e.prompt.text or not e.prompt.answers:
            bad(f"{where}.prompt", "needs a gap ____ in its text and at least one answer")
    for j, m in enumerate(q.misconceptions):
        if len(m.phrasings) < 4:
            bad(f".misconceptions[{j}].phrasings", f"at least 4, there are {len(m.phrasings)}")


def _check_links(syllabus: Syllabus, links: list[tuple[int, Link]], folder: Path, problems: list[str]) -> None:
    performance = {f"{u.id}/{c.id}" for u in syllabus.units.values() for c in u.criteria if c.kind == "performance"}
    for i, link in links:
        shown = f"{folder.name}/crosswalk.yml: $[{i}]"
        ends = (("from", link.from_), ("to", link.to))
        for name, ref in ends:
            if not syllabus.knows(ref):
                problems.append(f'{shown}.{name}: there is no statement "{ref}"')
            elif ref in performance and not performance.issuperset((link.from_, link.to)):
                problems.append(
                    f'{shown}.{name}: "{ref}" is a performance criterion; knowledge answers cannot serve it'
                )
        if not link.reason.strip():
            problems.append(f"{shown}.reason: is missing")


def _check_enough(syllabus: Syllabus, folder: Path, problems: list[str]) -> None:
    """Two open questions at least, its own or linked ones, for each knowledge statement of a unit with questions."""
    counts = Counter(
        s for q in syllabus.questions.values() if q.form == "open" and not q.retired for s in syllabus.serves(q)
    )
    for unit in syllabus.units.values():
        if unit.id not in syllabus.unit_of.values():
            continue
        wanted = [f"{unit.id}/{c.id}" for c in unit.criteria if c.kind == "knowledge"]
        wanted += [bullet_key(unit.id, b.id) for b in unit.bullets]
        for statement in wanted:
            if counts[statement] < 2:
                place = f"{folder.name}/units/{unit.id}: {statement}"
                problems.append(f"{place}: has {counts[statement]} open questions, needs at least 2")
