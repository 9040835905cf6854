"""Sentence and token vectors from all-MiniLM-L6-v2 and what was made of it (int8 ONNX), one thread a text.

The same text has the same vector, always.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import OrderedDict, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tokenizers import Tokenizer

from bot.errors import ModelError

Array = npt.NDArray[np.float32]
FOLDER = Path(__file__).parent / "data" / "encoder"
TUNED = Path(__file__).parent / "data" / "tuned"
DIMENSIONS = 384
MAX_TOKENS = 128
MAX_CHARACTERS = 2_000  # 128 tokens never need more; keeps a pasted book from slowing the tokenizer


class Encoded(NamedTuple):
    """One text: its unit vector, and for each token but [CLS] and [SEP] the place in the text and a unit vector."""

    vector: Array  # [384]
    offsets: tuple[tuple[int, int], ...]  # characters [start, end) of each token in the text
    middle: Array  # [tokens, 384] of a layer in the middle, where wording still shows


class Encoder:
    """The encoder of one folder. Texts are run one by one: int8 scales depend on what else is in a batch."""

    def __init__(self, folder: Path = FOLDER, cache: int = 512) -> None:
        manifest = _verified(folder)
        self.sha256: str = manifest["model.onnx"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(
                str(folder / "model.onnx"), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises its own unrelated classes
            raise ModelError(f"{folder / 'model.onnx'}: cannot be read ({error})") from error
        self._cache: OrderedDict[str, Encoded] = OrderedDict()
        self._size = cache
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> Array:
        """Unit vectors [n, 384], mean pooled, one row a text; `encode([])` is [0, 384]."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        return np.stack([self.encoded(text).vector for text in texts])

    def vector(self, text: str) -> Array:
        """Its unit vector [384] alone, not kept in the cache: for the thousands of texts of a training."""
        return self._run(text).vector

    def tokens(self, text: str) -> tuple[tuple[tuple[int, int], ...], Array]:
        """The place of each token in the text and its unit vector of the middle layer, [tokens, 384]."""
        found = self.encoded(text)
        return found.offsets, found.middle

    def encoded(self, text: str) -> Encoded:
        """Everything about one text, from the cache where it was asked for before."""
        with self._lock:
            if (known := self._cache.get(text)) is not None:
                self._cache.move_to_end(text)
                return known
        fresh = self._run(text)
        with self._lock:
            self._cache[text] = fresh
            while len(self._cache) > self._size:
                self._cache.popitem(last=False)
        return fresh

    def warm(self, texts: Sequence[str]) -> None:
        """Encode the texts not asked for before, two at a time; each by itself, so the results are the same."""
        with self._lock:
            unknown = [text for text in dict.fromkeys(texts) if text not in self._cache]
        if len(unknown) < 2:
            return
        left = deque(sorted(unknown, key=len, reverse=True))  # the longest does not come last

        def work() -> None:
            while True:
                try:
                    text = left.popleft()
                except IndexError:
                    return
                self.encoded(text)

        helper = _pool().submit(work)
        work()
        if not helper.cancel():  # one that has not begun has nothing left to do
            helper.result()

    def vocabulary(self) -> dict[str, int]:
        """Token -> id of the tokenizer."""
        return dict(self._tokenizer.get_vocab())

    def _run(self, text: str) -> Encoded:
        readable = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
        encoding = self._tokenizer.encode(readable)
        ids = np.array([encoding.ids], dtype=np.int64)
        last, middle = (output[0] for output in self._session.run(None, {"input_ids": ids}))
        mean = last.mean(axis=0)
        vector = mean / max(float(np.linalg.norm(mean)), 1e-9)
        middle = middle[1:-1]
        middle = middle / np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-9)
        offsets = tuple((int(start), int(end)) for start, end in encoding.offsets[1:-1])
        return Encoded(vector.astype(np.float32), offsets, middle.astype(np.float32))


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    """Threads that help to encode several texts; one a marking, since a third processor gains nothing."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="encoder")


os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not come along


def _verified(folder: Path) -> dict[str, str]:
    """The manifest, after the SHA-256 of every file in it was found right."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for name in ("model.onnx", "tokenizer.json"):
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != manifest[name]:
                raise ModelError(
                    f"{folder / name}: not the file of the manifest (its SHA-256 differs). Fetch it again."
                )
    except ModelError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: the sentence encoder is missing or damaged ({error}). Fetch it again.") from error
    return {name: str(value) for name, value in manifest.items()}


@lru_cache(maxsize=1)
def default_encoder() -> Encoder:
    """The general encoder (language understanding, moves, topics), loaded once a process."""
    return Encoder()


@lru_cache(maxsize=1)
def marking_encoder() -> Encoder:
    """The encoder fine-tuned for marking, loaded once a process."""
    return Encoder(TUNED)
