"""spaCy's token vectors in half the time: the same numbers with fewer calls, and each word's own part only once.

The model is `embed`, which sees one token at a time and so gives the same for the same token anywhere, and `encode`,
four times a window of three tokens with a residual. Here what `embed` gives is kept, and `encode` is plain numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from thinc.api import Model

from bot.marking.encoder import Array

MOST_KEPT = 20_000  # tokens; 8 MB
CLOSE = 1e-3  # more than rounding ever makes of the same arithmetic


class Layer(NamedTuple):
    """A window of three tokens [n, 3 × width] → the largest of several outputs each → scaled, and added."""

    weights: Array  # [3 × width, outputs × width]
    bias: Array  # [outputs × width]
    gain: Array  # [width]
    shift: Array

    def __call__(self, rows: Array) -> Array:
        count, width = rows.shape
        padded = np.zeros((count + 2, width), dtype=np.float32)
        padded[1:-1] = rows
        windows = np.concatenate([padded[:-2], rows, padded[2:]], axis=1)
        best = (windows @ self.weights + self.bias).reshape(count, -1, width).max(axis=1)
        best -= best.mean(axis=1, keepdims=True)
        spread = np.sqrt(np.einsum("ij,ij->i", best, best) / width + 1e-8)[:, None]
        return np.asarray(rows + best / spread * self.gain + self.shift, dtype=np.float32)


def quick(model: Any, sample: Any) -> Any:
    """The same model, quicker; the model itself where it is built otherwise or says something else of `sample`."""
    try:
        forward = _forward(model)
        if np.abs(forward([sample])[0] - model.predict([sample])[0]).max() > CLOSE:
            return model
    except (AttributeError, KeyError, IndexError, ValueError):
        return model

    def predicted(model: Any, docs: Sequence[Any], is_train: bool) -> tuple[list[Array], Any]:
        return forward(docs), None  # nothing is trained

    return Model(model.name, predicted, dims={"nO": model.get_dim("nO")})


def _forward(model: Any) -> Callable[[Sequence[Any]], list[Array]]:
    embed, encode = model.layers
    layers = [_layer(residual.layers[0]) for residual in encode.layers[0].layers]
    columns, pad = embed.layers[0].attrs["columns"], encode.attrs["pad"]
    kept: dict[bytes, Array] = {}

    def rows_of(doc: Any) -> Array:
        # With empty rows on both sides, as many as a token can see: they are not empty any more after a layer.
        keys = [row.tobytes() for row in doc.to_array(columns)]
        if any(key not in kept for key in keys):
            if len(kept) > MOST_KEPT:
                kept.clear()
            kept.update(zip(keys, embed.predict([doc])[0]))
        rows = np.zeros((len(keys) + 2 * pad, layers[0].gain.size), dtype=np.float32)
        for place, key in enumerate(keys, pad):
            rows[place] = kept[key]
        return rows

    def forward(docs: Sequence[Any]) -> list[Array]:
        found = []
        for doc in docs:
            rows = rows_of(doc)
            for layer in layers:
                rows = layer(rows)
            found.append(rows[pad : pad + len(doc)])
        return found

    return forward


def _layer(block: Any) -> Layer:
    maxout = next(node for node in block.walk() if node.name == "maxout")
    norm = next(node for node in block.walk() if node.name == "layernorm")
    weights, bias = maxout.get_param("W"), maxout.get_param("b")  # [width, outputs, 3 × width], [width, outputs]
    flat = np.ascontiguousarray(weights.transpose(2, 1, 0).reshape(weights.shape[2], -1))
    return Layer(flat, bias.T.reshape(-1).copy(), norm.get_param("G"), norm.get_param("b"))
