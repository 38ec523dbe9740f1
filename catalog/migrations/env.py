# noqa: INP001 - Alembic runs this file by its path; it is no module that anybody imports
"""What Alembic runs for each command: the revisions, on the connection and transaction that it was lent."""

from alembic import context

from catalog.columns import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
