"""Every error Rapport raises on purpose.

RapportError                       one clear sentence for a person, and a way out
├── ContentError                   the knowledge files do not pass; holds every problem
├── SettingsError                  the environment or a setting is wrong
│   └── RecordsUnavailable         the database cannot be opened or written, perhaps only just now
├── ModelError                     a model file is missing, changed or does not fit
├── BadInput                       what a person or a file gave cannot be used
│   └── NotEvidence                practice was to be handed in as evidence; names the unit's clause
├── NotAllowed                     this person may not do that
├── NotThere                       there is no such thing, or it is not this person's to see
└── DialogueUnavailable            the dialogue process is down, slow or failed the turn
"""

from __future__ import annotations

from collections.abc import Sequence


class RapportError(Exception):
    """Base of all; `str(error)` is fit to be shown to a person."""


class ContentError(RapportError):
    """The knowledge files do not pass; `problems` has one line each: `file: place: problem`."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class SettingsError(RapportError):
    """The environment or a setting is wrong."""


class RecordsUnavailable(SettingsError):
    """The database cannot be opened or written: a wrong setting, or a fault that passes (a full disk, a restart)."""


class ModelError(RapportError):
    """A model file is missing, was changed or does not fit."""


class BadInput(RapportError):
    """What a person or a file gave cannot be used."""


class NotAllowed(RapportError):
    """This person may not do that."""


class NotThere(RapportError):
    """There is no such thing, or it is not this person's to see: the two look alike."""


class NotEvidence(BadInput):
    """Practice was to be handed in as evidence; `clause` is the unit's rule against it."""

    def __init__(self, clause: str) -> None:
        self.clause = clause
        super().__init__(f"Practice is not evidence. {clause}")


class DialogueUnavailable(RapportError):
    """The dialogue process is down, slow or failed the turn."""
