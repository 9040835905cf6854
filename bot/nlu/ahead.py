"""Vectors of the training examples, made while other things go on."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Optional

from bot.marking.encoder import Array, default_encoder
from bot.nlu import vectors


class Ahead:
    """Each text once, by two threads, in the order of their beginning."""

    def __init__(self) -> None:
        self._vectors: dict[str, Future[Array]] = {}
        self._pool: Optional[ThreadPoolExecutor] = None

    def begin(self, texts: Iterable[str]) -> None:
        """Begin the texts that are not begun yet."""
        encoder = default_encoder()

        def made(text: str) -> Array:
            return vectors.of(encoder.encoded(text))

        self._pool = self._pool or ThreadPoolExecutor(2, thread_name_prefix="ahead")
        for text in texts:
            if text not in self._vectors:
                self._vectors[text] = self._pool.submit(made, text)

    def vector(self, text: str) -> Array:
        """The vector of a text that was begun, as soon as it is there."""
        return self._vectors[text].result()

    def end(self) -> None:
        """Forget all, also what was begun and is not done."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None
        self._vectors.clear()


AHEAD = Ahead()
