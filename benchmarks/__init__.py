"""Measured beside an untouched `rasa init` assistant, in one run on one machine. Imports nothing of Rasa itself."""
