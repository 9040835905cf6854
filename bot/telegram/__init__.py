"""Learners on Telegram: updates in, deliveries out, each once. Speaks to the relay; no SQL, no marking, no Rasa."""
