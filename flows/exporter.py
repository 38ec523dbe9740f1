"""Renditions made in child processes: beside the flow's own thread of Python, and safe from a picture's harm.

One child works on one shot at a time, so a child that dies says exactly whose picture killed it.
"""

import pickle
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Self

from schemas import RenditionSpec, Shot
from zimage_core.errors import ExportFailed
from zimage_core.renditions import AiSystem, ExportedFile, Imprint, export_all, tools

LENGTH = 8
"""Bytes before each message that say how long it is."""


@dataclass(frozen=True)
class ExportOrder:
    """Everything that decides the bytes of one shot's files."""

    png: bytes
    recipes: tuple[RenditionSpec, ...]
    shot: Shot
    imprint: Imprint
    made_at: datetime
    system: AiSystem
    cutout: bool = False
    """Whether a network finds the product in scenes."""


Made = tuple[ExportedFile | ExportFailed, ...]
"""For each recipe, in order, the file or why there is none."""


def carried_out(order: ExportOrder) -> Made:
    """Make every file of an order in this process."""
    return export_all(
        order.png,
        order.recipes,
        order.shot,
        order.imprint,
        order.made_at,
        order.system,
        tools=tools(cutout=order.cutout),
    )


class Exporter:
    """Hands orders to `workers` children, which start when first needed; 0 means this process itself.

    Safe to call from any number of threads; those that find no free child wait.
    """

    def __init__(self, workers: int) -> None:
        self._free: SimpleQueue[subprocess.Popen[bytes] | None] = SimpleQueue()
        self._workers = workers
        for _ in range(workers):
            self._free.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in range(self._workers):
            child = self._free.get()
            if child is not None:
                _end(child)

    def make(self, order: ExportOrder) -> Made:
        """Return the files of an order; a child that dies of it gives ExportFailed for every recipe."""
        if not self._workers:
            return carried_out(order)
        child, free = self._free.get() or _started(), None
        try:
            made = _asked(child, order)
            free = child
        except (OSError, EOFError, pickle.UnpicklingError):
            code = _end(child)
            died = ExportFailed(f"Making this file ended its process (exit code {code}).")
            made = (died,) * len(order.recipes)
        finally:
            self._free.put(free)
        return made


def receive(stream: IO[bytes]) -> object:
    """Read one message; raises EOFError at the end of the stream."""
    head = stream.read(LENGTH)
    body = stream.read(int.from_bytes(head, "big")) if len(head) == LENGTH else b""
    if not body:
        raise EOFError
    return pickle.loads(body)  # noqa: S301 - both ends are this program, over a pipe that nobody else holds


def send(stream: IO[bytes], message: object) -> None:
    """Write one message and flush it."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(len(body).to_bytes(LENGTH, "big") + body)
    stream.flush()


def _started() -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "flows.export_child"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own command


def _asked(child: "subprocess.Popen[bytes]", order: ExportOrder) -> Made:
    if child.stdin is None or child.stdout is None:
        raise EOFError
    send(child.stdin, order)
    answer = receive(child.stdout)
    if isinstance(answer, BaseException):
        raise answer
    return answer  # type: ignore[return-value]  # what the child sends is what carried_out returned


def _end(child: "subprocess.Popen[bytes]") -> int:
    """Close the child's input, upon which it leaves, and return its exit code."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    return child.wait()
