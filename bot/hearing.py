"""How a learner's message is understood in a role-play: its sentences with their moves, and the facts it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from threading import Lock

from rapidfuzz import fuzz

from bot.coaching.roleplay import Said, Spoken
from bot.marking.encoder import Encoder, default_encoder
from bot.moves.classifier import default_classifier
from bot.syllabus.scenario import Scenario

ASKED = 0.58  # nearness from which a fact is asked for
NEXT_BEST = 0.03  # a second fact this near is asked for as well
SAME_WORDS = 0.3  # what the same words, spelt as they may be, add to the cosine
ALIKE = 78  # of 100, from which two spellings are one word
MOST = 2  # facts told in one turn
MOST_SENTENCES = 30  # of one message that are looked at for questions
_LEAD = r"^(?:\W|so |and |but |ok |right |well |sorry )*"
_OPENS = (
    r"(?:what|wot|when|where|who|why|how|hows|which|do|does|did|didnt|is|are|was|were|have|has|had|can|could|would)"
)
_ASKS = r"\b(?:tell me|let me know|could you say|i(?:'d| would) like to know|can i ask|mind telling)\b"
QUESTION = re.compile(rf"\?|{_LEAD}{_OPENS}(?:'?s|'?re)?\b|{_ASKS}", re.IGNORECASE)
_COMMON = """
a an the i you u your ur my me we our us it its this that there do does did have has had is are was were be been
can could would will may for of to in on at with from by and or so what when where who why how which whats wot
please pls if not no any some just
"""
COMMON = frozenset(_COMMON.split())


class Hearing:
    """The ears of the role-play: the classifier of moves, and the encoder for meaning."""

    def __init__(self) -> None:
        self.encoder: Encoder = default_encoder()
        self.moves = default_classifier()
        self._one_at_a_time = Lock()  # actions run in threads

    @property
    def version(self) -> str:
        """The version of the reading."""
        return str(self.moves.version)

    def prepare(self, scenario: Scenario) -> None:
        """Compute the vectors of a scenario's questions, so that its turns need not."""
        self.encoder.warm([q for fact in scenario.facts for q in fact.questions])

    def hear(self, scenario: Scenario, text: str, customer_said: str) -> Said:
        """What the learner wrote, as the customer understands it."""
        with self._one_at_a_time:
            read = self.moves.read(text, customer_said)
            asked: dict[str, None] = {}
            sentences = []
            for place, s in enumerate(read):
                spoken = Spoken(s.text, s.moves)
                facts = dict.fromkeys(self._facts(scenario, spoken) if place < MOST_SENTENCES else ())
                asked.update(facts)
                moves = s.moves
                if facts:  # a question this customer can answer is not beside the point
                    moves = tuple(dict.fromkeys((*(m for m in moves if m != "ignore"), "ask")))
                elif "ignore" in moves:
                    moves = ("ignore",)  # talk beside the point helps nobody, whatever else it sounds like
                sentences.append(Spoken(s.text, moves))
        return Said(text, tuple(sentences), tuple(asked)[:MOST])

    def _facts(self, scenario: Scenario, sentence: Spoken) -> Iterator[str]:
        """The facts that a sentence asks for, the likeliest first."""
        if "ask" not in sentence.moves and not QUESTION.search(sentence.text):
            return
        vector = self.encoder.encode([sentence.text])[0]
        said = words_of(sentence.text)
        nearest: dict[str, float] = {}
        for fact in scenario.facts:
            cosines = self.encoder.encode(fact.questions) @ vector
            nearest[fact.id] = max(c + SAME_WORDS * shared(q, said) for c, q in zip(cosines, fact.questions))
        best = max(nearest.values(), default=0.0)
        for id, near in sorted(nearest.items(), key=lambda item: -item[1]):
            if near >= ASKED and near >= best - NEXT_BEST:
                yield id


def words_of(text: str) -> tuple[str, ...]:
    """The words that tell a question from another, in lower case."""
    return tuple(w for w in re.findall(r"[a-z0-9£']+", text.lower().replace("’", "'")) if w not in COMMON)


def shared(question: str, said: Sequence[str]) -> float:
    """The share of a question's telling words that were said, misspelt or not."""
    wanted = words_of(question)
    found = sum(any(fuzz.ratio(word, other) >= ALIKE for other in said) for word in wanted)
    return found / max(2, len(wanted))
