"""Measure this assistant beside an untouched `rasa init` one: `python benchmarks/against_starter.py --out FILE`."""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, Optional

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import growth
from benchmarks.crowd import our_crowd, starter_crowd
from benchmarks.environment import starter_python
from benchmarks.figures import TOGETHER, Raw, growth_rows, page_table, report_of, rows_of, table_of, write_report
from benchmarks.growth import long_conversation, with_stored
from benchmarks.machine import about_this_run, load_average, memory_of, processor_seconds
from benchmarks.marking import marking_times
from benchmarks.systems import PREPARE, Ours, Starter, System
from benchmarks.talking import OurTalk, StarterTalk, first_answer
from bot.errors import RapportError
from bot.settings import ROOT
from bot.training import sources_hash

# Loads bytecode and files of both into memory before anything is timed.
WARM_UP = "import rasa.core.agent, rasa.model_training, rasa.server, spacy, onnxruntime, sqlalchemy, uvicorn"


class Plan(NamedTuple):
    """How much is measured."""

    trainings: int
    starts: int
    blocks: int  # of each assistant, one after the other
    block: int  # turns that count in a block
    crowds: tuple[int, ...]  # learners at once
    crowd_seconds: float
    long: int  # turns of the long conversation
    stored: tuple[int, ...]  # attempts in the database, few and many
    pages: int  # times each page is fetched


FULL = Plan(1, 3, 10, 20, (1, 4, 16, 32, 64), 15.0, 500, (1_000, 1_000_000), 40)
QUICK = Plan(1, 1, 4, 10, (32,), 10.0, 0, (0, 0), 0)
GROWING = FULL._replace(crowds=TOGETHER)
QUICKLY_GROWING = Plan(0, 0, 0, 3, (2,), 3.0, 12, (1_200, 2_000), 3)  # whether it all works, not how fast


