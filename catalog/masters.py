"""Taking a master back: the shot wants a picture again, and what was made from the old one is forgotten.

Attempts, verdicts and files stay. The next master's files take the place of the old ones under their names.
"""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from catalog.campaigns import reopen
from catalog.journal import HeldShot, Journal, held_campaign
from catalog.rows import MasterRow, RenditionRow
from catalog.states import ShotState
from catalog.tallies import forget_master


def withdraw(session: Session, journal: Journal, shot: HeldShot, by: str, action: str, why: str) -> None:
    """Queue a decided shot again, without its master if it has one; raises VerdictConflict."""
    forget(session, shot.row.id)
    journal.move(shot, ShotState.UNFINISHED, by, action, why=why)
    reopen(held_campaign(session, shot.row.campaign))


def forget(session: Session, shot_id: str) -> None:
    """Delete the rows of a shot's master and of its renditions."""
    forget_master(session, shot_id)
    session.execute(delete(RenditionRow).where(RenditionRow.shot_id == shot_id))
    session.execute(delete(MasterRow).where(MasterRow.shot_id == shot_id))
