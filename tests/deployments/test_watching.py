"""What is watched: every metric, label and code that a rule or a page names exists, every rule is explained."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from catalog import AttemptCount, Measures
from schemas import AssetError, Variant
from studio.metrics import StudioMetrics
from tests.deployments.files import DEPLOYMENTS, ROOT, parsed
from zimage_core.backends.fake import FakeBackend, FakeScorer
from zimage_core.engine import Engine
from zimage_core.metrics import PREFIX, Gauges, Instruments

sys.path.insert(0, str(DEPLOYMENTS / "grafana"))
from make_dashboards import DASHBOARDS, dashboard_json

RULES = [
    rule for group in parsed(DEPLOYMENTS / "prometheus" / "alerts.yml")["groups"] for rule in group["rules"]
]
PAGES = sorted((DEPLOYMENTS / "grafana" / "dashboards").glob("*.json"))
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
OURS = r"(?:packshot|process)_\w+"
"""Names of all metrics of ours, of every process."""

SCRAPED = {"up"}
"""Prometheus' own word on each target."""

PROMTOOL = shutil.which("promtool") or ""


def exposed() -> dict[str, set[str]]:
    """Return the labels of each series that a core exposes, by its name."""
    series: dict[str, set[str]] = {}
    for metric in vars(Instruments()).values():
        if hasattr(metric, "_labelnames"):
            labels = set(metric._labelnames)
            if metric._type == "counter":
                series[f"{metric._name}_total"] = labels
            else:
                series |= {f"{metric._name}_{part}": labels | {"le"} for part in ("bucket", "sum", "count")}
    engine = Engine(FakeBackend(), FakeScorer(), queue_limit=4, batch_width=2)
    engine.load()
    for family in Gauges(engine.health).collect():
        series[family.name] = {label for sample in family.samples for label in sample.labels}
    return series


def told() -> dict[str, set[str]]:
    """Return the labels of each series that a studio exposes, by its name."""
    shown = Measures(
        at=datetime.now(UTC),
        shots={},
        campaigns={},
        waiting={0: 1},
        oldest_due=None,
        attempts=(AttemptCount(variant=Variant.BASE, outcome=None, count=1, at_once=0, device_seconds=1.0),),
        person_verdicts={},
        deliveries={},
        endpoints_off=0,
    )
    series: dict[str, set[str]] = {}
    for family in StudioMetrics(lambda: shown, ROOT).registry.collect():
        for sample in family.samples:
            series.setdefault(sample.name, set()).update(sample.labels)
    return series


CORE, STUDIO = exposed(), told()
EXPOSED = CORE | STUDIO


def expressions() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for page in PAGES:
        for panel in json.loads(page.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{page.stem}: {panel['title']}", target["expr"]


EVERY = list(expressions())
every_expression = pytest.mark.parametrize(("where", "expression"), EVERY, ids=[where for where, _ in EVERY])


def test_the_core_exposes_what_its_page_lists() -> None:
    listed = set(re.findall(rf"^\| `({PREFIX}\w+)`", (ROOT / "docs" / "core.md").read_text(), re.MULTILINE))
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in CORE} == listed


def test_the_studio_exposes_what_its_page_lists() -> None:
    page = (ROOT / "docs" / "deployments.md").read_text()
    listed = set(re.findall(r"^\| `(packshot_\w+)`", page, re.MULTILINE))
    assert {name for name in STUDIO if not name.startswith("process_")} == listed


@every_expression
def test_every_metric_exists(where: str, expression: str) -> None:
    named = set(re.findall(rf"\b(?:{OURS}|up)\b", expression))
    assert named, where
    assert named <= EXPOSED.keys() | SCRAPED


@every_expression
def test_every_label_is_one_of_its_metric(where: str, expression: str) -> None:
    for metric, matchers in re.findall(rf"({OURS}){{(.*?)}}", expression):
        for label in re.findall(r"(\w+) *(?:=~|!~|!=|=)", matchers):
            assert label in EXPOSED[metric] | {"instance", "job"}, (where, metric)
    grouped = {
        label.strip() for group in re.findall(r"by \((.*?)\)", expression) for label in group.split(",")
    }
    metrics = re.findall(OURS, expression)
    known = set().union(*(EXPOSED[metric] for metric in metrics)) | {"instance", "job"}
    assert grouped <= known, where


