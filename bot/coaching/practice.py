"""Practice on one question: an expectation- and misconception-tailored dialogue.

Credit what was met in the learner's own words, correct a misconception at once, work on one missing point at a
time: pump → hint → stronger hint → prompt → assertion. "I don't know" leads to the next help, never to a bad mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from msgspec.structs import replace

from bot.coaching import sufficiency
from bot.coaching.gaps import fills_gap
from bot.coaching.model import Button, Line, Point, Practice, Step, shorten
from bot.coaching.sufficiency import NO_PROFILE, Lack, Profile
from bot.coaching.workplace import compare
from bot.marking.model import Marking, Match, Verdict
from bot.syllabus.model import Question

LONGEST_KEPT = 4000  # characters of the answers to one question
LONGEST_QUOTED = 120  # characters of the workplace profile


def put_question(practice: Practice, question: Question, organisation: str, about: str) -> Step:
    """Open `question`: what is said first. `about` names the statements it practises."""
    fresh = replace(
        practice,
        question=question.id,
        waiting="answer",
        paused=False,
        points=tuple(Point(e.id) for e in question.expectations),
        focus=None,
        pumped=False,
        tries=0,
        choice_wrong=False,
        answers="",
        lacking=(),
        parts=(),
    )
    return Step(fresh, (_question_line(question, organisation, about),))


def fitted(practice: Practice, questions: Mapping[str, Question]) -> Practice:
    """`practice` as the content is now, which may have changed since: points that are gone are left out, new ones open.

    A question that is gone is no longer open.
    """
    practice = replace(practice, done=tuple(d for d in practice.done if d.question in questions))
    question = questions.get(practice.question or "")
    if question is None:
        return replace(practice, question=None, waiting="answer", points=(), focus=None, parts=())
    ids = [e.id for e in question.expectations]
    if not practice.points or [p.id for p in practice.points] == ids:
        return practice
    known = {p.id: p for p in practice.points}
    focus = practice.focus if practice.focus in ids else None
    practice = replace(practice, points=tuple(known.get(id, Point(id)) for id in ids), focus=focus)
    if ids and _complete(practice, question):  # what is left is all done: ask it afresh
        practice = replace(practice, points=tuple(Point(id) for id in ids), focus=None)
    return practice


def repeat(practice: Practice, question: Question, organisation: str, about: str) -> Step:
    """The question again, with the help that is on the table."""
    lines = [_question_line(question, organisation, about)]
    if practice.focus is not None:
        point = practice.point(practice.focus)
        if point.state == "open" and point.help:
            lines.append(_help_line(question, point))
    return Step(practice, tuple(lines))


def take_marking(
    practice: Practice, question: Question, marking: Marking, answer: str = "", profile: Profile = NO_PROFILE
) -> Step:
    """What follows one marked `answer` to an open question; an example of their own is held against `profile`."""
    newly = [m for m in marking.matches if m.state == "met" and practice.point(m.id).state == "open"]
    points = tuple(_met(p, newly) for p in practice.points)
    practice = replace(practice, points=points, tries=practice.tries + 1)
    practice = replace(practice, answers=f"{practice.answers}\n{answer}".strip()[-LONGEST_KEPT:])
    lines = [_wrong_idea(question, m) for m in marking.misconceptions if m.state == "met"]
    unsure = [m for m in marking.matches if m.state == "unsure" and practice.point(m.id).state == "open"]
    complete = _complete(practice, question)
    lacks = sufficiency.missing(question, practice.answers, profile, practice.lacking) if complete else None
    if lacks is not None:
        lines += [] if practice.lacking else _feedback(practice, question, newly, unsure, "utter_points_there")
        lines += _asked_to_add(question, lacks, join=bool(lines))
        return Step(replace(practice, lacking=(*practice.lacking, lacks.what)), tuple(lines), sufficient=False)
    if complete and practice.lacking:
        return _after_lacking(practice, question, profile, lines)
    lines += _feedback(practice, question, newly, unsure, "utter_right" if complete else "utter_partly")
    if complete:
        lines += _fitting(practice, question, profile)
        return _end(practice, question, lines)
    ask_again = next((m for m in unsure if not practice.point(m.id).unsure_asked), None)
    if ask_again is not None and not newly:
        points = tuple(replace(p, unsure_asked=True) if p.id == ask_again.id else p for p in practice.points)
        lines.append(Line("utter_say_another_way", {"quote": ask_again.quote}, join=True))
        return Step(replace(practice, points=points), tuple(lines))
    if newly and not practice.pumped:
        lines.append(Line("utter_pump", {"left": str(_left(practice, question))}, join=True))
        return Step(replace(practice, pumped=True), tuple(lines))
    return _help(practice, question, lines)


def give_help(practice: Practice, question: Question, lead: Optional[str]) -> Step:
    """The next help on the point in hand; `lead` names what is said before it ("I don't know" is fine)."""
    lines = [Line(lead)] if lead else []
    if practice.lacking and _complete(practice, question):
        return replace(_end(practice, question, lines), sufficient=False)
    if question.form == "choice":
        lines.append(Line("utter_choice_help", join=bool(lead)))
        return Step(replace(practice, choice_wrong=True), tuple(lines))
    return _help(practice, question, lines)


def choose(practice: Practice, question: Question, option_id: str) -> Step:
    """What follows a tapped or typed choice: right ends the question, wrong says why and asks once more."""
    option = question.option(option_id)
    tries = practice.tries + 1
    if option.correct:
        practice = replace(practice, tries=tries)
        lines = [Line("utter_choice_right", {"feedback": option.feedback})]
        return Step(practice, tuple(lines), ended="helped" if practice.choice_wrong else "met")
    lines = [Line("utter_choice_wrong", {"feedback": option.feedback})]
    if tries >= 2:
        right = next(o for o in question.options if o.correct)
        lines.append(Line("utter_choice_told", {"option": right.text, "feedback": right.feedback}))
        return Step(replace(practice, tries=tries, choice_wrong=True), tuple(lines), ended="told")
    lines.append(Line("utter_choice_again", buttons=option_buttons(question, but=option_id), join=True))
    return Step(replace(practice, tries=tries, choice_wrong=True), tuple(lines))


def option_buttons(question: Question, but: str = "") -> tuple[Button, ...]:
    """The options as buttons, without the one already tried."""
    return tuple(
        Button(o.text, f'/choose{{"option": "{o.id}", "question": "{question.id}"}}')
        for o in question.options
        if o.id != but
    )


def _question_line(question: Question, organisation: str, about: str) -> Line:
    args = {"question": ask_text(question, organisation), "about": about}
    if question.form == "choice":
        return Line("utter_choice_question", args, option_buttons(question))
    return Line("utter_question", args)


def ask_text(question: Question, organisation: str) -> str:
    """The question's words with the learner's workplace in them."""
    return question.text.replace("{organisation}", organisation or "your organisation").strip()


def _met(point: Point, newly: list[Match]) -> Point:
    match = next((m for m in newly if m.id == point.id), None)
    return replace(point, state="met", quote=match.quote) if match else point


def with_gap(practice: Practice, question: Question, marking: Marking, text: str) -> Marking:
    """A word that fills the open gap counts as the point, whatever the marker thinks of so short a text."""
    if practice.focus is None:
        return marking
    point, expectation = practice.point(practice.focus), question.expectation(practice.focus)
    if point.state != "open" or point.help != 3 or not fills_gap(text, expectation.prompt.answers):
        return marking
    filled = Match(point.id, "met", 1.0, text.strip())
    matches = tuple(filled if m.id == point.id else m for m in marking.matches)
    needed = question.sufficient.points if question.sufficient else len(matches)
    verdict: Verdict = "right" if sum(m.state == "met" for m in matches) >= needed else "partly"
    return replace(marking, matches=matches, verdict=verdict)


def _complete(practice: Practice, question: Question) -> bool:
    needed = question.sufficient.points if question.sufficient else len(practice.points)
    return practice.resolved() >= min(needed, len(practice.points))


def _left(practice: Practice, question: Question) -> int:
    needed = question.sufficient.points if question.sufficient else len(practice.points)
    return max(0, needed - practice.resolved())


def _wrong_idea(question: Question, match: Match) -> Line:
    return Line(
        "utter_misconception", {"quote": match.quote, "correction": question.misconception(match.id).correction}
    )


def _feedback(
    practice: Practice, question: Question, newly: list[Match], unsure: list[Match], credited: str
) -> list[Line]:
    if not newly:
        return [Line("utter_not_sure" if unsure else "utter_not_yet")]
    lines = [Line(credited)]
    lines += [
        Line("utter_credit", {"quote": m.quote, "point": question.expectation(m.id).label}, join=True) for m in newly
    ]
    return lines


def _asked_to_add(question: Question, lacks: Lack, join: bool) -> list[Line]:
    """The verb's step, or a named example: with what the workplace profile says, where it says something."""
    if lacks.what == "verb":
        return [Line(f"utter_add_{question.verb}", join=join)]
    if lacks.part is None:
        return [Line("utter_add_own", join=join)]
    lead = Line("utter_own_differs" if lacks.differs else "utter_own_generic", join=join)
    return [lead, Line(f"utter_profile_says_{lacks.part}", {"says": shorten(lacks.says, LONGEST_QUOTED)}, join=True)]


