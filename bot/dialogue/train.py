"""`python -m bot.dialogue.train --name NAME --out FOLDER`: a full training by Rasa, without the work nobody looks at.

Guarded, in this process only; with another Rasa all is done as `rasa train --skip-validation` does it:
- The inputs and outputs of every component are not fingerprinted for a cache that a full training never reads.
- The examples are read once, not once for each way of asking for them, and not copied and hashed whole at each merge.
- A file's form is checked without line numbers; only where it is wrong again with them.
The vectors of the examples are begun at once, on the other core, while Rasa is imported and reads the files.
"""

from __future__ import annotations

import argparse
import functools
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import structlog
import yaml

from bot.nlu.ahead import AHEAD


def main(arguments: Optional[list[str]] = None) -> int:
    """Command line: 0 when there is a model."""
    parser = argparse.ArgumentParser(prog="python -m bot.dialogue.train", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", required=True)
    given = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("rasa.engine.training.hooks").setLevel(logging.INFO)  # the progress
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    AHEAD.begin(texts(Path("data") / "nlu"))
    try:
        lighten()
        from rasa.model_training import train

        result = train("domain", "config.yml", ["data"], given.out, force_training=True, fixed_model_name=given.name)
    finally:
        AHEAD.end()
    return int(result.code)


def texts(folder: Path) -> Iterator[str]:
    """The examples in the files, read fast; a file that cannot be read is left to Rasa, which says so."""
    for file in sorted(folder.glob("*.yml")):
        try:
            content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            blocks = [block["examples"].splitlines() for block in content["nlu"]]
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
            continue
        for lines in blocks:
            yield from (line.strip()[2:].strip() for line in lines if line.strip().startswith("- "))


def lighten() -> bool:
    """Apply what the module's docstring lists; False (and nothing changed) with another Rasa than this is for."""
    import rasa

    from bot.dialogue.patches import KNOWN

    if rasa.__version__ != KNOWN:
        return False
    from rasa.engine.training import graph_trainer
    from rasa.shared.importers.rasa import RasaFileImporter
    from rasa.shared.nlu.training_data.formats import rasa_yaml
    from rasa.shared.nlu.training_data.training_data import TrainingData
    from rasa.shared.utils import validation

    graph_trainer.TrainingHook = _NoCache
    RasaFileImporter.get_nlu_data = _once(RasaFileImporter.get_nlu_data)
    TrainingData.merge = _merge
    TrainingData.sanitize_examples = staticmethod(_distinct(TrainingData.sanitize_examples))
    assert rasa_yaml.validation is validation  # it asks the module for the function
    validation.validate_yaml_schema = _fast_first(validation.validate_yaml_schema)
    return True


class _NoCache:
    """In the place of the hook that fills Rasa's cache."""

    def __init__(self, **_: Any) -> None:
        pass

    def on_before_node(self, **_: Any) -> dict[str, Any]:
        return {}

    def on_after_node(self, **_: Any) -> None:
        return None


def _once(read: Any) -> Any:
    """What an importer read, whatever language it is asked in: the files are the same."""
    kept: dict[int, Any] = {}

    @functools.wraps(read)
    def once(self: Any, language: Optional[str] = "en") -> Any:
        if id(self) not in kept:
            kept[id(self)] = (self, read(self, language))  # itself, too, so that no other one gets its id
        return kept[id(self)][1]

    return once


def _merge(self: Any, *others: Any) -> Any:
    """As Rasa's, with the examples shared instead of copied: nothing changes one before the pipeline has them all."""
    from rasa.shared.nlu.training_data import util

    every = [self, *(other for other in others if other)]
    synonyms: dict[str, str] = {}
    responses: dict[str, Any] = {}
    for data in every:
        for text, synonym in data.entity_synonyms.items():
            util.check_duplicate_synonym(synonyms, text, synonym, "merging training data")
        synonyms.update(data.entity_synonyms)
        responses.update(data.responses)
    return type(self)(
        [example for data in every for example in data.training_examples],
        synonyms,
        [feature for data in every for feature in data.regex_features],
        [table for data in every for table in data.lookup_tables],
        responses,
    )


def _distinct(sanitize: Any) -> Any:
    """Rasa's own, but the same examples are found by what they say, which is faster than a hash of each."""

    def distinct(examples: list[Any]) -> list[Any]:
        if any(example.features for example in examples):
            return list(sanitize(examples))
        kept: dict[str, Any] = {}
        for example in examples:
            for label in ("intent", "response"):
                if example.get(label):
                    example.set(label, example.get(label).strip())
            kept.setdefault(repr(example.data), example)
        return list(kept.values())

    return distinct


def _fast_first(check: Any) -> Any:
    """The check of a file's form on what a fast reader reads; the slow one, which knows the lines, only for errors."""
    from rasa.shared.utils import io

    read = io.read_yaml

    def fast(content: Any, reader_type: Any = "safe") -> Any:
        return read(content, "safe")

    def checked(content: str, schema: str, package_name: str = "rasa") -> None:
        io.read_yaml = fast
        try:
            check(content, schema, package_name)
        except Exception:
            io.read_yaml = read
            check(content, schema, package_name)
        finally:
            io.read_yaml = read

    return checked


if __name__ == "__main__":
    sys.exit(main())
