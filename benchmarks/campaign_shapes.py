"""One campaign over a fake core, worked through in one of four shapes; a part of `benchmarks.campaign`.

Run by it as `python -m benchmarks.campaign_shapes SHAPE --shots N --folder F --database URL`; prints one line
of JSON at the end and, on standard error, how many shots are done with the memory in use, once a second.
"""

import argparse
import json
import resource
import struct
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from catalog import Lease
from flows.chunks import THUMB_PX, Chunk
from flows.exporter import Exporter
from flows.heart import Heart
from flows.line import finished, line_of, progress_after
from flows.outcomes import ShotOutcome, Tally
from flows.services import Services, open_records, services_with
from schemas import Claim, ClaimScore, LabelPolicy, RenderJob, RenderResult, ShotType, settings_from
from tests.factories import a_form, a_provenance
from zimage_core.backends.fake import FakeScorer, draw
from zimage_core.renditions import Recipe, RecipeTable, default_recipes
from zimage_core.renditions.contact_sheets import contact_sheet

CAMPAIGN = "bench"
SLOTS = (("jpeg", 256, 256), ("webp", 256, 256), ("png", 192, 192), ("jpeg", 240, 320))


class InstantCore:
    """Answers at once with a real PNG of 128 px that no other job has; keeps nothing."""

    def __init__(self) -> None:
        picture = (draw("bench", 128, 128) * 255).astype(np.uint8)
        self._scores = FakeScorer().score(picture, ())
        out = BytesIO()
        Image.fromarray(picture).save(out, "PNG")
        self._head, self._tail = out.getvalue()[:-12], out.getvalue()[-12:]

    def render(self, job: RenderJob) -> RenderResult:
        """Return the picture with the job's id in a text chunk."""
        text = b"tEXt" + b"job\0" + job.id.encode()
        chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
        png = self._head + chunk + self._tail
        seen = tuple(map(_seen, job.claims))
        scores = self._scores.model_copy(update={"claims": seen})
        return RenderResult(job_id=job.id, png=png, scores=scores, provenance=a_provenance(job))


def _seen(claim: Claim) -> ClaimScore:
    rival = claim.distractors[0].value
    return ClaimScore(kind=claim.kind, value=claim.truth.value, p=0.97, rival=rival, rival_p=0.02)


def four_slots() -> RecipeTable:
    """Return a table of four small slots, so that the flow is measured more than the encoders."""
    like = default_recipes().specs[0]
    return RecipeTable(
        tuple(
            Recipe(
                like.model_copy(
                    update={
                        "slot": f"bench_{number}",
                        "channel": "bench",
                        "shots": (ShotType.SCENE,),
                        "width": width,
                        "height": height,
                        "format": kind,
                        "formats": (kind,),
                        "background": "any",
                        "fill_min": 0.0,
                        "min_bytes": 0,
                        "max_bytes": 1 << 20,
                        "naming": "{sku}_{slot}.{ext}",
                        "label": LabelPolicy.METADATA,
                    }
                ),
                (),
            )
            for number, (kind, width, height) in enumerate(SLOTS)
        )
    )


class Meter:
    """Counts the shots that are done, and reports memory once a second."""

    def __init__(self) -> None:
        self.done = 0
        self.marks: list[tuple[int, float]] = []
        """Shots done and seconds gone, every 100 shots."""
        self.peak = 0
        self._lock = threading.Lock()
        self.started = time.perf_counter()
        threading.Thread(target=self._watch, daemon=True).start()

    def __call__(self, _: ShotOutcome) -> None:
        """Count one."""
        with self._lock:
            self.done += 1
            if self.done % 100 == 0:
                self.marks.append((self.done, time.perf_counter() - self.started))

    def _watch(self) -> None:
        process = psutil.Process()
        while True:
            used = process.memory_info().rss
            self.peak = max(self.peak, used)
            print(json.dumps([self.done, used]), file=sys.stderr, flush=True)
            time.sleep(1.0)


