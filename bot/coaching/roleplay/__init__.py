"""The customer of a role-play: a state machine, not an improviser. Pure: the seed is in the state."""

from bot.coaching.roleplay.engine import begin, restored, step
from bot.coaching.roleplay.model import Played, Reply, Said, Sitting, Spoken, State

__all__ = ["Played", "Reply", "Said", "Sitting", "Spoken", "State", "begin", "restored", "step"]
