"""The processes of `packshot up`: started together, watched, started again when they die, stopped."""

import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from packshot.keeper import SIGNALLED, adopt_descendants, end_descendants
from packshot.log_files import DailyFile
from packshot.log_lines import record_of, shown, written
from schemas import AssetError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
CALM_S = 60.0
"""A process that lived this long was not broken from the start: the pauses begin anew."""

STILLBORN = 3
"""So many deaths before it was ever healthy, and starting it again is given up."""

POLL_S = 0.1
GRACE_S = 5.0
"""What each process gets to leave; two rounds of it and a few kills are within 15 s."""


class ProcessNeverHealthy(AssetError):
    """A process ended again and again before it was healthy; its log says why."""


@dataclass(frozen=True)
class Service:
    """One process: what starts it, how its health shows, and when it is stopped."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    healthy: Callable[[], bool] | None = None
    """Asked often, from a thread; answers within a second or so."""
    ready_event: str = ""
    """The event in its own log that says that it is healthy, where nobody can be asked."""
    round: int = 0
    """Processes of round 0 are stopped first, together; those that they report to come after."""
    after: str = ""
    """The service that is healthy before this one is started; nobody waits for such a latecomer."""


Say = Callable[[str, Mapping[str, Any]], None]
"""Shows a record of a process on the terminal."""


class Crew:
    """Keeps services alive from `start` to `stop`; each has a thread of its own."""

    def __init__(
        self,
        services: Sequence[Service],
        file_of: Callable[[str], DailyFile],
        say: Say,
        *,
        pause: Callable[[int], float] | None = None,
        grace_s: float = GRACE_S,
    ) -> None:
        """Write what they say into their files and to `say`; `pause` is in seconds after n quick deaths."""
        self.stopping = threading.Event()
        self.failed: AssetError | None = None
        self.mark = f"KEPT_BY={uuid.uuid4().hex}"
        """Stands in the environment of every process of ours, so that a stray is known by it."""
        self._said = threading.Lock()
        self._say = say
        self._posts = [
            _Post(service, file_of(service.name), self, pause or pause_after, grace_s) for service in services
        ]

    def start(self) -> None:
        """Start all at once."""
        adopt_descendants()
        for post in self._posts:
            post.thread.start()

    def wait_until_healthy(self, timeout_s: float) -> dict[str, float]:
        """Return the seconds each service took; raise ProcessNeverHealthy naming the one that did not."""
        end = time.monotonic() + timeout_s
        needed = [post for post in self._posts if not post.service.after]
        for post in needed:
            while not post.up.wait(POLL_S):
                if self.failed is not None:
                    raise self.failed
                if self.stopping.is_set():
                    return {}
                if time.monotonic() > end:
                    name = post.service.name
                    raise ProcessNeverHealthy(
                        f"{name} was not healthy after {timeout_s:.0f} s; see logs/{name}.jsonl."
                    )
        return {post.service.name: post.took_s for post in needed}

    def await_first(self, name: str) -> None:
        """Return when a service is healthy, or when all is to stop."""
        first = next(post for post in self._posts if post.service.name == name)
        while not first.up.wait(POLL_S) and not self.stopping.is_set():
            pass

    def pids(self) -> dict[str, int]:
        """Return the keeper of each service that has one now."""
        return {post.service.name: post.keeper.pid for post in self._posts if post.keeper is not None}

    def end_strays(self) -> None:
        """Kill what a keeper that was killed left behind: by then it has become ours."""
        end_descendants(self.mark)

    def stop(self) -> None:
        """End all of them, round by round; what does not leave in its grace is killed."""
        self.stopping.set()
        for number in sorted({post.service.round for post in self._posts}):
            concerned = [post for post in self._posts if post.service.round == number]
            for post in concerned:
                post.dismiss()
            for post in concerned:
                if post.thread.ident is not None:
                    post.thread.join()

    def tell(self, process: str, event: str, level: str = "info", **facts: Any) -> None:
        """Write and show something about a process that it did not say itself."""
        line = {"event": event, "level": level, **facts}
        post = next((one for one in self._posts if one.service.name == process), None)
        record = record_of(process, "")
        record.pop("message", None)
        record |= line
        self.show(process, record, post.file if post else None)

    def show(self, process: str, record: Mapping[str, Any], file: DailyFile | None) -> None:
        """Keep a record in its file, and show it."""
        with self._said:
            if file is not None:
                file.write(written(record))
            self._say(process, record)


def pause_after(quick_deaths: int) -> float:
    """Return the seconds to wait before the next start: twice as long after each quick death, up to 30."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** max(0, quick_deaths - 1))