def prefect_chunks(services: Services, folder: Path) -> None:
    """Work as the product does: the campaign flow."""
    from flows.campaign import run_campaign
    from flows.services import lent

    with lent(str(folder), services):
        report = run_campaign(CAMPAIGN, str(folder))
    if not report.complete:
        raise RuntimeError(report.why)


def bare_chunks(services: Services, folder: Path) -> None:
    """Do the same without Prefect: same leases, chunks, threads, children and contact sheets."""
    del folder
    catalog, limits = services.records.catalog, services.limits
    tally = Tally(CAMPAIGN)
    with (
        Exporter(limits.export_workers) as exporter,
        Heart(catalog, catalog.campaign(CAMPAIGN)) as heart,
        ThreadPoolExecutor(limits.chunk_size * limits.chunks_in_flight) as pool,
        ThreadPoolExecutor(limits.chunks_in_flight) as chunks,
    ):
        line = line_of(services, exporter, heart)

        def work(leases: tuple[Lease, ...]) -> None:
            chunk = Chunk(line, tally, leases=leases)
            chunk.work(pool)
            contact_sheet(chunk.thumbs, THUMB_PX)

        flying: set[Future[None]] = set()
        while leases := catalog.claim(CAMPAIGN, "bench", limits.chunk_size):
            heart.keep(leases)
            flying.add(chunks.submit(work, leases))
            if len(flying) >= limits.chunks_in_flight:
                done, flying = wait(flying, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
        for future in flying:
            future.result()


def bare_loop(services: Services, folder: Path) -> None:
    """Do the same records and files one shot after the other, in one thread and one process."""
    del folder
    catalog = services.records.catalog
    line = line_of(services, Exporter(0))
    while leases := catalog.claim(CAMPAIGN, "bench", services.limits.chunk_size):
        for lease in leases:
            services.tell(finished(lease.shot, lease.shot_id, progress_after(()), line))
        catalog.release(leases)


def textbook(services: Services, folder: Path) -> None:
    """Do the same in the shape of Prefect's tutorials: one task for each step of each shot."""
    del folder
    from benchmarks.campaign_textbook import run_textbook

    run_textbook(services, CAMPAIGN)


SHAPES: dict[str, Callable[[Services, Path], None]] = {
    "flow": prefect_chunks,
    "bare": bare_chunks,
    "loop": bare_loop,
    "textbook": textbook,
}


@contextmanager
def bench_services(
    folder: Path, database: str, shots: int, tell: Callable[[ShotOutcome], None]
) -> Iterator[Services]:
    """Open a catalog with a campaign of `shots` shots."""
    settings = settings_from({"PACKSHOT_CATALOG__URL": database})
    with open_records(settings, folder) as opened:
        records = replace(opened, recipes=four_slots())
        forms = [a_form(sku=f"MUG-{n}", shots=("scene",), channels=("bench",)) for n in range(shots)]
        records.catalog.submit(CAMPAIGN, forms)
        yield services_with(settings, records, InstantCore(), tell)


def main() -> None:
    """Work one campaign through and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("--shots", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--database", required=True)
    options = parser.parse_args()
    meter = Meter()
    with bench_services(options.folder, options.database, options.shots, meter) as services:
        submitted, cpu = time.perf_counter(), _cpu_seconds()
        meter.started = submitted
        SHAPES[options.shape](services, options.folder)
        seconds = time.perf_counter() - submitted
        summary = services.records.catalog.campaign_summary(CAMPAIGN)
    counts = (summary.accepted_turbo, summary.attempts, summary.renditions)
    if counts != (options.shots, options.shots, options.shots * len(SLOTS)):
        raise RuntimeError(f"the campaign came to {summary}")
    taken = {"seconds": seconds, "cpu": _cpu_seconds() - cpu, "peak": meter.peak, "marks": meter.marks}
    print(json.dumps(taken))


def _cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
