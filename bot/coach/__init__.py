"""The coach: one method per use case, each a recipe in one transaction: fetch, decide, save, return.

Every method is given the message it answers. The same message again gets the same move, and nothing is recorded twice.
"""

from bot.coach.base import Marker, shorten
from bot.coach.common import CommonPart
from bot.coach.marks import MarksPart
from bot.coach.practice import CHOICE_MARKING, PracticePart

__all__ = ["CHOICE_MARKING", "Coach", "Marker", "shorten"]


class Coach(PracticePart, MarksPart, CommonPart):
    """All use cases, a journey a part."""
