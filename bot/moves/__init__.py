"""What a learner's sentences do to the customer. No I/O but its own model file, no Rasa, no database, no clock."""
