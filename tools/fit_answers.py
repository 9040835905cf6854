"""Rows for answers marked against plain references: short-answer data, and authored key points as references."""

from __future__ import annotations

import hashlib
import json
import pickle
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from fit_rows import code_stamp, gather, joined
from fit_scorers import SEED
from fit_turns import turned

from bot.marking import reference_features
from bot.marking.encoder import default_encoder
from bot.marking.linguistics import default_linguist
from bot.marking.pieces import Reader
from bot.syllabus.model import Question

SETS = ("sciEntsBank", "beetle")


def asag_rows(argument: tuple[str, int]) -> list[tuple[Any, ...]]:
    """Rows of one question of the short-answer data."""
    payload, number = argument
    linguist = default_linguist()
    reader = Reader(default_encoder(), linguist)
    out = []
    items = json.loads(payload)
    references = [text for _, text in items[0]["refs"]]
    shelf, _ = reference_features.shelf(items[0]["question"], references, reader)
    for item in items:
        compared = reference_features.compare(shelf, item["answer"], reader, linguist)
        out.append((compared.values, compared.novel, item["label"], item["set"], item["qid"], item["module"]))
    return out


def answer_rows(folder: Path, questions: list[Question], work: Path, processes: int) -> list[tuple[Any, ...]]:
    """Rows of the short-answer data, of answers made from them, and of authored key points taken as references.

    Kept in `work`, each part for the same code and data.
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
    return rows + kept(
        work / "references.pkl", msgspec.json.encode(questions).decode(), lambda: content_rows(questions, processes)
    )


def kept(path: Path, data: str, make: Callable[[], list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """The rows of a file, made again where code or data have changed."""
    stamp = hashlib.sha256(
        (code_stamp("reference_features", "soft_words") + data).encode() + Path(__file__).read_bytes()
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
    """Each authored key point as a reference: its phrasings right; others', counters and turned texts wrong."""
    linguist, jobs = default_linguist(), []
    for question in questions:
        dice = random.Random(f"{SEED}-{question.id}")

        def turns(texts: Sequence[str], dice: random.Random = dice) -> list[str]:
            made = [turned(text, linguist._nlp, linguist.lexicon, dice) for text in texts]
            return list(dict.fromkeys(text for text in made if text))

        for point in dice.sample(question.expectations, min(2, len(question.expectations))):
            others = [p.phrasings for p in question.expectations if p.id != point.id]
            others += [wrong.phrasings for wrong in question.misconceptions]
            rivals = [text for some in others for text in some]
            reference = dice.choice((point.statement, point.statement, point.assertion))
            answers = [(text, "correct") for text in dice.sample(point.phrasings, min(5, len(point.phrasings)))]
            answers += [(text, "incorrect") for text in dice.sample(rivals, min(2, len(rivals)))]
            answers += [(text, "contradictory") for text in point.counter[:2]]
            answers += [(text, "contradictory") for text in turns([reference] * 2)]
            answers += [(text, "contradictory") for text in turns(dice.sample(point.phrasings, 2))]
            made = {"question": question.text, "refs": [[None, reference]], "qid": question.id, "set": "content"}
            topic = (question.bullets or question.criteria)[0]
            items = [{**made, "module": topic, "answer": text, "label": label} for text, label in answers]
            jobs.append((json.dumps(items), len(jobs)))
    return joined(gather(asag_rows, jobs, processes, "authored references"))
