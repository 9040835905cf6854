"""The line of good practice: what the authored texts call right and wrong in customer service, by sentence vector."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import numpy as np
from fit_echoes import echoes, turned_ways
from fit_rows import gather, joined
from fit_scorers import SEED
from fit_turns import turned
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from bot.marking.encoder import marking_encoder
from bot.marking.linguistics import default_linguist
from bot.syllabus.model import Question

SPREAD, STRENGTH = 10.0, 0.03  # unit vectors are stretched; inverse of the ridge
FREE = 1.6  # weight of texts in free words beside those in a statement's own
FOLDS = 6
Row = tuple[Any, bool, bool, str]  # vector [384], right, in a statement's own words, topic


class Practice(NamedTuple):
    """Texts as columns: vectors [n, 384], whether they are right, weights, topics."""

    vectors: Any
    right: Any
    weights: Any
    topic: Any

    def line(self, at: Any) -> Any:
        """Weights and constant [385], fitted on some of the texts."""
        model = LogisticRegression(C=STRENGTH, max_iter=200)
        model.fit(self.vectors[at] * SPREAD, self.right[at], sample_weight=self.weights[at])
        return np.append(model.coef_[0] * SPREAD, model.intercept_[0]).astype(np.float32)

    def held_out(self, said: Any, wanted: Any, topic: Any) -> Any:
        """Scores of answers and of their references [n, 2], by lines that saw nothing of their topics."""
        out = np.zeros((len(topic), 2), dtype=np.float32)
        for _, test in GroupKFold(FOLDS).split(topic, None, topic):
            line = self.line(~np.isin(self.topic, np.unique(topic[test])))
            for column, vectors in enumerate((said, wanted)):
                out[test, column] = vectors[test] @ line[:-1] + line[-1]
        return out


def topic_of(question: Question) -> str:
    return (question.bullets or question.criteria)[0]


def practice_rows(question: Question) -> list[Row]:
    """The texts of one question, its statements turned round, and both in nearly their own words."""
    linguist, encoder = default_linguist(), marking_encoder()
    nlp, lexicon = linguist._nlp, linguist.lexicon
    dice = random.Random(f"{SEED}-practice-{question.id}")
    texts: list[tuple[str, bool, bool]] = []  # text, right, in a statement's own words
    for point in question.expectations:
        for formal in dict.fromkeys((point.statement, point.assertion)):
            texts += [(text, True, True) for text in (formal, *echoes(formal, 1, dice))]
            for other in turned_ways(formal, 3, nlp, lexicon, dice):
                texts += [(text, False, True) for text in (other, *echoes(other, 1, dice))]
        texts += [(text, True, False) for text in point.phrasings]
        texts += [(text, False, False) for text in point.counter]
        made = [turned(text, nlp, lexicon, dice) for text in dice.sample(point.phrasings, min(4, len(point.phrasings)))]
        texts += [(text, False, False) for text in made if text]
    for wrong in question.misconceptions:
        texts += [(text, False, False) for text in (*wrong.phrasings, wrong.statement)]
        texts.append((wrong.correction, True, False))
    topic = topic_of(question)
    return [(encoder.vector(text).astype(np.float16), right, own, topic) for text, right, own in texts]


def gathered(questions: list[Question], processes: int) -> list[Row]:
    """The rows of all questions."""
    return joined(gather(practice_rows, questions, processes, "good practice"))


def practice_of(rows: list[Row]) -> Practice:
    """Rows as columns; right and wrong weigh the same, both in free words and in a statement's own."""
    vectors, right, own, topic = (np.array(column) for column in zip(*rows))
    weights = np.ones(len(rows))
    for words in (False, True):
        for truth in (False, True):
            at = (own == words) & (right == truth)
            weights[at] = len(rows) / 4 / at.sum() * (1.0 if words else FREE)
    return Practice(vectors.astype(np.float32), right.astype(int), weights, topic)
