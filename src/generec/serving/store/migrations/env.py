"""Runs the migrations on the connection that `schema.migrate` holds; alembic loads this page."""

from __future__ import annotations

from alembic import context

from generec.serving.store.tables import META

context.configure(connection=context.config.attributes["connection"], target_metadata=META)
with context.begin_transaction():
    context.run_migrations()
