"""A client that leaves is nobody's trouble: nothing is left over that anybody would have to look at."""

import asyncio
import gc
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from zimage_core.errors import RenderCancelled
from zimage_core.service.waiting import _answers


class LeavingClient:
    """A request whose client hangs up at once."""

    async def receive(self) -> dict[str, str]:
        return {"type": "http.disconnect"}


def test_a_client_that_leaves_leaves_no_exception_behind() -> None:
    complaints: list[dict[str, Any]] = []

    async def scene() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
        tickets = [
            SimpleNamespace(id="job_1", future=Future(), job=SimpleNamespace(deadline_s=None))
            for _ in range(2)
        ]
        for ticket in tickets:
            ticket.future.set_running_or_notify_cancel()
        with pytest.raises(RenderCancelled):
            await _answers(tickets, LeavingClient())  # type: ignore[arg-type]  # what it uses of them
        for ticket in tickets:
            ticket.future.set_exception(RenderCancelled(job_id="job_1"))
        await asyncio.sleep(0.05)
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(scene())
    gc.collect()
    assert complaints == []
