"""The customer of a role-play: a state machine, not an improviser. Pure: the seed is in the state."""

from bot.coaching.roleplay.engine import back_to, begin, step
from bot.coaching.roleplay.model import Played, Reply, Said, Spoken, State

__all__ = ["Played", "Reply", "Said", "Spoken", "State", "back_to", "begin", "step"]