def _fitting(practice: Practice, question: Question, profile: Profile) -> list[Line]:
    """That the answer fits the workplace profile, with what that says; nothing where there is nothing to compare."""
    found = compare(profile.workplace, profile.parts, question.text, practice.answers)
    if found is None or found.how != "fits":
        return []
    return [Line("utter_fits_profile", {"says": shorten(found.text, LONGEST_QUOTED)}, join=True)]


def _after_lacking(practice: Practice, question: Question, profile: Profile, lines: list[Line]) -> Step:
    """The points were there already; this answer was to add the reason, the comparison, the example."""
    still = sufficiency.still_missing(question, practice.answers, profile)
    lines.append(Line("utter_still_lacking" if still else "utter_added"))
    lines += _fitting(practice, question, profile)
    return replace(_end(practice, question, lines), sufficient=not still)


def _help(practice: Practice, question: Question, lines: list[Line]) -> Step:
    """One step of help on the point in hand, or on the next open one after a point was told."""
    focus = practice.focus
    if focus is None or practice.point(focus).state != "open":
        focus = next(p.id for p in practice.points if p.state == "open")
    point = practice.point(focus)
    point = replace(point, help=point.help + 1, state="told" if point.help + 1 >= 4 else "open")
    practice = replace(
        practice, focus=focus, pumped=True, points=tuple(point if p.id == focus else p for p in practice.points)
    )
    lines.append(_help_line(question, point))
    if point.state == "open":
        return Step(practice, tuple(lines))
    if _complete(practice, question):
        ended = _end(practice, question, lines)
        return replace(ended, told=(focus,))
    following = _help(practice, question, lines)
    return replace(following, told=(focus, *following.told))


def _help_line(question: Question, point: Point) -> Line:
    expectation = question.expectation(point.id)
    if point.help <= 2:
        return Line("utter_hint", {"hint": expectation.hints[point.help - 1]})
    if point.help == 3:
        return Line("utter_gap", {"gap": expectation.prompt.text})
    return Line("utter_assertion", {"assertion": expectation.assertion})


def _end(practice: Practice, question: Question, lines: list[Line]) -> Step:
    told = any(p.state == "told" for p in practice.points)
    outcome = "told" if told else "helped" if practice.assisted() else "met"
    also = [question.expectation(p.id).label for p in practice.points if p.state == "open"]
    lines.append(Line("utter_recap", {"recap": question.model_answer.strip()}))
    if also:
        lines.append(Line("utter_recap_also", {"points": "; ".join(also)}, join=True))
    return Step(practice, tuple(lines), ended=outcome)  # type: ignore[arg-type]
