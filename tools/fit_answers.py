"""Rows for answers marked against plain references: short-answer data, and authored key points as references."""

from __future__ import annotations

import hashlib
import json
import pickle
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from fit_echoes import begun, echoes, turned_ways
from fit_practice import Row, gathered, topic_of
from fit_rows import code_stamp, gather, joined
from fit_scorers import SEED
from fit_turns import turned

from bot.marking import reference_features, soft_words
from bot.marking.encoder import DIMENSIONS, default_encoder, marking_encoder
from bot.marking.linguistics import default_linguist
from bot.marking.pieces import Reader
from bot.syllabus.model import Question

SETS = ("sciEntsBank", "beetle")
NO_VECTORS = np.zeros((2, DIMENSIONS), dtype=np.float32)


def asag_rows(argument: tuple[str, int]) -> list[tuple[Any, ...]]:
    """Rows of one question of the short-answer data, or of a key point of the bank."""
    payload, number = argument
    linguist = default_linguist()
    items = json.loads(payload)
    service = items[0]["set"] == "content"
    reader = Reader(marking_encoder() if service else default_encoder(), linguist)
    out = []
    references = [text for _, text in items[0]["refs"]]
    shelf, _ = reference_features.shelf(items[0]["question"], references, reader)
    for item in items:
        compared = reference_features.compare(shelf, item["answer"], reader, linguist)
        vectors = np.stack([compared.said, compared.wanted]) if service else NO_VECTORS
        about = item["label"], item["set"], item["qid"], item["module"], item.get("kind", "")
        out.append((compared.values, compared.novel, *about, vectors.astype(np.float16)))
    return out


def answer_rows(
    folder: Path, questions: list[Question], work: Path, processes: int
) -> tuple[list[tuple[Any, ...]], list[Row]]:
    """Rows of short-answer data, of answers made from them, of authored key points as references; of good practice.

    Of the bank only `questions` count, which the encoder was not fine-tuned on. Kept in `work`, each part for the same
    code and data.
    """
    by_question: dict[str, list[Any]] = {}
    for name in SETS:
        for text in (folder / f"{name}-train.jsonl").read_text(encoding="utf-8").splitlines():
            item = json.loads(text)
            item["set"] = name
            by_question.setdefault(name + item["qid"], []).append(item)

    def people() -> list[tuple[Any, ...]]:
        jobs = [(json.dumps(items), number) for number, items in enumerate(by_question.values())]
        rows = joined(gather(asag_rows, jobs, processes, "short-answer questions"))
        return rows + made_rows(by_question, processes)

    rows = kept(work / "people.pkl", json.dumps(by_question), people)
    data = msgspec.json.encode(questions).decode()
    rows = rows + kept(work / "references.pkl", data, lambda: content_rows(questions, processes))
    return rows, kept(work / "practice.pkl", data, lambda: gathered(questions, processes))


def kept(path: Path, data: str, make: Callable[[], list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """The rows of a file, made again where code or data have changed."""
    stamp = hashlib.sha256(
        (code_stamp("reference_features", "soft_words") + data).encode()
        + b"".join(
            Path(__file__).with_name(f"fit_{name}.py").read_bytes() for name in ("answers", "echoes", "practice")
        )
    ).hexdigest()
    if path.exists():
        known, rows = pickle.loads(path.read_bytes())
        if known == stamp:
            return list(rows)
    rows = make()
    path.write_bytes(pickle.dumps((stamp, rows)))
    return rows


def made_rows(by_question: dict[str, list[Any]], processes: int) -> list[tuple[Any, ...]]:
    """Answers that are made up: a reference word for word, a reference negated, the question's own words."""
    linguist, jobs = default_linguist(), []
    for number, items in enumerate(by_question.values()):
        first, made = items[0], []
        dice = random.Random(f"{SEED}-{number}")
        for _, text in first["refs"][:4]:
            made.append({**first, "answer": text, "label": "correct", "set": "made"})
            if negative := turned(text, linguist._nlp, linguist.lexicon, dice):
                made.append({**first, "answer": negative, "label": "contradictory", "set": "made"})
        made.append({**first, "answer": first["question"], "label": "incorrect", "set": "made"})
        jobs.append((json.dumps(made), number))
    return joined(gather(asag_rows, jobs, processes, "made-up short answers"))


def content_rows(questions: list[Question], processes: int) -> list[tuple[Any, ...]]:
    """Each authored key point as a reference.

    Right: its phrasings, more of those that share few words with it, and what is said in its own words. Wrong: others'
    phrasings, misconceptions, counters, phrasings turned round and, in its own words, the reference turned round.
    """
    linguist, jobs = default_linguist(), []
    nlp, lexicon = linguist._nlp, linguist.lexicon
    for question in questions:
        dice = random.Random(f"{SEED}-{question.id}")
        wrongs = [text for wrong in question.misconceptions for text in (*wrong.phrasings, wrong.statement)]
        for point in dice.sample(question.expectations, min(2, len(question.expectations))):
            rivals = [text for p in question.expectations if p.id != point.id for text in p.phrasings]
            formal = [point.statement, point.assertion]
            reference = formal.pop(dice.choice((0, 0, 1)))
            far, near = _by_shared_words(point.phrasings, reference)
            right = {
                "far": _some(far, 3, dice),
                "near": _some(near, 2, dice),
                "echo": echoes(reference, 3, dice),
                "formal": formal,
                "begun": [begun(reference, dice.choice(point.phrasings), dice)],
            }
            unrelated = {"other": _some(rivals, 2, dice), "wrong": _some(wrongs, 2, dice)}
            reversed_ = turned_ways(reference, 3, nlp, lexicon, dice)
            against = {
                "counter": point.counter[:4],
                "turned": [
                    text for each in _some(point.phrasings, 2, dice) if (text := turned(each, nlp, lexicon, dice))
                ],
                "reference turned": reversed_[:2],
                "echo turned": [echoes(text, 1, dice)[0] for text in reversed_],
                "formal turned": turned_ways(formal[0], 1, nlp, lexicon, dice),
                "begun turned": [begun(reference, text, dice) for text in _some(point.counter, 1, dice)],
            }
            made = {"question": question.text, "refs": [[None, reference]], "qid": question.id, "set": "content"}
            made["module"] = topic_of(question)
            items = [
                {**made, "answer": text, "label": label, "kind": kind}
                for label, groups in (("correct", right), ("incorrect", unrelated), ("contradictory", against))
                for kind, texts in groups.items()
                for text in texts
            ]
            jobs.append((json.dumps(items), len(jobs)))
    return joined(gather(asag_rows, jobs, processes, "authored references"))


def _by_shared_words(texts: Sequence[str], reference: str) -> tuple[list[str], list[str]]:
    """The texts in two halves: those that share the fewer words with a reference, and the others."""
    words = _stems(reference)
    order = sorted(texts, key=lambda text: len(_stems(text) & words) / max(1, len(_stems(text))))
    return order[: (len(order) + 1) // 2], order[(len(order) + 1) // 2 :]


def _stems(text: str) -> frozenset[str]:
    words = re.findall(r"[a-z0-9']+", text.lower())
    return frozenset(soft_words.stem(word) for word in words) - soft_words.FUNCTION_WORDS


def _some(texts: Sequence[str], count: int, dice: random.Random) -> list[str]:
    return dice.sample(texts, min(count, len(texts)))
