"""Answers that a learner might type, every one a different text, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from bot.syllabus.model import Question

LEADS = (
    "", "", "I think ", "well ", "In my view ", "From what I have seen, ", "At our place ", "I would say ",
    "Last {day} I noticed that ", "My manager {name} always says ", "When I worked with {name} I learned that ", "erm ",
)  # fmt: skip
JOINERS = (". Also ", " and ", ". ", ", and then ", "; ", ". Another thing is ", " plus ", " because ", ". Then ")
TAILS = (
    "", "", ".", " like at our {place}", ", we do it every {day}", ", {name} taught me that", " at least in a {place}",
    ", it happened {n} times this month", ". I saw it with {n} customers on {day}", " , thats how i see it",
)  # fmt: skip
ADVERBS = ("really", "often", "usually", "always", "mostly", "actually", "maybe", "just", "probably", "sometimes")
NAMES = ("Priya", "Tom", "Mrs Okafor", "Leon", "Agnieszka", "Mr Shah", "Bryony", "Callum", "Ines", "Dave", "Yusuf")
PLACES = (
    "garden centre", "salon", "gym", "call centre", "bakery", "front desk", "garage", "chemist", "hotel", "phone shop",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WORKPLACES = ("Greenway Garden Centre", "Harbour Gym", "Mill Lane Bakery", "Northside Motors", "Bluebell Salon")


class Learner:
    """Makes up answers; never the same text twice, so that nothing that was read before helps."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self._said: set[str] = set()

    def answer(self, question: Question, open_points: Sequence[str]) -> str:
        """An answer to an open question: mostly one to three of the points still open, now and then a wrong idea."""
        while True:
            text = self._vary(self._ideas(question, open_points))
            if text not in self._said:
                self._said.add(text)
                return text

    def _ideas(self, question: Question, open_points: Sequence[str]) -> list[str]:
        if question.misconceptions and self.dice.random() < 0.15:
            return [self.dice.choice(self.dice.choice(question.misconceptions).phrasings)]
        points = [e for e in question.expectations if e.id in open_points] or list(question.expectations)
        many = min(len(points), self.dice.choices((1, 2, 3), (5, 4, 2))[0])
        return [self.dice.choice(point.phrasings) for point in self.dice.sample(points, many)]

    def _vary(self, ideas: list[str]) -> str:
        text = self._changed(ideas[0])
        for idea in ideas[1:]:
            text = text.rstrip(" .") + self.dice.choice(JOINERS) + self._changed(idea)
        return (self._filled(LEADS) + text.rstrip(" .") + self._filled(TAILS)).strip()

    def _changed(self, idea: str) -> str:
        """The same idea with another word put in and, one time in three, a slip of the fingers."""
        words = idea.split()
        words.insert(self.dice.randint(0, len(words)), self.dice.choice(ADVERBS))
        if self.dice.random() < 0.33:
            long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
            if long:
                at = self.dice.choice(long)
                place = self.dice.randint(1, len(words[at]) - 3)
                word = words[at]
                words[at] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        return " ".join(words)

    def _filled(self, choices: Sequence[str]) -> str:
        day, name, place = (self.dice.choice(names) for names in (DAYS, NAMES, PLACES))
        return self.dice.choice(choices).format(day=day, name=name, place=place, n=self.dice.randint(2, 30))
