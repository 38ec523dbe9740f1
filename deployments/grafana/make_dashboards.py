"""Write Grafana's dashboards from the list below: `python deployments/grafana/make_dashboards.py`.

Grafana's JSON repeats forty lines for each panel; what differs is here, and a test holds both together.
"""

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "dashboards"
CORE = "packshot_core_"
OURS = "packshot_"
PRICE = "$device_hour"
RATE = "[$__rate_interval]"
QUANTILE = "histogram_quantile({q}, sum by (le, {by}) (rate({metric}_bucket" + RATE + ")))"

FAILED = f"sum(rate({CORE}failures_total{{reason!='render_cancelled'}}{RATE}))"
MADE = f"sum(rate({CORE}pictures_total{RATE}))"
MADE_IN_AN_HOUR = f"sum(increase({CORE}pictures_total[1h]))"
BASE_IN_AN_HOUR = f"sum(increase({CORE}pictures_total{{variant='base'}}[1h]))"
DEVICE_IN_AN_HOUR = f"sum(increase({CORE}device_seconds_total[1h]))"
CORES_IN_AN_HOUR = "sum(avg_over_time(up{job='core'}[1h]))"
ACCEPTED = f"max({OURS}shots{{state='accepted'}})"
SAID_IN_A_DAY = f"sum(increase({OURS}person_verdicts_total[1d]))"
SAID_BY_OUTCOME = f"sum by (outcome) (increase({OURS}person_verdicts_total[1d]))"
WIDTHS = f"sum by (size) (rate({CORE}batch_width_sum{RATE}))"
PASSES = f"sum by (size) (rate({CORE}batch_width_count{RATE}))"


@dataclass(frozen=True)
class Panel:
    """One graph: its title, its unit as Grafana calls it, and each expression with its legend."""

    title: str
    unit: str
    lines: tuple[tuple[str, str], ...]
    says: str = ""


def quantiles(metric: str, by: str = "variant") -> tuple[tuple[str, str], ...]:
    """Return the median and the 95th of a hundred of the core's histogram `metric`."""
    return tuple(
        (QUANTILE.format(q=q, by=by, metric=CORE + metric), f"{name} {{{{{by}}}}}")
        for q, name in ((0.5, "median"), (0.95, "95 %"))
    )


def rate(metric: str, by: str, chosen: str = "") -> str:
    """Return the expression of the core's counter `metric` per second, by label."""
    return f"sum by ({by}) (rate({CORE}{metric}_total{chosen}{RATE}))"


def largest(metric: str, by: str) -> tuple[tuple[str, str], ...]:
    """Return the expression of the studio's gauge `metric` by label; every studio tells the same."""
    return ((f"max by ({by}) ({OURS}{metric})", f"{{{{{by}}}}}"),)


