"""Thin Rasa actions: read, ask the coach, speak. What is decided and said lives elsewhere."""