class _Post:
    """The place of one service: whoever fills it, one after the other."""

    def __init__(
        self, service: Service, file: DailyFile, crew: Crew, pause: Callable[[int], float], grace_s: float
    ) -> None:
        self.service, self.file, self._crew, self._pause = service, file, crew, pause
        self._grace_s = grace_s
        self.keeper: subprocess.Popen[bytes] | None = None
        self.up = threading.Event()
        self.took_s = 0.0
        self._began = 0.0
        self._latest = ""
        self._lock = threading.Lock()
        self.thread = threading.Thread(target=self._tend, name=service.name, daemon=True)

    def dismiss(self) -> None:
        """Close the keeper's input, upon which it ends its process."""
        with self._lock:
            if self.keeper is not None and self.keeper.stdin is not None:
                with suppress(OSError):
                    self.keeper.stdin.close()

    def _tend(self) -> None:
        quick_deaths = 0
        if self.service.after:
            self._crew.await_first(self.service.after)
        while not self._crew.stopping.is_set():
            self._began = began = time.monotonic()
            code = self._one_life()
            if self._crew.stopping.is_set():
                return
            lived = time.monotonic() - began
            quick_deaths = 1 if lived >= CALM_S else quick_deaths + 1
            if not self.took_s and quick_deaths >= STILLBORN:
                self._give_up(code)
                return
            pause = self._pause(quick_deaths)
            self._crew.tell(
                self.service.name,
                "died",
                "warning",
                ended=_end_of(code),
                after_s=round(lived),
                again_in_s=pause,
            )
            self._crew.stopping.wait(pause)

    def _give_up(self, code: int) -> None:
        name = self.service.name
        last = self._last_words()
        self._crew.failed = ProcessNeverHealthy(
            f"{name} {_end_of(code)} before it was healthy, {STILLBORN} times: "
            f"{last or f'see logs/{name}.jsonl.'}"
        )

    def _last_words(self) -> str:
        return self._latest.removeprefix("packshot: ")

    def _one_life(self) -> int:
        self.up.clear()
        self._latest = ""
        with self._lock:
            if self._crew.stopping.is_set():
                return 0
            keeper = self.keeper = self._born()
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over,), daemon=True)
        reader = threading.Thread(target=self._read, args=(keeper.stdout,), daemon=True)
        for thread in (watcher, reader):
            thread.start()
        code = keeper.wait()
        if keeper.stdin is not None:
            keeper.stdin.close()
        over.set()
        watcher.join()
        self.up.clear()
        self._crew.end_strays()
        reader.join(self._grace_s)
        return code

    def _born(self) -> "subprocess.Popen[bytes]":
        # The keeper itself bears no mark: only what is below it may be ended as a stray.
        keeper = [sys.executable, "-m", "packshot.keeper", str(self._grace_s), self._crew.mark]
        command = [*keeper, *self.service.command]
        return subprocess.Popen(  # noqa: S603 - our own command, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(self.service.environment),
            process_group=0,
        )

    def _read(self, stream: IO[bytes] | None) -> None:
        """Pass on every line until the last process that holds the pipe is gone."""
        if stream is None:
            return
        with stream:
            for line in stream:
                self._take(line)

    def _take(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text.strip():
            return
        record = record_of(self.service.name, text)
        self._latest = str(record.get("message") or shown(record))
        self._crew.show(self.service.name, record, self.file)
        if self.service.ready_event and record["event"] == self.service.ready_event:
            self._became_healthy()

    def _watch(self, over: threading.Event) -> None:
        while self.service.healthy is not None and not over.wait(POLL_S):
            if self.service.healthy():
                self._became_healthy()
                return

    def _became_healthy(self) -> None:
        seconds = time.monotonic() - self._began
        self.took_s = self.took_s or seconds
        self._crew.tell(self.service.name, "healthy", after_s=round(seconds, 1))
        self.up.set()


def _end_of(code: int) -> str:
    number = -code if code < 0 else code - SIGNALLED
    if number in {each.value for each in signal.Signals}:
        return f"was ended by {signal.Signals(number).name}"
    return f"ended with code {code}"
