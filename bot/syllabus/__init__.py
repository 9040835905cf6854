"""The content as frozen values, and its loader. Knows no database, no Rasa, no web, no clock."""