class Bench:
    """One run: the phases in their order, filling `raw`."""

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        bar: Progress,
        cleanup: ExitStack,
        postgres: Optional[str] = None,
        alone: bool = False,
    ) -> None:
        self.plan, self.bar, self.raw, self.postgres = plan, bar, Raw(), postgres
        self.alone = alone
        steps = 1 + 2 * plan.trainings + 1 + 2 * plan.starts + 2 * plan.blocks + 2 + 2 * len(plan.crowds)
        growing = 2 * len(plan.crowds) + 1 + (2 if postgres else 1) * len(plan.stored) if plan.long else 0
        self.task = bar.add_task("preparing", total=(1 if alone else steps) + growing)
        self.told = 0  # attempts stored when it was last said how many
        logs = folder / "logs"
        logs.mkdir()
        self.systems: tuple[System, ...] = ()
        if not alone:
            self._doing("the starter's environment with TensorFlow (minutes and 2 GB the first time)")
            self.starter = Starter(folder / "starter", logs, starter_python())
            self.systems = (self.starter,)
        self._doing("copying ours")
        self.ours = Ours(folder / "ours", logs)
        self.systems = (*self.systems, self.ours)
        for system in self.systems:
            cleanup.callback(system.stop)

    def run(self) -> None:
        """Measure everything; `alone`: only what grows in ours."""
        self.ours.check()
        if self.alone:
            if not self.ours.borrow():
                self._doing("training ours")
                self._tell(f"training ours: {self.ours.train():.1f} s", step=False)
            self._doing("preparing ours")
            self._tell(f"preparing ours: {self.ours.once('prepare', *PREPARE):.1f} s")
            self.ours.start()
            self.talks = {"ours": OurTalk(self.ours)}
            self.growth()
            return
        for system in self.systems:
            system.once("warm-up", "-c", WARM_UP)
        self.bar.advance(self.task)
        self.training()
        self._doing("marking alone")
        self.raw.marking = marking_times()
        self.talks = {"starter": StarterTalk(self.starter), "ours": OurTalk(self.ours)}
        self.starts()
        self.turns()
        self.crowds()
        self.starter.stop()
        self.growth()
        self._doing("done")

    def training(self) -> None:
        """Train both with empty caches, then prepare the phrasings' vectors of ours."""
        for _ in range(self.plan.trainings):
            for system in self.systems:
                self._doing(f"training {system.name}")
                before = _children_seconds()
                seconds = system.train()
                self.raw.cpu[system.name]["training"].append(_children_seconds() - before)
                self.raw.training[system.name].append(seconds)
                self._tell(f"training {system.name}: {seconds:.1f} s")
        self._doing("preparing the phrasing vectors of ours")
        seconds = self.ours.prepare()
        self.raw.preparing.append(seconds)
        self._tell(f"content check and phrasing vectors of ours: {seconds:.1f} s")

    def starts(self) -> None:
        """Start each alone, some times; after the last start let it work, then take its memory."""
        for number in range(self.plan.starts):
            for system in self.systems:
                self._doing(f"starting {system.name}")
                self._start(system)
                if number == self.plan.starts - 1:
                    self._doing(f"memory of {system.name}")
                    for block in range(self.plan.blocks):
                        self.talks[system.name].block(self.plan.block, 1000 + block)
                    self.raw.memory[system.name] = memory = memory_of(system.pids())
                    self._tell(f"memory of {system.name}: {memory['total']:.0f} MB {memory['kind']}", step=False)
                system.stop()

    def _start(self, system: System) -> None:
        before = time.perf_counter()
        ready = system.start()
        if system is self.ours:
            self.talks["ours"].first_answer()  # type: ignore[union-attr]
        else:
            first_answer(self.talks["starter"].url)  # type: ignore[union-attr]
        answered = time.perf_counter() - before
        self.raw.cpu[system.name]["start"].append(processor_seconds(system.pids()))
        self.raw.start_ready[system.name].append(ready)
        self.raw.start_first_answer[system.name].append(answered)
        self._tell(f"start of {system.name}: ready after {ready:.1f} s, first answer after {answered:.1f} s")

    def turns(self) -> None:
        """Both run; a block of turns with one, a block with the other, never both at once."""
        self._doing("starting both")
        for system in self.systems:
            system.start()
        processes = len(self.ours.run()["dialogue_urls"])
        for name, talk in self.talks.items():
            self._doing(f"warming up {name}")
            for number in range(processes):  # a new person each, so each process of ours has had one
                talk.block(self.plan.block, 2000 + number)
            self.bar.advance(self.task)
        for block in range(self.plan.blocks):
            for system in self.systems:
                self._doing(f"turns of {system.name}, block {block + 1} of {self.plan.blocks}")
                before = processor_seconds(system.pids())
                turns = self.talks[system.name].block(self.plan.block, 3000 + block)
                used = processor_seconds(system.pids()) - before
                self.raw.cpu[system.name]["turn"].append(used / len(turns))
                self.raw.turns[system.name] += [{**turn, "block": block} for turn in turns]
                self.bar.advance(self.task)
        talk = self.talks["ours"]
        assert isinstance(talk, OurTalk)
        talk.roleplay(self.plan.block, 2000)
        for block in range(self.plan.blocks):
            self._doing(f"role-play turns, block {block + 1} of {self.plan.blocks}")
            self.raw.roleplay += [{**turn, "block": block} for turn in talk.roleplay(self.plan.block, 3000 + block)]

    def crowds(self) -> None:
        """Many learners at once; first with one assistant, then with the other."""
        starter, ours = self.talks["starter"], self.talks["ours"]
        assert isinstance(starter, StarterTalk) and isinstance(ours, OurTalk)
        for learners in self.plan.crowds:
            for name in ("starter", "ours"):
                self._doing(f"{learners} learners at once with {name}")
                crowd = (
                    starter_crowd(starter, learners, self.plan.crowd_seconds)
                    if name == "starter"
                    else our_crowd(ours, learners, self.plan.crowd_seconds)
                )
                self.raw.crowds[name].append(crowd)
                speed = crowd["turns_per_second"]
                self._tell(f"{learners} learners at once with {name}: {speed:.1f} turns a second")

    def growth(self) -> None:
        """Ours alone: a long conversation, then few and many stored attempts, then PostgreSQL where it was given."""
        if not self.plan.long:
            return
        talk, found = self.talks["ours"], self.raw.growth
        assert isinstance(talk, OurTalk)
        for self.ours.dialogues in (1, 2):
            self.ours.stop()
            self.ours.start()
            talk.block(self.plan.block, 7000)
            for learners in self.plan.crowds if self.alone else TOGETHER:
                what = f"{learners} learners at once, dialogue processes: {self.ours.dialogues}"
                self._doing(what)
                crowd = our_crowd(talk, learners, self.plan.crowd_seconds)
                found[f"rate_{self.ours.dialogues}_{learners}"] = crowd["turns_per_second"]
                self._tell(f"{what}: {crowd['turns_per_second']:.1f} turns a second")
        self.ours.dialogues = 0
        self._doing(f"a conversation of {self.plan.long} turns")
        found.update(long_conversation(talk, self.plan.long, self.plan.block))
        talk.close()
        self._tell(f"a conversation of {self.plan.long} turns is measured")
        # Files of their own: the crowds have stored more than the smaller load.
        stored = f"sqlite:///{self.ours.data / 'stored.sqlite'}"
        for url in [stored, *([self.postgres] if self.postgres else [])]:
            self.ours.stop()
            self.ours.database_url = url
            for attempts in self.plan.stored:
                self._doing(f"{attempts:,} stored attempts")
                turns, shown = with_stored(self.ours, attempts, self.plan.block, self.plan.pages, self._stored)
                found.update(turns)
                self.raw.stored.append(shown)
                self._tell(f"measured with {attempts:,} stored attempts in {shown['database']}")

    def _stored(self, attempts: int) -> None:
        self.bar.update(self.task, description=f"{attempts:,} attempts stored")
        if attempts // 100_000 > self.told // 100_000:
            self._tell(f"{attempts:,} attempts stored", step=False)
        self.told = attempts

    def _doing(self, what: str) -> None:
        self.bar.update(self.task, description=what)
        self.raw.load.append({"before": what, "at": round(time.time(), 1), "load": load_average()})

    def _tell(self, text: str, step: bool = True) -> None:
        self.bar.console.print(text, markup=False)
        if step:
            self.bar.advance(self.task)