@every_expression
def test_every_code_is_that_of_an_error(where: str, expression: str) -> None:
    def codes(kind: type[AssetError]) -> set[str]:
        return {kind.code}.union(*(codes(child) for child in kind.__subclasses__()))

    for named in re.findall(r"reason *(?:=~|!=|=) *[\"'](.*?)[\"']", expression):
        assert set(named.split("|")) <= codes(AssetError), where


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_every_alert_has_its_section_of_the_runbook(rule: dict[str, dict[str, str]]) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert page == "docs/runbook.md"
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))
    section = {name.lower(): text for name, text in sections.items()}[anchor]
    assert anchor == str(rule["alert"]).lower()
    assert all(f"*{part}*:" in section for part in ("Means", "Look at", "Do"))
    assert rule["labels"]["severity"] in {"page", "warn"}


def test_the_runbook_explains_no_alert_that_is_not_there() -> None:
    assert set(re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE)) == {rule["alert"] for rule in RULES}


def test_inhibited_alerts_exist() -> None:
    silenced = parsed(DEPLOYMENTS / "alertmanager" / "alertmanager.yml")["inhibit_rules"]
    named = re.findall(r'alertname =~? "(.*?)"', str(silenced))
    assert {alert for names in named for alert in names.split("|")} <= {rule["alert"] for rule in RULES}


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_page_is_what_the_script_writes(name: str) -> None:
    assert (DEPLOYMENTS / "grafana" / "dashboards" / f"{name}.json").read_text() == dashboard_json(name)


def test_there_are_no_other_pages() -> None:
    assert {page.stem for page in PAGES} == set(DASHBOARDS)


def test_every_metric_is_on_a_page() -> None:
    drawn = {name for where, text in EVERY if ":" in where for name in re.findall(OURS, text)}
    ours = {name for name in EXPOSED if not name.startswith("process_")}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in ours} <= {
        re.sub(r"_(bucket|sum|count)$", "", name) for name in drawn
    }


def test_prometheus_shows_its_key_and_reads_our_rules() -> None:
    config = parsed(DEPLOYMENTS / "prometheus" / "prometheus.yml")
    for name in ("core", "studio"):
        (found,) = [job for job in config["scrape_configs"] if job["job_name"] == name]
        assert found["authorization"] == {"credentials_file": f"/run/secrets/{name}_monitor_key"}
    assert config["rule_files"] == ["/etc/prometheus/alerts.yml"]


@pytest.mark.parametrize(
    ("scrapes", "manifest"),
    [
        ("prometheus/prometheus.yml", "compose.yaml"),
        ("prometheus/kubernetes.yml", "kubernetes/base/studio.yaml"),
    ],
)
def test_the_studio_is_asked_by_a_name_that_it_answers_to(scrapes: str, manifest: str) -> None:
    """By its number it would answer 421, and nobody would be told."""
    jobs = {job["job_name"]: job for job in parsed(DEPLOYMENTS / scrapes)["scrape_configs"]}
    (target,) = jobs["studio"]["static_configs"][0]["targets"]
    told = re.search(r"PACKSHOT_STUDIO__HOSTS\b.*?,(?P<names>[\w.,]+)", (DEPLOYMENTS / manifest).read_text())
    assert told is not None
    assert target.partition(":")[0] in re.split(r"[ ,\"]+", told.string[told.start() : told.end()])
    assert jobs["studio"]["authorization"] == {"credentials_file": "/run/secrets/studio_monitor_key"}


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed here")
def test_the_rules_fire_when_they_should() -> None:
    done = subprocess.run(
        [PROMTOOL, "test", "rules", "alerts_test.yml"],
        cwd=DEPLOYMENTS / "prometheus",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
