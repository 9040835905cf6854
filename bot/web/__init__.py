"""The web channel: pages for learners and tutors. No SQL, no Rasa, no marking; words for people are in `templates`."""
