"""The coach: one method per use case, each a recipe in one transaction: fetch, decide, save, return.

Every method is given the message it answers. The same message again gets the same move, and nothing is recorded twice.
"""

from bot.coach.assessment import AssessmentPart
from bot.coach.base import Hearing, Marker
from bot.coach.practice import CHOICE_MARKING

__all__ = ["CHOICE_MARKING", "Coach", "Hearing", "Marker"]


class Coach(AssessmentPart):
    """All use cases: common ones, marks, practice, role-play, and assessment, which overrules them while it is open."""
