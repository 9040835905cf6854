"""The dialogue process: the Rasa Agent with in-process actions, its small server, guarded patches."""
