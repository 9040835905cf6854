"""Answers become matches: encoder, linguistics, the fitted head. No database, no Rasa, no clock."""
