"""How Alembic connects: with the engine that the caller passes in ``attributes['connection']``."""

from alembic import context
from ayla_service.db.models import Base
from sqlalchemy import Connection


def run(connection: Connection) -> None:
    """Run the migrations that are asked for in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
