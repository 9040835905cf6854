"""Rasa graph components: text becomes an intent, and the gate decides answer or command."""
