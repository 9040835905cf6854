"""Make bot/marking/data/words.npz, the words that spelling knows: `python tools/word_list.py`.

The lemmas of the English language model (from WordNet) and their regular forms, the encoder's vocabulary, and what
the lexicon spells ("dont"). Run it again when one of these changes; a test says so.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.marking.encoder import default_encoder
from bot.marking.lexicon import default_lexicon
from bot.marking.linguistics import default_linguist, frequent_words
from bot.marking.spelling import short_forms
from bot.marking.words import PATH, packed


def words() -> set[str]:
    """All words."""
    tables = default_linguist()._nlp.get_pipe("lemmatizer").lookups
    lemmas = {
        word.lower()
        for name in ("lemma_index", "lemma_exc")
        for some in tables.get_table(name).values()
        for word in some
    }
    frequent = frequent_words(default_encoder().vocabulary())
    return _inflected(lemmas) | set(frequent) | set(short_forms(default_lexicon()))


def _inflected(words: set[str]) -> set[str]:
    """The words and their regular forms."""
    out = set(words)
    for word in words:
        if not word.isalpha() or len(word) < 3:
            continue
        stem = word[:-1] if word.endswith("e") else word
        out.update((word + "s", stem + "ed", stem + "ing", stem + "er", stem + "est", word + "es"))
        if word.endswith("y"):
            out.update((word[:-1] + "ies", word[:-1] + "ied", word[:-1] + "ier", word[:-1] + "iest"))
    return out


if __name__ == "__main__":
    PATH.write_bytes(packed(words()))
    print(f"{PATH}: {PATH.stat().st_size:,} bytes")
