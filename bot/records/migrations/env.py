"""Alembic's entry: run the migrations on the engine handed over in the configuration."""

from alembic import context

from bot.records import tables

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=tables.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
