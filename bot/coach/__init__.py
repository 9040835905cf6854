"""The coach: one method per use case, each a recipe in one transaction: fetch, decide, save, return.

Every method is given the message it answers. The same message again gets the same move, and nothing is recorded twice.
"""

from bot.coach.base import Hearing, Marker, shorten
from bot.coach.practice import CHOICE_MARKING
from bot.coach.roleplay import RolePlayPart

__all__ = ["CHOICE_MARKING", "Coach", "Hearing", "Marker", "shorten"]


class Coach(RolePlayPart):
    """All use cases: common ones, marks, practice, and role-play on top of them."""
