"""The catalog's desk for those who make pictures: leases, attempts, masters and renditions."""

from collections.abc import Sequence
from pathlib import Path

from catalog import attempts, leases, recording, renditions, retirement, shots
from catalog.errors import CatalogError, LeaseLost, NotRegistered, PictureGone, RecordRefused, StoreCorrupt
from catalog.exports import publish
from catalog.leases import Lease
from catalog.opened import Opened
from catalog.recording import Made, Recorded, Refusal
from catalog.renditions import Recipes, Wanting
from schemas import Attempt, Master, PromptSpec, Rendition, Shot, sha256_hex


class ShotDesk(Opened):
    """Hands shots out, and keeps what comes of them."""

    def claim(self, campaign: str | None, owner: str, limit: int) -> tuple[Lease, ...]:
        """Lease at most `limit` due shots for 30 s; of any running campaign by priority when None.

        In the order of their time and then of their registration; nobody else gets them meanwhile. Renew the
        leases every 10 s. Nothing is due: (). Raises NotRegistered.
        """
        with self._database.writing() as session:
            return leases.claim(session, campaign, owner, limit)

    def renew(self, held: Sequence[Lease]) -> tuple[Lease, ...]:
        """Prolong leases by 30 s from now; only while their work makes progress.

        Raises LeaseLost naming the `shots` that are somebody else's by now or were called off; the others are
        prolonged all the same.
        """
        with self._database.writing() as session:
            kept, lost = leases.renew(session, held)
        if lost:
            raise LeaseLost(
                f"{len(lost)} of {len(held)} shots are no longer yours; drop them.", shots=list(lost)
            )
        return kept

    def release(self, held: Sequence[Lease], delay_s: float = 0.0) -> None:
        """Hand shots back without a charge, due again after `delay_s`; lost ones are passed over.

        An accepted shot's lease goes on for the export; this ends it, too.
        """
        with self._database.writing() as session:
            leases.release(session, held, delay_s)

    def charge(self, held: Sequence[Lease], why: str) -> tuple[str, ...]:
        """Hand back shots whose computing process died, and charge them; return those that are given up.

        Not for a death of our own making (a stop, a deploy, a lost database): that is `release`.
        """
        with self._database.writing() as session:
            return leases.charge(session, held, why)

    def revive(self, shot_id: str, by: str) -> None:
        """Queue a dead shot again, with a clean slate; raises NotRegistered, VerdictConflict."""
        with self._database.writing() as session:
            leases.revive(session, shot_id, by)

    def shot(self, shot_id: str) -> Shot:
        """Return one shot; raises NotRegistered."""
        with self._database.reading() as session:
            return shots.shot(session, shot_id)

    def shots(self, shot_ids: Sequence[str]) -> tuple[Shot, ...]:
        """Return many shots in the order asked; raises NotRegistered."""
        with self._database.reading() as session:
            return shots.shots_of_ids(session, shot_ids)

    def request_ids(self, shot_ids: Sequence[str]) -> dict[str, str]:
        """Return the ids of the requests that registered shots; a shot that had none is left out."""
        with self._database.reading() as session:
            return shots.request_ids(session, shot_ids)

    def attempts_of(self, shot_id: str) -> tuple[Attempt, ...]:
        """List a shot's attempts by number, each with its latest verdict; raises NotRegistered."""
        return self.attempts_of_many([shot_id])[shot_id]

    def attempts_of_many(self, shot_ids: Sequence[str]) -> dict[str, tuple[Attempt, ...]]:
        """List the attempts of many shots by number; each shot asked is a key. Raises NotRegistered."""
        with self._database.reading() as session:
            return attempts.attempts_of_many(session, shot_ids)

    def record_attempts(self, many: Sequence[Made]) -> Recorded:
        """Keep the pictures, then all attempts with their verdicts in one transaction.

        `attempt.picture` may be left out; it is the hash of the picture. An accepted attempt becomes the
        shot's master, one that needs review sends the shot there. The first record of an attempt stands:
        recording it again returns that one. What cannot be recorded is in `refused`, shot by shot: LeaseLost
        when the shot is somebody else's by now, RecordRefused when parts do not fit, VerdictConflict when a
        policy decides the same attempt differently or the shot is decided, NotRegistered. The others stand.
        """
        whole, refused = [], []
        for made in many:
            try:
                whole.append(_coherent(made))
            except CatalogError as error:
                refused.append(Refusal(made.attempt.shot_id, made.attempt.id, error))
        self._store.put_many([made.picture for made in whole if made.picture is not None])
        with self._database.writing() as session:
            recorded = recording.record(session, whole)
        return Recorded(recorded.attempts, (*refused, *recorded.refused))

    def record_attempt(self, attempt: Attempt, spec: PromptSpec, picture: bytes | None) -> Attempt:
        """Record one attempt without a lease; raises what `record_attempts` would have refused it for."""
        recorded = self.record_attempts([Made(attempt, spec, picture)])
        for refusal in recorded.refused:
            raise refusal.error
        return recorded.attempts[0]

    def master_of(self, shot_id: str) -> Master:
        """Return the shot's accepted picture; raises NotRegistered when it has none."""
        with self._database.reading() as session:
            return attempts.master_of(session, shot_id)

    def picture(self, sha256: str) -> bytes:
        """Read a picture by its hash; raises StoreCorrupt when it is missing or damaged."""
        return self._store.get(sha256)

    def known_picture(self, sha256: str) -> bytes:
        """Read a picture by a hash that a stranger names: NotRegistered when no attempt made such a one.

        Raises PictureGone for one that was removed or is known to be lost. One that was made and is otherwise
        missing or damaged still raises StoreCorrupt: that is an alarm.
        """
        try:
            return self._store.get(sha256)
        except StoreCorrupt:
            with self._database.reading() as session:
                if why := retirement.why_gone(session, sha256):
                    raise PictureGone(f"This picture is not kept any more. {why}", sha256=sha256) from None
                if attempts.is_of_an_attempt(session, sha256):
                    raise
        raise NotRegistered(f"There is no picture {sha256}.")

    def publish(self, folder: Path, name: str, data: bytes) -> Path:
        """Put a file for people at `folder/name`, whole and durable; the same bytes again write nothing.

        Raises RecordRefused when `name` is more than a plain file name.
        """
        return Path(publish(folder, name, data))

    def wanting(self, campaign: str, recipes: Recipes, limit: int | None = None) -> tuple[Wanting, ...]:
        """List accepted shots that lack a file for their master, in the order of their registration.

        `recipes`: (shot type, channel) to the fingerprints of the recipes for it; a form's channels choose.
        Shots under somebody's lease are left out: their files are being made. Raises NotRegistered.
        """
        with self._database.reading() as session:
            return renditions.wanting(session, campaign, recipes, limit)

    def record_renditions(self, made: Sequence[Rendition]) -> None:
        """Record files made from masters, all or none; those made again by the same recipe are renewed.

        Raises NotRegistered when one was not made from its shot's master.
        """
        with self._database.writing() as session:
            renditions.record(session, made)

    def renditions_of(self, shot_id: str) -> tuple[Rendition, ...]:
        """List a shot's renditions by slot and file name; raises NotRegistered."""
        with self._database.reading() as session:
            return renditions.renditions_of(session, shot_id)


def _coherent(made: Made) -> Made:
    attempt = made.attempt
    if made.picture is not None:
        sha = sha256_hex(made.picture)
        if attempt.picture not in (None, sha):
            raise RecordRefused(
                "The attempt names another picture than the one it came with.", attempt=attempt.id
            )
        attempt = attempt.model_copy(update={"picture": sha})
    attempts.require_coherent(attempt, made.spec)
    return Made(attempt, made.spec, made.picture, made.lease)
