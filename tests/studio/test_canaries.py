"""Secrets appear nowhere but where they are shown once, and nothing that is asked forges a line or a header."""

import json
import re
from pathlib import Path
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog
from schemas import Role
from studio.accounts import CatalogAccounts
from studio.visitors import Door
from tests.studio.routes import every_route
from tests.studio.visiting import Browser, quick_passwords, token_of

PASSWORD = "canary-5f1d-password"  # noqa: S105 - searched for below
SESSIONS = "a secret for tests"
"""What the sessions of every test are signed with."""


def test_secrets_are_in_no_log_page_or_table(browser: Browser, catalog: Catalog, tmp_path: Path) -> None:
    lines: list[str] = []
    accounts = CatalogAccounts(catalog, quick_passwords())
    accounts.add("ann", Role.ADMIN, PASSWORD, "test")
    client = browser(Door.USERS, accounts=accounts, sink=lines.append)
    client.post("/sign-in", data={"csrf": token_of(client), "name": "ann", "password": "wrong-" + PASSWORD})
    client.post("/sign-in", data={"csrf": token_of(client), "name": "ann", "password": PASSWORD})
    client.headers["x-csrf-token"] = token_of(client)
    once = [
        client.post("/keys", data={"name": "ERP", "role": "admin"}).text,
        client.post("/webhooks", data={"url": "https://shop.example.com/", "types": "shot.dead"}).text,
        client.post("/people", data={"name": "bob", "role": "operator"}).text,
    ]
    shown = [re.findall(r'id="secret">([^<]+)<', page)[0] for page in once]
    key, webhook, first_password = shown
    client.get("/people", headers={"authorization": f"Bearer {key}"})
    client.get("/people", headers={"authorization": f"Bearer {key}x"})
    cookie = client.cookies["__Host-packshot"]
    pages = [
        client.get(route.address).text for route in every_route() if _is_a_page(route.method, route.path)
    ]
    told = "\n".join(pages)
    for secret in (PASSWORD, key, webhook, first_password, SESSIONS, cookie):
        assert secret not in told
        assert secret not in "\n".join(lines)
    database = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("catalog.db*")))
    # A webhook's secret signs messages, so the database has to know it; a backup is as secret as that.
    for secret in (PASSWORD, key, first_password, SESSIONS, cookie):
        assert secret.encode() not in database


def _is_a_page(method: str, path: str) -> bool:
    return method == "GET" and not path.endswith(("/events", ".zip", ".xlsx", "/run"))


HOSTILE = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    [
        "a\r\nset-cookie: x=1",
        "a\nb",
        '"; filename=x.exe',
        "../../etc",
        "\x00",
        "\u202etxt.exe",
        "%0d%0aX: y",
        "\x1b[31m",
    ]
)


def test_a_hostile_name_forges_neither_a_log_line_nor_a_header(browser: Browser) -> None:
    lines: list[str] = []
    client = browser(sink=lines.append)

    @settings(max_examples=40, deadline=None, database=None)
    @given(name=HOSTILE)
    def try_one(name: str) -> None:
        for route in ("campaigns/{}/results.csv", "campaigns/{}/taobao.zip", "pictures/{}", "shots/{}"):
            lines.clear()
            answer = client.get("/" + route.format(quote(name, safe="") or "x"))
            assert answer.status_code < 500
            assert "x=1" not in answer.headers.get("set-cookie", "")
            assert not any(set(value) & {"\r", "\n", "\x00"} for value in answer.headers.values())
            (line,) = lines
            assert line.isascii()
            assert line.isprintable()
            assert json.loads(line)["status"] == answer.status_code

    try_one()
