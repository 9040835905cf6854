"""Texts for fine-tuning the encoder, from authored content and short-answer data: `python tools/encoder/pairs.py OUT`.

Run with the project's own environment; `finetune.py` (in the throw-away one) reads the file that comes out.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

from fit_content import bank, topics
from fit_turns import turned

from bot.marking.linguistics import default_linguist

SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--content", default="knowledge/units/*/questions*.yml")
    parser.add_argument("--asag", type=Path, default=Path("/work/shared/asag"))
    options = parser.parse_args()
    linguist = default_linguist()
    nlp, lexicon = linguist._nlp, linguist.lexicon
    questions = bank(options.content)
    content: list[dict[str, Any]] = []
    for question, topic in zip(questions, topics(questions)):
        dice = random.Random(f"{SEED}-{question.id}")
        groups = []
        for point in question.expectations:
            texts = list(dict.fromkeys((point.statement, point.assertion, *point.phrasings)))
            groups.append(
                {
                    "owner": point.id,
                    "texts": texts,
                    "counter": list(point.counter),
                    "turned": [turned(text, nlp, lexicon, dice) for text in texts],
                }
            )
        wrong = [
            {
                "owner": wrong.id,
                "texts": [wrong.statement, *wrong.phrasings],
                "counter": [],
                "turned": [turned(text, nlp, lexicon, dice) for text in [wrong.statement, *wrong.phrasings]],
            }
            for wrong in question.misconceptions
        ]
        content.append({"id": question.id, "topic": topic, "text": question.text, "points": groups, "wrong": wrong})
    answers = []
    for name in ("sciEntsBank", "beetle"):
        for line in (options.asag / f"{name}-train.jsonl").read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            answers.append(
                {
                    "set": name,
                    "qid": name + item["qid"],
                    "module": item["module"],
                    "question": item["question"],
                    "refs": [text for _, text in item["refs"]],
                    "answer": item["answer"],
                    "label": item["label"],
                }
            )
    options.out.write_text(json.dumps({"content": content, "answers": answers}), encoding="utf-8")
    print(len(content), "questions,", len(answers), "answers")


if __name__ == "__main__":
    main()
