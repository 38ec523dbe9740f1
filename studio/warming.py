"""What is made ready while a studio starts, so that its first visitor waits no longer than the others."""

import threading

from fastapi import FastAPI

from schemas import AssetError
from studio.dashboard import Span
from studio.desk import Desk
from studio.pages import environment
from studio.tables_in_force import packaged_tables


def begin_warming(app: FastAPI) -> threading.Thread:
    """Begin to make everything ready, behind the first visitors' backs; for whoever starts a server."""
    thread = threading.Thread(target=make_ready, args=(app,), name="warming", daemon=True)
    thread.start()
    return thread


def make_ready(app: FastAPI) -> None:
    """Add up what all visitors share, read the tables, and compile the templates.

    A catalog that is away is left to the first visitor, who is told so.
    """
    desk: Desk = app.state.desk
    try:
        desk.dashboards.read(Span.DAY)
        desk.rule_figures.read()
    except AssetError:
        return
    packaged_tables()
    for name in environment().list_templates(extensions=["j2"]):
        environment().get_template(name)
    app.openapi()
