"""Telling Prefect that there is work, over its REST API; the flows themselves are never imported here.

Nothing here raises: the catalog has the work already, and the scheduled sweep finds what nobody was told of.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Self
from uuid import uuid4

import httpx

from schemas import ProductForm, SettingsInvalid, content_id
from schemas.settings import StudioSettings
from studio.nudges import NoNudge, Nudge

TIMEOUT = httpx.Timeout(3.0, connect=1.0)
"""Seconds that a person waits for Prefect at most; its answers take tens of milliseconds."""

KNOWN_S = 5.0
"""Seconds for which a campaign's newest run is not asked for again."""

AT_WORK_S = 2.0
"""Seconds for which it is believed whether a run is under way; somebody watches it."""

SULK_S = 15.0
"""Seconds for which a server that did not answer is not asked for links; new work is told all the same."""

LOCKED_S = (0.1, 0.3, 0.6)
"""Pauses after which a busy Prefect (503) is asked again, as its own client does."""

DEPLOYMENT_S = 300.0
"""Seconds for which a deployment's id is believed."""

REMEMBERED = 500
"""Campaigns and products whose newest run is remembered."""

OURS = "packshot"
"""The tag of all our runs."""

LOG = logging.getLogger(__name__)

BROKEN = (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError, IndexError)
"""What a server that is away, busy or no Prefect comes to."""


class Remembered:
    """The newest entries by key, with when they were noted; the oldest give way. For many threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Tell the age of entries by `clock`, in seconds."""
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key: str, value: str) -> None:
        """Note `value` as of now."""
        with self._lock:
            self._entries[key] = (self._clock(), value)
            self._entries.move_to_end(key)
            while len(self._entries) > REMEMBERED:
                self._entries.popitem(last=False)

    def fresh(self, key: str, age_s: float) -> str:
        """Return the value noted less than `age_s` ago, else ''."""
        with self._lock:
            noted, value = self._entries.get(key, (float("-inf"), ""))
        return value if self._clock() - noted < age_s else ""


