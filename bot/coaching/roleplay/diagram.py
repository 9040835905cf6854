"""A scenario as a Mermaid diagram."""

from __future__ import annotations

from bot.syllabus.scenario import Condition, Scenario


def mermaid(scenario: Scenario) -> str:
    """A state diagram: situations, the ways between them, endings."""
    lines = ["stateDiagram-v2", f"    [*] --> {_id(scenario.situations[0].id)}"]
    for s in scenario.situations:
        lines.append(f"    {_id(s.id)}: {_plain(s.id)}")
        lines += [f"    {_id(s.id)} --> {_id(way.to)}: {words(way.when)}" for way in s.leave]
    for e in scenario.endings:
        for when in e.when:
            where = when.in_ or tuple(s.id for s in scenario.situations)
            sources = where if len(where) < len(scenario.situations) else ("any situation",)
            for source in sources:
                lines.append(f"    {_id(source)} --> end_{_id(e.id)}: {words(when)}")
        lines += [f"    end_{_id(e.id)}: {_plain(e.kind)}", f"    end_{_id(e.id)} --> [*]"]
    return "\n".join(lines)


def page(scenario: Scenario) -> str:
    """The page of a scenario in `docs/scenarios/`."""
    behaviours = "\n".join(f"| {b.label} | {', '.join(b.criteria)} |" for b in scenario.behaviours)
    situations = "\n".join(f"- **{_plain(s.id)}**: {s.about}" for s in scenario.situations)
    endings = "\n".join(f"- **{_plain(e.kind)}**: {e.meaning}" for e in scenario.endings)
    return (
        f"# {scenario.title}\n\nMade from `knowledge/scenarios/{scenario.id}.yml` by `rapport check --diagrams`; "
        f"do not edit. Practice – not evidence.\n\n"
        f"{scenario.trade} · {scenario.customer.name}: {scenario.customer.about}\n\n"
        f"```mermaid\n{mermaid(scenario)}\n```\n\n## Situations\n{situations}\n\n## Endings\n{endings}\n\n"
        f"## Practised\n| behaviour | criteria |\n|---|---|\n{behaviours}\n"
    )


def words(c: Condition) -> str:
    """A condition in words."""
    parts: list[str] = []
    for moves, joined in ((c.did, " and "), (c.did_any, " or "), (c.here, " and "), (c.here_any, " or ")):
        if moves:
            parts.append(joined.join(_plain(m) for m in moves))
    if c.in_order:
        parts.append(" before ".join(_plain(m) for m in c.in_order))
    if c.did_not:
        parts.append("no " + ", no ".join(_plain(m) for m in c.did_not))
    parts += [f"knows {_plain(k)}" for k in c.knows]
    for name, sign in (("min", "at least"), ("max", "at most")):
        for what in ("temper", "trust", "patience"):
            value = getattr(c, f"{what}_{name}", None)
            if value is not None:
                parts.append(f"{what} {sign} {value}")
    if c.turns_here:
        parts.append(f"{c.turns_here} turns here")
    if c.out_of_time:
        parts.append("time is up")
    return ", ".join(parts) or "always"


def _id(id: str) -> str:
    return id.replace("-", "_").replace(" ", "_")


def _plain(id: str) -> str:
    return id.replace("-", " ").replace("_", " ")
