"""How many dialogue processes for so many learners: `python benchmarks/sizes.py [--turn 0.018] [--picture FILE]`.

A queue with random arrivals, `c` servers and service times that vary (M/G/c, after Allen and Cunneen): how long 95 % of
the turns wait at most. It is a model; the one thing measured in it is the processor time of a turn.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

TURN = 0.018  # seconds of processor time, all of our processes together; `rapport bench` measures it
SPREAD = 0.5  # standard deviation of a turn's time over its mean: hints are short, long answers long
PACE = 80  # turns an hour of a learner who practises: one in 45 seconds
WAIT = 1.0  # seconds that one turn in twenty may wait at most
FULLEST = 0.75  # of a process's time; the rest is for pages, restarts and a bad day
LEARNERS = (10, 100, 300, 1_000, 3_000, 10_000, 100_000, 1_000_000)


def waits(load: float, servers: int) -> float:
    """The chance that a turn has to wait: Erlang's C for a load in servers' worth of work."""
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    busy = load / servers
    return blocked / (1 - busy * (1 - blocked))


def p95_wait(rate: float, turn: float, servers: int, spread: float = SPREAD) -> float:
    """Seconds that 95 % of the turns wait at most, at `rate` turns a second; infinite where it is too much."""
    load = rate * turn
    if load >= servers:
        return math.inf
    chance = waits(load, servers)
    if chance <= 0.05:
        return 0.0
    mean = turn / (servers - load) * (1 + spread**2) / 2  # of those who wait
    return mean * math.log(chance / 0.05)


def needed(rate: float, turn: float) -> int:
    """The fewest servers with which nobody waits for long and none is too full."""
    servers = max(1, math.ceil(rate * turn / FULLEST))
    while p95_wait(rate, turn, servers) > WAIT:
        servers += 1
    return servers


def table(turn: float) -> str:
    """The sizes as a Markdown table."""
    lines = ["| practising at once | turns a second | dialogue processes | busy | p95 wait |", "|---|---|---|---|---|"]
    for learners in LEARNERS:
        rate = learners * PACE / 3600
        servers = needed(rate, turn)
        wait = p95_wait(rate, turn, servers)
        lines.append(
            f"| {learners:,} | {rate:,.1f} | {servers:,} | {rate * turn / servers:.0%} | {1000 * wait:.0f} ms |"
        )
    return "\n".join(lines)


def picture(turn: float, path: Path) -> None:
    """The waiting time over the learners who practise at once, a line for each number of processes."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    for servers in (1, 2, 4, 8, 16):
        most = servers / turn * 3600 / PACE
        learners = [most * share / 200 for share in range(1, 200)]
        seconds = [p95_wait(n * PACE / 3600, turn, servers) for n in learners]
        axes.plot(learners, seconds, label=f"{servers} process{'es' if servers > 1 else ''}")
    axes.set(xscale="log", ylim=(0, 1.5), xlabel="learners practising at once", ylabel="p95 wait in seconds")
    axes.set_title(f"Model: {1000 * turn:.0f} ms of processor time a turn, {PACE} turns an hour each")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Print the table; draw the picture where a file is given."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turn", type=float, default=TURN, help="seconds of processor time of a turn")
    parser.add_argument("--picture", type=Path, help="an SVG file to write")
    given = parser.parse_args()
    print(table(given.turn))
    if given.picture:
        picture(given.turn, given.picture)


if __name__ == "__main__":
    main()