class PrefectNudge:
    """Starts runs of the deployments `produce/produce` and `campaign/campaign`, and finds their pages."""

    def __init__(
        self,
        api: str,
        pages: str,
        auth: str = "",
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Speak to the API at `api`; its pages are at `pages`; `auth` is `user:password` or empty."""
        user, _, password = auth.partition(":")
        self._client = httpx.Client(
            base_url=api.rstrip("/"),
            auth=httpx.BasicAuth(user, password) if auth else None,
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
        )
        self._pages = pages.rstrip("/")
        self._clock = clock
        self._caller = str(uuid4())
        self._token = ""
        self._deployments, self._runs, self._states = (Remembered(clock) for _ in range(3))
        self._sulking_until = float("-inf")

    @classmethod
    def at(cls, settings: StudioSettings) -> Self:
        """Speak to the server that the settings name; raises SettingsInvalid when its password is unread."""
        api = settings.prefect_url or ""
        try:
            file = settings.prefect_auth_file
            auth = file.read_text(encoding="utf-8").strip() if file else ""
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsInvalid(
                f"PACKSHOT_STUDIO__PREFECT_AUTH_FILE {file} cannot be read: {error}."
            ) from error
        return cls(api, settings.prefect_pages or api.rstrip("/").removesuffix("/api"), auth)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def submitted(self, campaign: str, submission: str = "") -> str:
        """Start the campaign flow; the same `submission` again starts nothing new, '' always does."""
        key = content_id("nudge", ["campaign", campaign, submission]) if submission else ""
        return self._start("campaign", {"campaign": campaign}, campaign, "", key)

    def form_submitted(self, campaign: str, form: ProductForm, submission: str = "") -> str:
        """Start the produce flow for one form, before all campaigns."""
        told = {"campaign": campaign, "form": form.model_dump(mode="json", exclude_none=True)}
        key = content_id("nudge", ["produce", campaign, form.fingerprint, submission])
        return self._start("produce", told, campaign, form.sku, key)

    def run_page(self, campaign: str, sku: str = "") -> str:
        """Return the address of the newest run; asked again after KNOWN_S, remembered while unreachable."""
        place = f"{campaign} {sku}"
        known = self._runs.fresh(place, KNOWN_S)
        if not known and self._clock() >= self._sulking_until:
            self._look_up(place, campaign, sku)
        return known or self._runs.fresh(place, float("inf"))

    def at_work(self, campaign: str, sku: str) -> bool:
        """Tell whether the newest run for a product is under way; asked again after AT_WORK_S."""
        place = f"{campaign} {sku}"
        known = self._states.fresh(place, AT_WORK_S)
        if not known and self._clock() >= self._sulking_until:
            self._look_up(place, campaign, sku)
            known = self._states.fresh(place, AT_WORK_S)
        return known == "RUNNING"

    def _look_up(self, place: str, campaign: str, sku: str) -> None:
        """Ask for the newest run, and note its page and its state."""
        try:
            run, state = self._newest(campaign, sku)
        except BROKEN as error:
            self._sulk(error)
            return
        self._states.put(place, state)
        if run:
            self._remember(place, run)

    def _start(self, name: str, parameters: dict[str, Any], campaign: str, sku: str, key: str) -> str:
        body: dict[str, Any] = {"parameters": parameters, "tags": [OURS, f"campaign:{campaign}"]}
        if key:
            body["idempotency_key"] = key
        if sku:
            body["name"] = f"{campaign} {sku}"
        try:
            run = self._run_of(name, body)
        except BROKEN as error:
            self._sulk(error)
            return ""
        return self._remember(f"{campaign} {sku}", run)

    def _run_of(self, name: str, body: dict[str, Any]) -> str:
        """Create the run of a deployment; one that was replaced since is looked up again."""
        answer = self._post(f"/deployments/{self._deployment(name)}/create_flow_run", body)
        if answer.status_code == httpx.codes.NOT_FOUND:
            self._deployments.put(name, "")
            answer = self._post(f"/deployments/{self._deployment(name)}/create_flow_run", body)
        return str(answer.raise_for_status().json()["id"])

    def _deployment(self, name: str) -> str:
        known = self._deployments.fresh(name, DEPLOYMENT_S)
        if not known:
            answer = self._client.get(f"/deployments/name/{name}/{name}")
            known = str(answer.raise_for_status().json()["id"])
            self._deployments.put(name, known)
        return known

    def _newest(self, campaign: str, sku: str) -> tuple[str, str]:
        """Return id and state of the campaign's newest run, of one product's with `sku`; '' for no run."""
        wanted: dict[str, Any] = {"tags": {"all_": [f"campaign:{campaign}"]}}
        if sku:
            wanted["name"] = {"any_": [f"{campaign} {sku}"]}
        body = {"flow_runs": wanted, "limit": 1, "sort": "EXPECTED_START_TIME_DESC"}
        found = self._post("/flow_runs/filter", body).raise_for_status().json()
        return (str(found[0]["id"]), str(found[0]["state_type"])) if found else ("", "NONE")

    def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Send a change, again when Prefect's SQLite was locked; its key makes that safe.

        A server with CSRF protection refuses the first without a token of its own.
        """
        answer = self._client.post(path, json=body, headers=self._proof())
        for pause in LOCKED_S:
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(pause)
            answer = self._client.post(path, json=body, headers=self._proof())
        if answer.status_code == httpx.codes.FORBIDDEN:
            told = self._client.get("/csrf-token", params={"client": self._caller}).raise_for_status()
            self._token = str(told.json()["token"])
            answer = self._client.post(path, json=body, headers=self._proof())
        return answer

    def _proof(self) -> dict[str, str]:
        if not self._token:
            return {}
        return {"prefect-csrf-token": self._token, "prefect-csrf-client": self._caller}

    def _remember(self, place: str, run: str) -> str:
        page = f"{self._pages}/runs/flow-run/{run}"
        self._runs.put(place, page)
        return page

    def _sulk(self, error: Exception) -> None:
        status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else ""
        LOG.warning("Prefect could not be asked: %s %s", type(error).__name__, status)
        self._sulking_until = self._clock() + SULK_S


def nudge_for(settings: StudioSettings) -> Nudge:
    """Return who tells Prefect, or nobody when no server is named."""
    return PrefectNudge.at(settings) if settings.prefect_url else NoNudge()
