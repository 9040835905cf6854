"""Alembic's entry: run the migrations on the engine handed over in the configuration."""

from alembic import context
from sqlalchemy import text

from bot.records import tables

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=tables.metadata, render_as_batch=True)
    with context.begin_transaction():
        if engine.dialect.name == "postgresql":  # several processes start at once: one migrates, the others wait
            connection.execute(text("SELECT pg_advisory_xact_lock(7341507)"))  # any number that is ours
        context.run_migrations()
    connection.commit()
