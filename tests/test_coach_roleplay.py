"""The coach plays the customer: cast, played, looked back on, with its records."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DatabaseError

from bot.coach import Coach
from bot.coaching.model import Move
from bot.errors import NotEvidence
from bot.records import assessment_tables as a
from bot.records import messages, people, portfolio, roleplays, tutor_reports, tutoring
from bot.records import roleplay_tables as r
from bot.records.store import Records
from bot.syllabus.syllabus import Syllabus
from bot.web.reminding import words
from tests.conftest import Clock, FakeHearing, FakeMarker, Talk, args, names, new_talk

WELL = (
    "[greet] Good morning! [ask:why-late] What happened?",
    "[empathise] I am sorry you were so ill. [ask:what-would-help] What would help?",
    "[explain_limit] Refunds run for 30 days. [offer_alternative] You can swap it for a light one.",
    "[add_value] I will have it brought to you for free.",
    "[promise] It will be there by four today.",
)
BADLY = (
    "[say_no] No.",
    "[dismiss] That is nothing.",
    "[argue] It is not so.",
    "[blame] Your fault.",
    "[rude] Go away.",
)


class Play(Talk):
    """A learner in a role-play."""

    def begin(self, text: str = "role-play") -> Move:
        """Start one."""
        return self.coach.start_roleplay(self.turn(text))

    def says(self, *texts: str) -> Move:
        """Write to the customer; the last move."""
        for text in texts:
            move = self.coach.say_to_customer(self.turn(text))
        return move

    @property
    def run(self) -> roleplays.Run:
        """The run begun last."""
        with self.coach.records.reading() as tx:
            found = roleplays.last_run(tx, self.person_id)
        assert found is not None
        return found


@pytest.fixture
def play(syllabus: Syllabus, records: Records, clock: Clock) -> Play:
    """A learner of d1 with a coach that can hear."""
    only = {"shop-late-refund": syllabus.scenarios["shop-late-refund"]}
    content = Syllabus(
        syllabus.units, syllabus.questions, syllabus.unit_of, syllabus.glossary, syllabus.links, "v1", only
    )
    coach = Coach(content, FakeMarker(), records, clock, FakeHearing())
    return Play(coach, new_talk(coach, "d1").person_id)


def test_it_begins_with_the_brief_and_then_the_customer_speaks(play: Play) -> None:
    move = play.begin("let's do a role-play about a late return")
    assert names(move) == ["utter_roleplay_starts", "utter_brief", "utter_customer"]
    assert move.loop == "roleplay" and play.coach.open_loop(play.person_id) == "roleplay"
    assert args(move, "utter_customer")["customer"] == "Mrs Doyle"
    assert "Ms Osei" in args(move, "utter_brief")["refer_to"]


@pytest.mark.parametrize(
    ("text", "difficulty"),
    [("a difficult one please", "hard"), ("something easy", "easy"), ("2.2", "standard"), ("P9", "standard")],
)
def test_it_is_chosen_by_difficulty_criterion_or_topic(play: Play, text: str, difficulty: str) -> None:
    play.begin(text)
    assert (play.run.scenario_id, play.run.difficulty) == ("shop-late-refund", difficulty)


def test_an_unknown_topic_offers_some(play: Play) -> None:
    assert names(play.begin("a role-play about volcanoes on mars")) == ["utter_roleplay_unknown"]
    assert play.coach.open_loop(play.person_id) is None


def test_handled_well_it_ends_well_is_looked_back_on_and_leads_to_real_work(play: Play) -> None:
    play.begin()
    over = play.says(*WELL)
    assert names(over) == ["utter_customer", "utter_ending_delighted", "utter_review"]
    seen = play.says("I asked first and stayed calm")
    assert not {"text", "image", "attachment"} & {name for line in seen.lines for name in line.args}  # Rasa's own
    assert args(seen, "utter_debrief_practised")["criteria"].startswith("D1 1.1, D1 1.3, D1 2.1, D1 2.2")
    assert names(seen)[0] == "utter_debrief_head" and names(seen)[-1] == "utter_bridge"
    assert any("What happened?" in str(line.args) for line in seen.lines)
    assert "utter_debrief_no_stop" in names(seen)
    kept = play.says("last week with a lady who came too late, my supervisor saw it")
    assert names(kept) == ["utter_reminder_kept"] and kept.loop == "off"
    assert args(kept, "utter_reminder_kept")["date"] == "9 March"
    assert play.coach.open_loop(play.person_id) is None
    assert play.run.review == "I asked first and stayed calm"
    assert [m.words for m in roleplays.reminders_of(play.coach.records, play.person_id)] == [
        "last week with a lady who came too late, my supervisor saw it"
    ]


def test_a_role_play_that_a_tutor_has_set_is_done_once_it_was_played_to_an_end(play: Play, clock: Clock) -> None:
    records, target = play.coach.records, "shop-late-refund"
    tutor = people.find(records, people.add_person(records, "Tom", ["tutor"], clock(), cohort="G"))
    assert tutor is not None
    with records.begin() as tx:
        people.join_cohort(tx, play.person_id, "G", "learner")
    tutoring.set_practice(records, tutor, [play.person_id], "scenario", target, None, "", "Play it.", clock())

    def done() -> list[bool]:
        return [s.done for s in tutor_reports.practice_set(records, play.person_id)]

    play.begin()
    assert done() == [False]
    play.says(*WELL)
    assert done() == [True]


def test_the_reminder_is_said_once_on_its_day(play: Play, clock: Clock) -> None:
    play.begin()
    play.says(*WELL, "skip", "last week, my supervisor saw it")
    records = play.coach.records
    assert roleplays.say_due(records, clock(), words) == 0
    clock.move(days=7)
    assert [roleplays.say_due(records, clock(), words) for _ in range(2)] == [1, 0]
    said = messages.history(records, play.person_id)[-1]["text"]
    assert "my supervisor saw it" in said and "D1 2.2" in said and "not evidence" in said


def test_criteria_of_a_run_are_practised_and_nothing_more(play: Play) -> None:
    play.begin()
    play.says(*WELL)
    assert play.state("d1/2.2") == "practised"
    assert play.state("d1/4.9") == ""


def test_handled_badly_it_ends_badly_and_the_debrief_says_what_to_stop(play: Play) -> None:
    play.begin()
    for text in BADLY:
        move = play.says(text)
        if "utter_review" in names(move):
            break
    assert play.run.kind in ("walks_away", "goes_to_manager")
    seen = play.says("skip")
    assert "utter_debrief_stop" in names(seen)
    assert args(seen, "utter_debrief_again")["turn"].isdigit()
    assert names(seen)[-2].endswith("_practised")
    assert roleplays.run_in_text(seen.lines[-2].args["page"]) == play.run.id
    assert play.run.review == ""
    assert names(play.says("no")) == ["utter_bridge_skipped"]


def test_ignoring_the_customer_is_told_from_handling_badly(play: Play) -> None:
    play.begin()
    for _ in range(10):
        move = play.says("[inform] The weather is fine.")
        if "utter_review" in names(move):
            break
    assert play.run.kind in ("walks_away", "goes_to_manager")
    assert len(play.run.turns) < 10
    seen = play.says("nothing")
    assert "utter_debrief_not_shown_plain" in names(seen) and "utter_debrief_no_stop" in names(seen)


def test_brief_coach_and_repeat_leave_the_customer_waiting(play: Play) -> None:
    play.begin()
    play.says("[greet] Hello")
    waiting = play.run.turns[-1].reply
    beside = {
        "brief": "utter_brief",
        "nudge": "utter_nudge",
        "hint": "utter_nudge",
        "dont_know": "utter_nudge",
        "skip": "utter_nothing_to_skip",
        "why": "utter_last_effect",
        "repeat": "utter_customer",
    }
    for use_case, name in beside.items():
        move = play.say(use_case)
        assert name in names(move) and move.loop == "roleplay"
    assert args(move, "utter_customer")["said"] == waiting
    assert len(play.run.turns) == 1


def test_pause_and_resume_on_another_channel(play: Play) -> None:
    play.begin()
    play.says("[greet] Hello")
    assert names(play.say("pause")) == ["utter_roleplay_paused"]
    assert play.coach.open_loop(play.person_id) is None
    assert names(play.say("welcome")) == ["utter_greet_roleplay"]
    move = play.say("resume")
    assert names(move) == ["utter_going_on", "utter_customer"] and move.loop == "roleplay"
    assert args(move, "utter_customer")["said"] == play.run.turns[-1].reply


def test_stop_after_some_turns_is_looked_back_on_too(play: Play) -> None:
    play.begin()
    play.says(*WELL[:2])
    assert names(play.say("stop")) == ["utter_ending_stopped", "utter_review"]
    assert play.run.kind == "stopped"
    assert names(play.say("stop"))[-1] == "utter_roleplay_left"
    assert play.coach.open_loop(play.person_id) is None


def test_stop_at_once_just_leaves(play: Play) -> None:
    play.begin()
    assert names(play.say("stop")) == ["utter_roleplay_left"]
    assert play.run.debrief is None


def test_again_from_a_turn_keeps_what_was_before_it_and_the_first_run_as_it_was(play: Play) -> None:
    play.begin()
    play.says(WELL[0], BADLY[1], BADLY[4])
    first = play.run
    move = play.say("again_from_turn", "again from turn 2")
    assert names(move) == ["utter_again_from", "utter_customer"] and move.loop == "roleplay"
    assert args(move, "utter_customer")["said"] == first.turns[0].reply
    assert (play.run.again_of, play.run.again_from) == (first.id, 2)
    assert play.run.turns == first.turns[:1]
    play.says(*WELL[1:])
    assert play.run.kind == "delighted" and play.run.turns[:1] == first.turns[:1]
    kept = roleplays.run_of(play.coach.records, first.id)
    assert kept is not None and kept.turns == first.turns


def test_the_second_run_is_compared_with_the_first(play: Play) -> None:
    play.begin()
    for text in BADLY:
        if "utter_review" in names(play.says(text)):
            break
    play.says("skip", "skip")
    play.begin()
    play.says(*WELL)
    assert "utter_debrief_better" in names(play.says("better"))


def test_the_same_message_again_is_the_same_turn(play: Play) -> None:
    play.begin()
    turn = play.turn("[greet] Hello")
    assert play.coach.say_to_customer(turn) == play.coach.say_to_customer(turn)
    assert len(play.run.turns) == 1


def test_asking_for_a_role_play_in_the_middle_of_one_goes_on_with_it(play: Play) -> None:
    play.begin()
    first = play.run.id
    assert names(play.begin()) == ["utter_going_on", "utter_customer"] and play.run.id == first
    play.begin("another role-play please")
    assert play.run.id != first


def test_practice_and_role_play_are_never_open_both(play: Play) -> None:
    play.start()
    play.begin()
    assert play.coach.open_loop(play.person_id) == "roleplay"
    play.start("4.9")
    assert play.coach.open_loop(play.person_id) == "practice"
    assert names(play.say("brief")) == ["utter_no_roleplay_open"]


def test_no_role_play_can_be_handed_in_as_evidence(play: Play, clock: Clock) -> None:
    play.begin()
    play.says(*WELL)
    row: dict[str, Any] = {
        "person_id": play.person_id, "by_id": play.person_id, "unit_id": "d1", "title": "A refund", "kind": "witness",
        "setting": "real_work", "reference": f"/role-plays/{play.run.id}", "happened_on": clock().date(),
        "statements": ["d1/2.2"], "requirements": [], "made_at": clock(),
    }  # fmt: skip
    with pytest.raises(DatabaseError, match="practice is not evidence"), play.coach.records.begin() as tx:
        tx.connection.execute(insert(a.portfolio_item).values(row))
    with play.coach.records.begin() as tx:
        tx.connection.execute(insert(a.portfolio_item).values({**row, "reference": "folder 3, page 2"}))
    with pytest.raises(NotEvidence, match="Simulation is not allowed for any performance"):
        roleplays.refuse_as_evidence(play.coach.syllabus, "d1", row["reference"])
    new = portfolio.New(
        "d1", "A refund", "witness", "real_work", row["reference"], clock().date(), "", "", ("d1/2.2",), ()
    )
    by = people.find(play.coach.records, play.person_id)
    clause = play.coach.syllabus.units["d1"].simulation_clause
    assert by is not None
    with pytest.raises(NotEvidence, match="Simulation is not allowed"):
        portfolio.add(play.coach.records, by, play.person_id, new, ("real_work",), clause, clock())


@pytest.mark.parametrize("table", r.APPEND_ONLY)
def test_what_was_played_is_never_changed(play: Play, table: str) -> None:
    play.begin()
    play.says(*WELL)
    play.says("I listened")
    made = r.metadata.tables[table]
    column = next(c for c in made.columns if not c.foreign_keys and not c.primary_key)
    for statement in (made.update().values({column.name: 1}), made.delete()):
        with pytest.raises(DatabaseError, match="append-only"), play.coach.records.begin() as tx:
            tx.connection.execute(statement)
