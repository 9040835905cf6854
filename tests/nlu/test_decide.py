"""The decision table of the gate, without Rasa and without a trained model."""

from __future__ import annotations

from typing import Optional

import pytest

from bot.marking.encoder import default_encoder
from bot.nlu.decide import Decision, decide
from bot.nlu.normal import mender, read

MEND = mender(frozenset(default_encoder().vocabulary()))
ANSWER: dict[str, float] = {"give_answer": 0.9, "stop": 0.1}
UNSURE: dict[str, float] = {"give_answer": 0.3, "stop": 0.3}


def taken(
    text: str,
    ranking: dict[str, float] = ANSWER,
    during: Optional[str] = "practice",
    asked: str = "",
    heads: Optional[dict[str, float]] = None,
) -> Decision:
    return decide(text, ranking, during, MEND, asked=asked, heads=heads)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hint", "hint"),
        ("Can I have a hint please?", "hint"),
        ("hnt pls", "hint"),
        ("coach, give me a clue", "hint"),
        ("I don't know", "dont_know"),
        ("idk", "dont_know"),
        ("dunno sorry", "dont_know"),
        ("i dont no", "dont_know"),
        ("havent got a clue", "dont_know"),
        ("I dont know, can u give me a hint", "hint"),
        ("skip", "skip"),
        ("can we skip this one its boring", "skip"),
        ("next question pls", "skip"),
        ("repeat the question", "repeat"),
        ("what was the question again?", "repeat"),
        ("why?", "why_mark"),
        ("what else", "why_mark"),
        ("why is that wrong", "why_mark"),
        ("that mark is wrong", "dispute_mark"),
        ("i already said that", "dispute_mark"),
        ("what does retention mean?", "ask_meaning"),
        ("how am i doing", "progress"),
        ("stop", "stop"),
        ("stop i have to go", "stop"),
        ("I want to stop now", "stop"),
        ("lets carry on", "resume"),
        ("can i talk to my tutor", "talk_to_tutor"),
        ("who can see this?", "privacy"),
        ("delete my data", "delete_data"),
        ("help", "help"),
        ("i changed jobs", "change_workplace"),
        ("4.9", "start_practice"),
        ("quiz me on retention costs", "start_practice"),
        ("do 4.10 next", "start_practice"),
        ("start a role play", "start_roleplay"),
        ("thanks", "thanks"),
        ("bye", "bye"),
        ("hi", "greet"),
        ("lol", "small_talk"),
        ("ok", "affirm"),
        ("no thanks", "deny"),
    ],
)
def test_a_plain_command_is_obeyed_though_the_classifier_doubts(text: str, intent: str) -> None:
    decision = taken(text)
    assert (decision.intent, decision.taken_as) == (intent, "command")


@pytest.mark.parametrize(
    "text",
    [
        "I would stop and listen",
        "help the customer find it",
        "next time they come back",
        "dont skip the queue",
        "give them a hint of what is coming",
        "repeat what they said back to them",
        "explain why we cant",
        "ask the manager for help",
        "thank them and say goodbye",
        "I don't know the answer I would ask my supervisor",
        "I don't know, maybe because adverts cost money?",
        "adverts",
        "your manager",
        "they leave",
        "shop",
        "ship",
        "stop what you are doing, then listen",
        "say hello and smile",
        "repeat business",
        "stop talking and let them finish",
        "tell them why",
        "i explained why we could not do it",
        "delete the customers data when they leave",
    ],
)
@pytest.mark.parametrize("ranking", [ANSWER, UNSURE])
def test_an_answer_with_command_words_in_it_stays_an_answer(text: str, ranking: dict[str, float]) -> None:
    decision = taken(text, ranking)
    assert (decision.intent, decision.taken_as) == ("give_answer", "answer")


def test_in_a_role_play_only_what_is_for_the_coach_is_obeyed() -> None:
    for words in ("hello", "thanks", "why?", "yes", "what do you mean?", "bye"):
        assert taken(words, during="roleplay").taken_as == "turn", words
    for words in ("stop", "hint", "help", "i dont know what to say", "talk to my tutor", "quiz me on 4.9"):
        assert taken(words, during="roleplay").taken_as == "command", words


def test_a_word_that_fills_the_gap_is_an_answer_there_and_a_command_elsewhere() -> None:
    gap = "After a complaint, say sorry and ____."
    assert taken("thanks", asked=gap).taken_as == "answer"
    assert taken("thanks").taken_as == "command"
    assert taken("hint", asked=gap).intent == "hint"


@pytest.mark.parametrize("text", ["no", "not now", "later", "no thanks", "the tutor", "my tutor"])
def test_where_not_now_is_offered_a_refusal_and_a_person_are_answers_to_that(text: str) -> None:
    asked = "Whom do you ask? Or say “skip”, or “not now” to go on without."
    assert taken(text).taken_as == "command"
    assert taken(text, asked=asked).taken_as == "answer"
    assert taken("skip", asked=asked).intent == "skip" and taken("stop", asked=asked).intent == "stop"
    assert taken("tell my tutor i am stuck", asked=asked).intent == "talk_to_tutor"


