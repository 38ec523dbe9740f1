"""compose.yaml: hardened, limited, asked how it is, and with Prefect behind its door."""

import re
from typing import Any

import pytest

from schemas import settings_from
from tests.deployments.files import DEPLOYMENTS, parsed

COMPOSE = parsed(DEPLOYMENTS / "compose.yaml")
SERVICES: dict[str, Any] = COMPOSE["services"]

PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?")

ONCE = {
    name
    for service in SERVICES.values()
    for name, when in service.get("depends_on", {}).items()
    if when["condition"] == "service_completed_successfully"
}
"""Services that end, which there is nothing to ask of."""

every_service = pytest.mark.parametrize("name", SERVICES)


@every_service
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert int(service["user"].split(":")[0]) > 0
    assert any(place.startswith("/tmp:size=") for place in service["tmpfs"])  # noqa: S108 - the container's


@every_service
def test_a_service_has_limits(name: str) -> None:
    assert SERVICES[name]["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONCE))
def test_a_service_that_stays_is_asked_how_it_is(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert check["interval"]
    assert check["timeout"]


def test_only_what_others_wait_for_ends() -> None:
    assert {"prefect-migrate"} == ONCE


@every_service
def test_an_image_is_pinned(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"])


@every_service
def test_what_a_service_names_is_declared(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
    assert set(service["networks"]) <= COMPOSE["networks"].keys()
    assert {config["source"] for config in service.get("configs", [])} <= COMPOSE["configs"].keys()
    volumes = {volume.split(":")[0] for volume in service.get("volumes", []) if volume[0] not in "./$"}
    assert volumes <= COMPOSE["volumes"].keys()
    assert set(service.get("depends_on", {})) <= SERVICES.keys()


@every_service
def test_a_secret_is_mounted_where_a_setting_looks_for_it(name: str) -> None:
    service = SERVICES[name]
    wanted = re.findall(r"/run/secrets/([\w.]+)", str([service.get("environment"), service.get("command")]))
    assert set(wanted) <= set(service.get("secrets", []))


def test_every_declared_file_is_there() -> None:
    for config in COMPOSE["configs"].values():
        assert (DEPLOYMENTS / config["file"]).is_file(), config


@every_service
def test_our_settings_exist(name: str) -> None:
    given = {key: str(value) for key, value in SERVICES[name].get("environment", {}).items()}
    settings_from({key: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for key, value in given.items()})


def test_prefects_settings_exist() -> None:
    from prefect.settings import Settings
    from prefect.settings.legacy import _get_settings_fields

    known = {*_get_settings_fields(Settings), "PREFECT_REDIS_MESSAGING_URL"}  # the last is prefect-redis' own
    given = {key for service in SERVICES.values() for key in service.get("environment", {})}
    assert {key.removesuffix("_FILE") for key in given if key.startswith("PREFECT_")} <= known


def test_prefect_asks_for_its_credential_and_guards_against_forged_requests() -> None:
    settings = SERVICES["prefect-server"]["environment"]
    assert settings["PREFECT_SERVER_API_AUTH_STRING_FILE"] == "/run/secrets/prefect_auth"
    assert settings["PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED"] == "true"


def test_only_the_gateway_can_be_reached_from_outside() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"gateway": ["8443:8443", "8444:8444"], "grafana": ["127.0.0.1:3000:3000"]}


@pytest.mark.parametrize("name", ["postgres", "redis", "prefect-server", "prefect-services", "core"])
def test_what_must_not_reach_out_is_on_internal_networks_alone(name: str) -> None:
    assert all((COMPOSE["networks"][network] or {}).get("internal") for network in SERVICES[name]["networks"])


def test_there_are_two_servers_and_one_that_runs_the_services() -> None:
    assert SERVICES["prefect-server"]["deploy"]["replicas"] == 2
    assert "--no-services" in SERVICES["prefect-server"]["command"]
    assert "replicas" not in SERVICES["prefect-services"]["deploy"]


def test_a_core_gets_longer_to_stop_than_it_takes() -> None:
    from zimage_core.server import DRAIN_S, SHUTDOWN_S

    assert int(SERVICES["core"]["stop_grace_period"].removesuffix("s")) > DRAIN_S + SHUTDOWN_S


def test_no_secret_is_written_into_the_file() -> None:
    text = (DEPLOYMENTS / "compose.yaml").read_text()
    assert not re.search(r"\w+://[^\s/]*:[^\s/]+@", text)
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|AUTH_STRING|KEYS?$|KEY_FILE", key):
                assert str(value).startswith("/run/secrets/"), key