def main(arguments: Optional[list[str]] = None) -> int:
    """0 when everything was measured, goals met or not; 1 when it could not be; 130 when stopped."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "bench.json", help="where to write the figures")
    parser.add_argument("--quick", action="store_true", help="fewer starts and turns; rougher figures")
    parser.add_argument("--postgres", help="an empty PostgreSQL database to measure growth with, too")
    parser.add_argument("--growth", action="store_true", help="only what grows in ours: talks, attempts, pages")
    parser.add_argument("--stored", type=int, nargs="+", help="so many stored attempts instead of 1000 and 1000000")
    given = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    wide = None if sys.stdout.isatty() else 160  # a file has no width
    out, err = Console(highlight=False, width=wide), Console(stderr=True, highlight=False)
    about: dict[str, Any] = {**about_this_run(ROOT), "sources": sources_hash(), "quick": given.quick}
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    plan = {(0, 0): FULL, (1, 0): QUICK, (0, 1): GROWING, (1, 1): QUICKLY_GROWING}[given.quick, given.growth]
    plan = plan._replace(stored=tuple(given.stored)) if given.stored else plan
    problem: Optional[str] = None
    bench: Optional[Bench] = None
    code = 0
    with ExitStack() as cleanup:
        bar = cleanup.enter_context(Progress(*columns, console=err, transient=True))
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="rapport-bench-")))
        try:
            growth.enough_room(plan.stored if plan.long else (), folder, given.postgres)
            bench = Bench(plan, folder, bar, cleanup, given.postgres, given.growth)
            bench.run()
        except KeyboardInterrupt:
            problem, code = "Stopped; the figures are not complete.", 130
        except (RapportError, OSError) as error:
            problem, code = str(error), 1
        except Exception as error:  # what was measured so far is written all the same
            traceback.print_exc()
            problem, code = f"{type(error).__name__}: {error}", 1
    raw = bench.raw if bench else Raw()
    report = report_of(raw, {**about, "problem": problem}, complete=problem is None)
    try:
        write_report(report, given.out)
    except OSError as error:
        problem, code = f"{given.out} cannot be written ({error.strerror}).", 1
    if raw.training["starter"]:
        out.print(table_of(rows_of(raw)))
    if raw.growth:
        out.print(table_of(growth_rows(raw), alone=True))
    if raw.stored:
        out.print(page_table(raw))
    if raw.training["starter"] or raw.growth:
        cores = about["machine"]["cores_usable"]
        out.print(f"Load average now {load_average()[0]:.1f} on {cores} cores; all figures: {given.out}")
    if problem:
        err.print(problem, style="red", markup=False)
    return code


def _children_seconds() -> float:
    """Processor time of all processes that were started here and have ended, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
