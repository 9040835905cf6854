"""Role-play: cast it, play it turn by turn, look back on it. Practice, never evidence."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Optional

import msgspec
from msgspec.structs import replace

from bot.coach.base import Hearing
from bot.coach.common import CommonPart
from bot.coach.debriefing import asked_to_skip, debrief_lines, due_on, effect, listed, of_units
from bot.coach.marks import MarksPart
from bot.coach.practice import PracticePart
from bot.coaching.casting import cast, difficulty_of, topic_of, turn_named, wants_another
from bot.coaching.debrief import Debrief, debrief
from bot.coaching.model import Button, Line, Loop, Move, shorten
from bot.coaching.roleplay import Sitting, State, begin, restored, step
from bot.records import roleplays
from bot.records.roleplays import Again, Versions
from bot.records.store import Turn, Tx
from bot.syllabus.scenario import Scenario

LONGEST_REVIEW = 2000  # characters
LEAST_TO_LOOK_BACK = 2  # turns


class RolePlayPart(PracticePart, MarksPart, CommonPart):
    """The use cases of role-play."""

    def start_roleplay(self, turn: Turn, scenario_id: str = "") -> Move:
        """Begin one: by topic, criterion, a button's scenario, "a difficult one", or whatever is best next."""

        def decide(tx: Tx) -> Move:
            sitting = self._sitting(tx, turn.person_id)
            free = not scenario_id and not topic_of(turn.text) and difficulty_of(turn.text) == "standard"
            if sitting and sitting[2].stage == "play" and free and not wants_another(turn.text):
                return self._go_on_playing(tx, turn, *sitting)
            practised = {s for s, row in tx.coverage_of(turn.person_id).items() if row["state"] == "practised"}
            played = roleplays.played_before(tx, turn.person_id)
            units = tx.offered_units_of(turn.person_id)
            scenarios = self.syllabus.scenarios
            found = cast(turn.text, scenarios, units, played, practised, self.marker.similar)
            if scenario_id in scenarios:
                scenario, difficulty = scenarios[scenario_id], difficulty_of(turn.text)
            elif found is None:
                topics = ", ".join(s.topics[0] for s in list(scenarios.values())[:6])
                return Move((Line("utter_roleplay_unknown" if topics else "utter_no_roleplays", {"topics": topics}),))
            else:
                scenario, difficulty = scenarios[found.scenario], found.difficulty
            self._hearing().prepare(scenario)
            state, _ = begin(scenario, difficulty, seed_of(turn))
            return self._begin(tx, turn, scenario, state, [Line("utter_roleplay_starts", {"title": scenario.title})])

        return self._once(turn, decide)

    def say_to_customer(self, turn: Turn) -> Move:
        """One message of the learner's: to the customer, or after the end to the coach's questions."""

        def decide(tx: Tx) -> Move:
            found = self._sitting(tx, turn.person_id)
            if found is None:
                return Move((Line("utter_nothing_open"),), "off")
            id, scenario, sitting = found
            sitting = replace(sitting, paused=False)
            if sitting.stage == "review":
                return self._take_review(tx, turn, id, sitting)
            if sitting.stage == "bridge":
                return self._take_bridge(tx, turn, id, sitting)
            said = self._hearing().hear(scenario, turn.text, sitting.customer_said())
            state, reply = step(scenario, sitting.state, said)
            roleplays.add_turn(tx, turn, sitting.run, len(state.turns), state.turns[-1], self.clock())
            lines = [customer_line(scenario, reply.text)]
            sitting = replace(sitting, state=state)
            if state.ending is None:
                tx.save_exercise(id, sitting, self.clock())
                return Move(tuple(lines), "roleplay")
            return self._over(tx, turn, id, scenario, sitting, lines)

        return self._once(turn, decide)

    def brief(self, turn: Turn) -> Move:
        """Who the learner is, what they may offer; the customer waits."""
        return self._in_play(turn, lambda tx, id, scenario, sitting: [brief_line(scenario)])

    def nudge(self, turn: Turn) -> Move:
        """A word from the coach; the customer waits."""

        def said(tx: Tx, id: int, scenario: Scenario, sitting: Sitting) -> list[Line]:
            if sitting.stage != "play":
                return self._stage_lines(sitting)
            nudge = scenario.situation(sitting.state.situation).nudge
            return [*self._last_effect(sitting), Line("utter_nudge", {"nudge": nudge}, join=bool(sitting.state.turns))]

        return self._in_play(turn, said)

    def pause(self, turn: Turn) -> Move:
        """Keep the role-play for later."""

        def decide(tx: Tx) -> Move:
            found = self._sitting(tx, turn.person_id)
            if found is None or found[2].paused:
                return Move((Line("utter_nothing_to_stop"),), "off")
            id, scenario, sitting = found
            tx.save_exercise(id, replace(sitting, paused=True), self.clock())
            return Move((Line("utter_roleplay_paused", {"title": scenario.title}),), "off")

        return self._either(turn, decide, lambda: self.stop(turn))

    def again_from_turn(self, turn: Turn) -> Move:
        """Once more from a turn of this run, or of the last one; what was played stays on record."""

        def decide(tx: Tx) -> Move:
            last = roleplays.last_run(tx, turn.person_id)
            scenario = self.syllabus.scenarios.get(last.scenario_id) if last else None
            if last is None or scenario is None:
                return Move((Line("utter_no_turn_yet"),))
            number = turn_named(turn.text, max(1, len(last.turns)))
            seed = seed_of(turn)
            kept = last.turns[: number - 1]
            state = restored(scenario, last.difficulty, seed, last.opening, kept)
            lead = Line("utter_again_from", {"turn": str(number)})
            again = Again(last.id, number)
            return self._begin(tx, turn, scenario, state, [lead], again)

        return self._once(turn, decide)

    # What means something else in a role-play ---------------------------------------------------------------------

    def stop(self, turn: Turn) -> Move:
        """End the role-play here and look back on it; after the end: leave."""

        def decide(tx: Tx) -> Move:
            found = self._sitting(tx, turn.person_id)
            if found is None or found[2].paused:
                return Move((Line("utter_nothing_to_stop"),), "off")
            id, scenario, sitting = found
            if sitting.stage == "play" and len(sitting.state.turns) >= LEAST_TO_LOOK_BACK:
                return self._over(tx, turn, id, scenario, sitting, [])
            tx.save_exercise(id, sitting, self.clock(), close=True)
            if sitting.stage == "review":
                lines = self._debriefed(tx, turn, sitting)
                return Move((*lines, Line("utter_roleplay_left")), "off")
            return Move((Line("utter_roleplay_left"),), "off")

        return self._either(turn, decide, lambda: super(RolePlayPart, self).stop(turn))

    def resume(self, turn: Turn) -> Move:
        """Go on with the role-play, on whatever channel."""

        def decide(tx: Tx) -> Move:
            found = self._sitting(tx, turn.person_id)
            return self._go_on_playing(tx, turn, *found) if found else Move((Line("utter_nothing_to_resume"),))

        return self._either(turn, decide, lambda: super(RolePlayPart, self).resume(turn))

    def repeat(self, turn: Turn) -> Move:
        """What the customer said last, once more."""
        return self._either_in_play(turn, self._where, lambda: super(RolePlayPart, self).repeat(turn))

    def hint(self, turn: Turn) -> Move:
        """In a role-play: a nudge."""
        return self._either(turn, None, lambda: super(RolePlayPart, self).hint(turn), lambda: self.nudge(turn))

    def dont_know(self, turn: Turn) -> Move:
        """In a role-play: a nudge."""
        return self._either(turn, None, lambda: super(RolePlayPart, self).dont_know(turn), lambda: self.nudge(turn))

    def skip(self, turn: Turn) -> Move:
        """In a role-play nothing is left out; the questions after it may be."""
        return self._either(
            turn,
            None,
            lambda: super(RolePlayPart, self).skip(turn),
            lambda: (
                self._in_play(turn, lambda tx, id, scenario, sitting: [Line("utter_nothing_to_skip")])
                if self._stage_of(turn) == "play"
                else self.say_to_customer(turn)
            ),
        )

    def why(self, turn: Turn) -> Move:
        """What the last message did to the customer."""

        def said(tx: Tx, id: int, scenario: Scenario, sitting: Sitting) -> list[Line]:
            return self._last_effect(sitting) or [Line("utter_no_turn_yet")]

        return self._either_in_play(turn, said, lambda: super(RolePlayPart, self).why(turn))

    def welcome(self, turn: Turn) -> Move:
        """A greeting that knows of the role-play."""

        def decide(tx: Tx) -> Move:
            name = tx.name_of(turn.person_id).split(" ")[0]
            return Move((Line("utter_greet_roleplay", {"name": name}, (Button("Resume", "/resume"),)),))

        return self._either(turn, decide, lambda: super(RolePlayPart, self).welcome(turn))

    def open_loop(self, person_id: int) -> Optional[Loop]:
        """ "practice" or "roleplay" if the learner is in the middle of one."""
        with self.records.reading() as tx:
            found = self._sitting(tx, person_id)
        if found is not None:
            return None if found[2].paused else "roleplay"
        return super().open_loop(person_id)

    # Inside -------------------------------------------------------------------------------------------------------

    def _hearing(self) -> Hearing:
        if self.hearing is None:
            raise RuntimeError("no hearing")
        return self.hearing

    def _sitting(self, tx: Tx, person_id: int) -> Optional[tuple[int, Scenario, Sitting]]:
        """The role-play the learner is in the middle of; one whose scenario is gone is no longer open."""
        row = tx.open_exercise(person_id)
        if row is None or row["kind"] != "roleplay":
            return None
        sitting = msgspec.convert(row["state"], Sitting)
        scenario = self.syllabus.scenarios.get(sitting.state.scenario)
        known = {s.id for s in scenario.situations} if scenario else set()
        return (row["id"], scenario, sitting) if scenario and sitting.state.situation in known else None

    def _stage_of(self, turn: Turn) -> str:
        with self.records.reading() as tx:
            found = self._sitting(tx, turn.person_id)
        return found[2].stage if found else ""

    def _either(
        self,
        turn: Turn,
        decide: Optional[Callable[[Tx], Move]],
        practice: Callable[[], Move],
        instead: Optional[Callable[[], Move]] = None,
    ) -> Move:
        """`decide` (or `instead`) where a role-play is open, else what practice does."""
        with self.records.reading() as tx:
            if (seen := tx.move_for(turn.message_id)) is not None:
                return seen
            playing = self._sitting(tx, turn.person_id) is not None
        if not playing:
            return practice()
        return self._once(turn, decide) if decide else instead() if instead else practice()

    def _in_play(self, turn: Turn, said: Callable[[Tx, int, Scenario, Sitting], list[Line]]) -> Move:
        """Say something beside the play; it goes on as it stands."""

        def decide(tx: Tx) -> Move:
            found = self._sitting(tx, turn.person_id)
            if found is None:
                return Move((Line("utter_no_roleplay_open"),))
            id, scenario, sitting = found
            tx.save_exercise(id, replace(sitting, paused=False), self.clock())
            return Move(tuple(said(tx, id, scenario, sitting)), "roleplay")

        return self._once(turn, decide)

    def _either_in_play(
        self,
        turn: Turn,
        said: Callable[[Tx, int, Scenario, Sitting], list[Line]],
        practice: Callable[[], Move],
    ) -> Move:
        return self._either(turn, None, practice, lambda: self._in_play(turn, said))

    def _begin(
        self, tx: Tx, turn: Turn, scenario: Scenario, state: State, lead: list[Line], again: Optional[Again] = None
    ) -> Move:
        """Open a run: what is said first, the brief, and the customer."""
        id = tx.start_exercise(turn.person_id, "roleplay", Sitting(0, state), self.clock())
        versions = Versions(self.syllabus.version, self._hearing().version)
        run = roleplays.add_run(tx, turn, id, scenario, state, versions, self.clock(), again)
        sitting = Sitting(run, state)
        tx.save_exercise(id, sitting, self.clock())
        brief = [] if again else [brief_line(scenario)]
        return Move((*lead, *brief, customer_line(scenario, sitting.customer_said())), "roleplay")

    def _go_on_playing(self, tx: Tx, turn: Turn, id: int, scenario: Scenario, sitting: Sitting) -> Move:
        tx.save_exercise(id, replace(sitting, paused=False), self.clock())
        lead = Line("utter_going_on", {"label": scenario.title})
        return Move((lead, *self._where(tx, id, scenario, sitting)), "roleplay")

    def _where(self, tx: Tx, id: int, scenario: Scenario, sitting: Sitting) -> list[Line]:
        if sitting.stage == "play":
            return [customer_line(scenario, sitting.customer_said())]
        return self._stage_lines(sitting)

    def _stage_lines(self, sitting: Sitting) -> list[Line]:
        return [Line("utter_review" if sitting.stage == "review" else "utter_bridge")]

    def _last_effect(self, sitting: Sitting) -> list[Line]:
        """What the last message did, in words; nothing before the first."""
        if not sitting.state.turns:
            return []
        last = sitting.state.turns[-1]
        temper, trust = sum(c.temper for c in last.changes), sum(c.trust for c in last.changes)
        args = {"quote": shorten(last.said.text, 80), "effect": effect(temper, trust)}
        return [Line("utter_last_effect" if last.addressed else "utter_last_ignored", args)]

    def _over(self, tx: Tx, turn: Turn, id: int, scenario: Scenario, sitting: Sitting, lines: list[Line]) -> Move:
        """The run is over: put its debrief on record, and ask the learner first."""
        found = debrief(scenario, sitting.state, roleplays.last_debriefs(tx, turn.person_id))
        roleplays.add_end(tx, turn.person_id, sitting.run, found, self._served(found), self.clock())
        tx.save_exercise(id, replace(sitting, stage="review"), self.clock())
        args = {"customer": scenario.customer.name, "meaning": found.meaning}
        return Move((*lines, Line(f"utter_ending_{found.kind}", args), Line("utter_review", join=True)), "roleplay")

    def _served(self, found: Debrief) -> dict[str, str]:
        """Statement → how it was practised, linked performance criteria included."""
        served: dict[str, str] = {}
        for criterion, level in found.practised().items():
            for statement in (criterion, *self.syllabus.linked_performance(criterion)):
                if self.syllabus.knows(statement) and served.get(statement) != "good":
                    served[statement] = level
        return served

    def _take_review(self, tx: Tx, turn: Turn, id: int, sitting: Sitting) -> Move:
        """The learner's own word first; then the debrief, and the bridge to real work."""
        if not asked_to_skip(turn.text):
            words = turn.text.strip()[:LONGEST_REVIEW]
            roleplays.add_review(tx, turn.person_id, sitting.run, words, self.clock())
        tx.save_exercise(id, replace(sitting, stage="bridge"), self.clock())
        return Move((*self._debriefed(tx, turn, sitting), Line("utter_bridge")), "roleplay")

    def _debriefed(self, tx: Tx, turn: Turn, sitting: Sitting) -> list[Line]:
        run = roleplays.run_in(tx, sitting.run)
        return debrief_lines(run.debrief, sitting.run, tx.units_of(turn.person_id)) if run and run.debrief else []

    def _take_bridge(self, tx: Tx, turn: Turn, id: int, sitting: Sitting) -> Move:
        """When it was done with a real customer: a dated note to ask for a witness or an observation."""
        tx.save_exercise(id, sitting, self.clock(), close=True)
        buttons = (Button("Another role-play", "/start_roleplay"), Button("My progress", "/progress"))
        if asked_to_skip(turn.text):
            return Move((Line("utter_bridge_skipped", buttons=buttons),), "off")
        run = roleplays.run_in(tx, sitting.run)
        units = tx.units_of(turn.person_id)
        practised = of_units(run.debrief.practised(), units) if run and run.debrief else []
        due, words = due_on(turn.text, self.clock()), turn.text.strip()[:LONGEST_REVIEW]
        roleplays.remind(tx, turn.person_id, sitting.run, words, practised, due, self.clock())
        args = {"date": f"{due.day} {due:%B}", "criteria": listed(practised)}
        return Move((Line("utter_reminder_kept" if practised else "utter_reminder_plain", args, buttons),), "off")


def seed_of(turn: Turn) -> int:
    """The seed of a run: the same message gives the same run."""
    return zlib.crc32(turn.message_id.encode()) & 0x7FFFFFFF


def customer_line(scenario: Scenario, text: str) -> Line:
    """Something the customer says, under their name."""
    return Line("utter_customer", {"customer": scenario.customer.name, "said": text})


def brief_line(scenario: Scenario) -> Line:
    """The brief."""
    brief = scenario.brief
    args = {
        "you_are": brief.you_are.strip(),
        "situation": brief.situation.strip(),
        "may_offer": "; ".join(brief.may_offer),
        "limits": "; ".join(brief.limits),
        "refer_to": brief.refer_to.strip(),
    }
    return Line("utter_brief", args)
