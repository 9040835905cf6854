"""Rapport: the coach's code. Only `bot.nlu`, `bot.dialogue` and training import Rasa."""