def test_a_word_of_the_question_with_a_question_mark_asks_for_its_meaning() -> None:
    assert taken("retention?", asked="Why does retention matter?").intent == "ask_meaning"
    assert taken("adverts?", asked="Why does retention matter?").intent == "give_answer"


def test_what_the_lexicon_does_not_know_is_obeyed_where_the_head_and_the_intents_are_sure() -> None:
    request = "so tell me, is much of my unit still left for me"
    believed = {"progress": 0.95, "give_answer": 0.02}
    assert taken(request, believed, heads={"practice": 0.97}).intent == "progress"
    assert taken(request, believed, heads={"practice": 0.4}).intent == "give_answer"
    assert taken(request, {"progress": 0.5, "give_answer": 0.5}, heads={"practice": 0.95}).intent == "give_answer"


def test_thanks_and_goodbyes_need_more() -> None:
    heads = {"practice": 0.95}
    assert taken("you have all been great", {"thanks": 0.95, "give_answer": 0.05}, heads=heads).intent == "give_answer"
    assert taken("off home, night", {"bye": 0.99, "give_answer": 0.001}, heads={"practice": 0.99}).intent == "bye"


def test_the_head_can_veto_the_lexicon_which_is_believed_more_readily_in_one_or_two_words() -> None:
    assert taken("how can i help", heads={"practice": 0.3}).taken_as == "answer"
    assert taken("hint please", heads={"practice": 0.3}).intent == "hint"
    assert taken("opt out", heads={"practice": 0.1}).taken_as == "answer"


def test_in_a_role_play_the_head_must_be_sure() -> None:
    believed = {"coach": 0.9, "give_answer": 0.02}
    assert taken("was my tone alright there", believed, "roleplay", heads={"roleplay": 0.98}).intent == "coach"
    assert taken("was my tone alright there", believed, "roleplay", heads={"roleplay": 0.6}).taken_as == "turn"
    assert taken("pause", during="practice").intent == "stop"
    assert taken("pause", during="roleplay").intent == "pause"
    assert taken("again from turn 4", during="roleplay").intent == "again_from_turn"


def test_outside_an_exercise_an_answer_and_a_doubt_are_fallbacks() -> None:
    assert taken("they cost more", during=None).intent == "nlu_fallback"
    assert taken("wobble", {"greet": 0.2, "give_answer": 0.1}, None).intent == "nlu_fallback"
    assert taken("wobble", {"nlu_fallback": 0.4, "greet": 0.41}, None).intent == "nlu_fallback"
    assert taken("wobble", {"greet": 0.9}, None).intent == "greet"


def test_a_slip_is_mended_only_when_it_is_no_word_of_its_own() -> None:
    assert read("sikp", MEND).whole.plain == "skip"
    assert read("ship", MEND).whole.plain == "ship"
    assert read("pleeease stop!!!", MEND).whole.core == "stop"


def test_the_longest_text_is_decided_quickly() -> None:
    import time

    began = time.perf_counter()
    taken("stop what " * 2_000 + "i can you do what is it")
    taken("how " * 500)
    assert time.perf_counter() - began < 2.0


@pytest.mark.parametrize(
    "text",
    [
        "Hello, my name is Sam, how can I help you?",
        "Could you say that again please, Mrs Doyle?",
        "can i help you with anything else sir",
        "Is there anything we can help you with?",
    ],
)
def test_in_a_role_play_what_only_a_customer_is_told_is_a_turn_whatever_the_classifiers_say(text: str) -> None:
    sure = {"help": 0.9, "repeat": 0.05, "give_answer": 0.05}
    assert taken(text, sure, "roleplay", heads={"roleplay": 0.99, "practice": 0.99}).taken_as == "turn"


@pytest.mark.parametrize("text", ["hello how can i help", "can I help?", "thanks for coming in, see you next time"])
def test_what_is_said_to_a_customer_is_an_answer_in_any_exercise(text: str) -> None:
    for during in ("practice", "assessment", "roleplay"):
        assert taken(text, {"help": 0.9, "bye": 0.1}, during).intent == "give_answer"


def test_the_classifiers_are_believed_where_both_are_sure_which_command_it_is() -> None:
    sure = {"practice": 0.99, "roleplay": 0.5}
    assert taken("rub out what i wrote there", {"delete_data": 0.9, "stop": 0.1}, heads=sure).intent == "delete_data"
    for text, ranking, heads in (
        ("rub out what i wrote there", {"delete_data": 0.2, "stop": 0.2, "hint": 0.2, "skip": 0.2}, sure),
        ("rub out what i wrote there", {"delete_data": 0.999}, {"practice": 0.4}),
        ("shred it", {"delete_data": 0.99}, {"practice": 0.85}),
        ("if i dont know the answer", {"dont_know": 0.99}, sure),
    ):
        assert taken(text, ranking, heads=heads).intent == "give_answer", text
