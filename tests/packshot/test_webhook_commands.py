"""`packshot webhooks ...` as whoever runs the line types it."""

import json
from pathlib import Path

import pytest

from catalog import Catalog, DeliveryState, EventType, store_at
from packshot.cli import main

URL = "https://shop.example.com/packshot"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    with opened(tmp_path):
        return tmp_path


def opened(folder: Path) -> Catalog:
    return Catalog.open(f"sqlite:///{folder / 'catalog.sqlite'}", store_at(folder / "assets"))


def said(capsys: pytest.CaptureFixture[str], out: Path, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["webhooks", *arguments, "--out", str(out)])
    told, err = capsys.readouterr()
    return int(end.value.code or 0), told, err


def test_a_receiver_is_added_and_its_secret_is_shown_once(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    code, told, _ = said(capsys, out, "add", URL, "--event", "shot.accepted")
    assert code == 0
    first, secret = told.splitlines()
    with opened(out) as catalog:
        (one,) = catalog.endpoints()
    assert (first, one.secrets, one.event_types) == (
        f"{one.id}  {URL}",
        (secret,),
        (EventType.SHOT_ACCEPTED,),
    )
    for listed in (said(capsys, out, "list")[1], said(capsys, out, "list", "--json")[1]):
        assert URL in listed
        assert secret not in listed


def test_all_events_but_the_test_are_heard_when_none_is_named(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    made = json.loads(said(capsys, out, "add", URL, "--json")[1])
    assert set(made["receiver"]["event_types"]) == set(EventType) - {EventType.WEBHOOK_TEST}
    assert made["secret"].startswith("whsec_")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("http://shop.example.com/",), "must begin with https://"),
        ((URL, "--event", "shot.painted"), "There is no event 'shot.painted': "),
    ],
)
def test_what_cannot_be_added_is_said_in_a_sentence(
    capsys: pytest.CaptureFixture[str], out: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    code, told, err = said(capsys, out, "add", *arguments)
    assert (code, told) == (1, "")
    assert sentence in err


def test_a_receiver_is_switched_off_on_and_removed_by_its_address(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    said(capsys, out, "add", URL)
    code, _, err = said(capsys, out, "remove", URL)
    assert code == 1, "it is switched on"
    assert err.startswith("packshot: ")
    assert said(capsys, out, "disable", URL)[1] == f"{URL} is told nothing any more.\n"
    assert "  off  " in said(capsys, out, "list")[1]
    assert said(capsys, out, "enable", URL)[1] == f"{URL} is told of events again.\n"
    said(capsys, out, "disable", URL)
    assert said(capsys, out, "remove", URL)[0] == 0
    assert said(capsys, out, "list")[1] == ""


def test_a_new_secret_signs_beside_the_one_before(capsys: pytest.CaptureFixture[str], out: Path) -> None:
    before = json.loads(said(capsys, out, "add", URL, "--json")[1])
    after = json.loads(said(capsys, out, "rotate", before["receiver"]["id"], "--json")[1])
    with opened(out) as catalog:
        assert catalog.endpoints()[0].secrets == (after["secret"], before["secret"])


def test_a_test_goes_to_the_one_receiver(capsys: pytest.CaptureFixture[str], out: Path) -> None:
    for url in (URL, f"{URL}/2"):
        said(capsys, out, "add", url)
    assert said(capsys, out, "test", URL)[0] == 0
    with opened(out) as catalog:
        (waiting,) = catalog.delivery_page(state=DeliveryState.PENDING).lines
        (one,) = [known.id for known in catalog.endpoints() if known.url == URL]
    assert (waiting.type, waiting.endpoint_id) == (EventType.WEBHOOK_TEST, one)


@pytest.mark.parametrize("command", ["enable", "disable", "rotate", "remove", "test"])
def test_a_receiver_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str], out: Path, command: str
) -> None:
    code, _, err = said(capsys, out, command, "nobody")
    assert code == 1
    assert "nobody" in err
