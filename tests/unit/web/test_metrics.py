"""The names of our metrics: conventions kept, the page true, alerts and dashboard about names that exist."""

import json
import re
from pathlib import Path

import yaml

from tests.support.metrics_page import PAGE
from web import metrics

OPERATIONS = PAGE.parent / "operations"
USED = re.compile(r"\blienthong_[a-z_]+")


def known() -> set[str]:
    names = {one.name for one in metrics.ALL}
    return names | {
        f"{one.name}_{part}"
        for one in (metrics.DURATION, metrics.STEPS)
        for part in ("bucket", "sum", "count")
    }


def test_the_page_is_true() -> None:
    assert PAGE.read_text(encoding="utf-8") == metrics.markdown(), "python -m tests.support.metrics_page"


def test_names_have_our_prefix_and_base_units_and_no_ids() -> None:
    for one in metrics.ALL:
        assert re.fullmatch(r"lienthong_[a-z_]+", one.name)
        assert not one.name.endswith(("_ms", "_minutes", "_kb"))
        assert (one.kind == "counter") == one.name.endswith("_total")
        assert not {"dossier", "call", "code", "id", "name"} & set(one.labels)


def test_every_alert_is_about_metrics_that_exist_and_says_what_to_do() -> None:
    groups = yaml.safe_load((OPERATIONS / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) >= 10
    for rule in rules:
        assert set(USED.findall(rule["expr"])) <= known(), rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() >= {"summary", "what_to_do"}


def test_the_dashboard_shows_metrics_that_exist() -> None:
    board = json.loads((OPERATIONS / "dashboard.json").read_text(encoding="utf-8"))
    shown = {target["expr"] for panel in board["panels"] for target in panel["targets"]}
    used = {name for text in shown for name in USED.findall(text)}
    assert used <= known()
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert used >= {one.name for one in metrics.COUNTED.values() if one.kind == "gauge"} - {
        "lienthong_partner_paused"
    }


def test_the_operations_folder_says_how_to_use_it() -> None:
    assert "alerts.yaml" in Path(OPERATIONS / "README.md").read_text(encoding="utf-8")


# What those who run such a system look for first; the rest of what we tell is our own.
EXPECTED = {
    "lienthong_dossiers": ("state", "procedure"),
    "lienthong_step_duration_seconds": ("procedure", "kind"),
    "lienthong_outbox_oldest_age_seconds": ("partner",),
    "lienthong_outbox_messages": ("state", "partner"),
    "lienthong_delivery_attempts_total": ("partner", "outcome"),
    "lienthong_unknown_outcomes": ("partner",),
    "lienthong_incidents_open": ("cause",),
    "lienthong_timer_lateness_seconds": (),
    "lienthong_jobs_stalled": (),
    "lienthong_worker_heartbeat_age_seconds": (),
    "lienthong_certificate_expiry_timestamp_seconds": ("partner",),
    "lienthong_partner_drift": ("partner",),
    "lienthong_evidence_unstamped_age_seconds": (),
    "lienthong_backup_last_verified_timestamp_seconds": (),
    "lienthong_clock_offset_seconds": (),
    "lienthong_deadline_overdue": ("agency", "procedure"),
}


def test_what_operators_look_for_is_there() -> None:
    told = {one.name: tuple(one.labels) for one in metrics.ALL}
    assert {name: told.get(name) for name in EXPECTED} == EXPECTED
