from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.errors import ModelError
from bot.marking.encoder import DIMENSIONS, FOLDER, Encoder, default_encoder

TEXTS = ["You have to pay for adverts.", "its cheeper", "", "😀", "x" * 10_000, "lone \ud800 surrogate", "\x00\x07"]


def test_every_text_gets_a_unit_vector() -> None:
    vectors = default_encoder().encode(TEXTS)
    assert vectors.shape == (len(TEXTS), DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts_give_no_rows() -> None:
    assert default_encoder().encode([]).shape == (0, DIMENSIONS)


def test_a_vector_does_not_depend_on_its_neighbours() -> None:
    together = Encoder().encode(TEXTS)
    alone = np.stack([Encoder(cache=1).encode([text])[0] for text in TEXTS[:2]])
    assert np.array_equal(together[:2], alone)


def test_another_process_gives_the_same_vector() -> None:
    code = "from bot.marking.encoder import Encoder; print(Encoder().encode(['its cheeper'])[0].tobytes().hex())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert printed == Encoder().encode(["its cheeper"])[0].tobytes().hex()


def test_similar_meaning_is_nearer_than_another_topic() -> None:
    one, near, far = default_encoder().encode(
        ["adverts are expensive", "you must pay for marketing", "listen to the customer"]
    )
    assert one @ near > one @ far + 0.2


def test_tokens_carry_their_place_in_the_text() -> None:
    text = "pay for adverts"
    offsets, vectors = default_encoder().tokens(text)
    assert [text[start:end] for start, end in offsets][:2] == ["pay", "for"]
    assert vectors.shape == (len(offsets), DIMENSIONS)


def test_a_changed_model_file_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(FOLDER, folder)
    path = folder / "model.onnx"
    content = bytearray(path.read_bytes())
    content[1_000] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match="SHA-256 differs"):
        Encoder(folder)


def test_a_missing_model_folder_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing or damaged"):
        Encoder(tmp_path / "nowhere")
