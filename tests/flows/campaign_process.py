"""A campaign run in a process of its own, to be killed: python tests/flows/campaign_process.py FOLDER SHOTS SLOW_S."""

import sys
import time
from pathlib import Path

from flows.campaign import run_campaign
from flows.services import lent, open_records, services_with
from schemas import RenderJob, settings_from
from tests.factories import a_form
from zimage_core.fake_core import FakeCore

folder, shots, slow_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])


def slowly(_: RenderJob) -> float:
    time.sleep(slow_s)
    return 0.97


settings = settings_from({"PACKSHOT_FLOWS__CHUNK_SIZE": "4", "PACKSHOT_FLOWS__EXPORT_WORKERS": "0"})
with open_records(settings, folder) as records:
    forms = [a_form(sku=f"MUG-{n}", shots=("scene",), channels=("aliexpress",)) for n in range(shots)]
    records.catalog.submit("spring", forms)
    with lent(str(folder), services_with(settings, records, FakeCore(slowly))):
        report = run_campaign("spring", str(folder))
sys.exit(0 if report.complete else 3)
