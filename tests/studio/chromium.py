"""Headless Chromium as a visitor: it signs in, and it notes everything that a careful person would frown at."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_CHROMIUM = "no Chromium is installed; Debian's chromium would do"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")

ABANDONED = ("htmx:afterRequest", "htmx:sendError", "htmx:sendAbort")
"""What htmx logs of a preview that was under way when the page was left; answers that fail are noticed as such."""


@dataclass
class Complaints:
    """What went wrong behind the pages: console messages, requests elsewhere, refused answers."""

    host: str
    allowed: set[int] = field(default_factory=set)
    """Statuses that the test provokes."""
    found: list[str] = field(default_factory=list)

    def watch(self, page: Any) -> None:
        page.on("console", lambda message: self._console(message.text))
        page.on("pageerror", lambda error: self.found.append(f"script: {error}"))
        page.on("request", lambda request: self._request(request.url))
        page.on("response", lambda response: self._response(response.status, response.url))

    def _console(self, text: str) -> None:
        abandoned = text.startswith(ABANDONED)
        if not abandoned and not any(f"status of {status}" in text for status in self.allowed):
            self.found.append(f"console: {text}")

    def _request(self, url: str) -> None:
        if urlsplit(url).netloc != self.host and urlsplit(url).scheme not in ("data", "blob"):
            self.found.append(f"request elsewhere: {url}")

    def _response(self, status: int, url: str) -> None:
        if status >= 400 and status not in self.allowed:
            self.found.append(f"{status}: {url}")


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def sign_in(page: Any, address: str, name: str, password: str) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.click("main button")
    page.wait_for_url(lambda url: "/sign-in" not in url)
