"""Coaching decisions. No I/O, no database, no clock, no Rasa; randomness and time are arguments."""