DASHBOARDS = {
    "core": (
        "Packshot: core",
        (
            Panel("Cores that answer", "short", (('sum(up{job="core"})', "up"),)),
            Panel("Pictures a minute", "short", ((f"60 * {rate('pictures', 'variant')}", "{{variant}}"),)),
            Panel("Jobs that wait", "short", ((f"{CORE}jobs_pending", "{{instance}}"),)),
            Panel(
                "Jobs under way",
                "short",
                (
                    (f"sum({CORE}jobs_running)", "on the device"),
                    (f"sum({CORE}jobs_parked)", "parked"),
                    (f"sum({CORE}jobs_finishing)", "being scored"),
                ),
            ),
            Panel("Device busy", "percentunit", ((rate("device_seconds", "instance"), "{{instance}}"),)),
            Panel("Seconds in the present step", "s", ((f"{CORE}step_age_seconds", "{{instance}}"),)),
            Panel("Waiting", "s", quantiles("queue_wait_seconds")),
            Panel("From arrival to picture", "s", quantiles("end_to_end_seconds")),
            Panel("One step", "s", quantiles("step_seconds", "size")),
            Panel("Decoding", "s", quantiles("decode_seconds", "size")),
            Panel(
                "Rows of a pass",
                "short",
                (
                    (
                        f"{WIDTHS} / {PASSES}",
                        "{{size}}",
                    ),
                ),
                "The mean; dummies are counted.",
            ),
            Panel("Dummy rows a second", "short", ((rate("dummy_rows", "size"), "{{size}}"),)),
            Panel(
                "Memory of the device",
                "bytes",
                tuple(
                    (f"{CORE}device_memory_{kind}_bytes", f"{kind} {{{{instance}}}}")
                    for kind in ("allocated", "reserved", "total")
                ),
            ),
            Panel("Fragmentation", "percentunit", ((f"{CORE}device_memory_fragmentation", "{{instance}}"),)),
            Panel("Models on the device", "short", ((f"{CORE}model_resident", "{{instance}} {{model}}"),)),
            Panel("Loading a model", "s", quantiles("model_load_seconds", "model")),
            Panel("Cores that take jobs", "short", ((f"sum({CORE}ready)", "ready"),)),
            Panel("Models taken off", "short", ((rate("model_unloads", "model"), "{{model}}"),)),
            Panel("Uptime", "s", ((f"{CORE}uptime_seconds", "{{instance}}"),)),
        ),
    ),
    "pipeline": (
        "Packshot: pipeline",
        (
            Panel("Shots by state", "short", largest("shots", "state")),
            Panel("Shots due, by priority", "short", largest("shots_due", "priority")),
            Panel(
                "The longest wait",
                "s",
                ((f"max({OURS}oldest_due_seconds)", "oldest due shot"),),
                "Not leased.",
            ),
            Panel(
                "Attempts a minute",
                "short",
                ((f"60 * max by (variant) (rate({OURS}attempts_total{RATE}))", "{{variant}}"),),
            ),
            Panel("Campaigns by state", "short", largest("campaigns", "state")),
            Panel("Webhook deliveries", "short", largest("deliveries", "state")),
            Panel("Endpoints switched off", "short", ((f"max({OURS}endpoints_off)", "off"),)),
            Panel(
                "Disk of the pictures",
                "percentunit",
                ((f"1 - {OURS}store_free_bytes / {OURS}store_size_bytes", "used {{instance}}"),),
                "New work is refused at 90 %.",
            ),
            Panel("New work refused", "short", ((f"max({OURS}intake_closed)", "refused"),)),
            Panel(
                "Memory of Studio",
                "bytes",
                (('process_resident_memory_bytes{job="studio"}', "{{instance}}"),),
            ),
            Panel(
                "Processor of Studio",
                "percentunit",
                ((f'rate(process_cpu_seconds_total{{job="studio"}}{RATE})', "{{instance}}"),),
            ),
        ),
    ),
    "quality": (
        "Packshot: what goes wrong",
        (
            Panel(
                "Jobs without a picture",
                "percentunit",
                (
                    (
                        f"{FAILED} / ({FAILED} + {MADE})",
                        "share",
                    ),
                ),
                "Withdrawn jobs are not counted.",
            ),
            Panel("Failures by reason", "short", ((rate("failures", "reason"), "{{reason}}"),)),
            Panel("Requests turned away", "short", ((rate("rejections", "reason"), "{{reason}}"),)),
            Panel("Jobs withdrawn", "short", ((f"sum(rate({CORE}cancels_total{RATE}))", "withdrawn"),)),
            Panel("Blank pictures", "short", ((rate("degenerate", "variant"), "{{variant}}"),)),
            Panel("Passes that did not fit", "short", ((rate("out_of_memory", "size"), "{{size}}"),)),
            Panel(
                "Share that Base makes",
                "percentunit",
                (
                    (
                        f"{BASE_IN_AN_HOUR} / {MADE_IN_AN_HOUR}",
                        "share",
                    ),
                ),
                "Base makes what Turbo could not.",
            ),
            Panel(
                "Accepted at the first try",
                "percentunit",
                ((f"max({OURS}shots_accepted_at_once) / {ACCEPTED}", "of accepted shots"),),
            ),
            Panel(
                "Saved by Base",
                "percentunit",
                ((f"max({OURS}shots_saved_by_base) / {ACCEPTED}", "of accepted shots"),),
            ),
            Panel(
                "Attempts by outcome",
                "short",
                ((f"max by (variant, outcome) ({OURS}attempts_standing)", "{{variant}} {{outcome}}"),),
            ),
            Panel(
                "What people say in a day",
                "percentunit",
                (
                    (
                        f"{SAID_BY_OUTCOME} / ignoring (outcome) group_left () {SAID_IN_A_DAY}",
                        "{{outcome}}",
                    ),
                ),
            ),
            Panel("Jobs accepted", "short", ((rate("jobs_accepted", "variant"), "{{variant}}"),)),
        ),
    ),
    "cost": (
        "Packshot: cost",
        (
            Panel(
                "Device hours a day, by tenant",
                "h",
                ((f"24 * {rate('device_seconds', 'tenant')}", "{{tenant}}"),),
            ),
            Panel(
                "Device seconds a picture",
                "s",
                (
                    (
                        f"{DEVICE_IN_AN_HOUR} / {MADE_IN_AN_HOUR}",
                        "all in",
                    ),
                ),
                "With the seconds of jobs that failed.",
            ),
            Panel(
                "Cost of the device a picture",
                "short",
                (
                    (
                        f"{PRICE} / 3600 * {DEVICE_IN_AN_HOUR} / {MADE_IN_AN_HOUR}",
                        "busy seconds",
                    ),
                    (
                        f"{PRICE} * {CORES_IN_AN_HOUR} / {MADE_IN_AN_HOUR}",
                        "idle too",
                    ),
                ),
                "At the price of a device hour above; PACKSHOT_COSTS__DEVICE_HOUR is what reports use.",
            ),
            Panel(
                "Device seconds an accepted shot",
                "s",
                (
                    (
                        f"sum(max by (variant) ({OURS}attempt_device_seconds_total)) / {ACCEPTED}",
                        "since the start",
                    ),
                ),
                "All attempts, also those that were rejected.",
            ),
            Panel("Pictures a day", "short", ((f"86400 * {rate('pictures', 'variant')}", "{{variant}}"),)),
        ),
    ),
}


def panel_json(number: int, panel: Panel) -> dict[str, object]:
    """Return Grafana's form of `panel`, the `number`th of its page, three in a row."""
    source = {"type": "prometheus", "uid": "prometheus"}
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.says,
        "datasource": source,
        "gridPos": {"x": number % 3 * 8, "y": number // 3 * 8, "w": 8, "h": 8},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": source, "expr": expression, "legendFormat": legend}
            for index, (expression, legend) in enumerate(panel.lines)
        ],
    }


def dashboard_json(name: str) -> str:
    """Return the text of the dashboard file NAME.json."""
    title, panels = DASHBOARDS[name]
    price = {"name": "device_hour", "label": "Price of a device hour", "type": "textbox", "query": "3.0"}
    page = {
        "uid": f"packshot-{name}",
        "title": title,
        "tags": ["packshot"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [price] if name == "cost" else []},
        "panels": [panel_json(number, panel) for number, panel in enumerate(panels)],
    }
    return json.dumps(page, indent=1) + "\n"


def main() -> None:
    """Write every dashboard."""
    for name in DASHBOARDS:
        (FOLDER / f"{name}.json").write_text(dashboard_json(name))


if __name__ == "__main__":
    main()
