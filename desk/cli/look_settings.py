"""What ``doctor`` sees of settings and secrets."""

from __future__ import annotations

import stat
from collections.abc import Mapping

from agents.opening import peppers_of
from desk.cli.findings import Finding, fine, warning, wrong
from store.pepper import Peppers
from streams.clock import SystemClock
from streams.errors import SettingsError
from streams.settings import Settings, load, unknown_names
from streams.tracing import tracer_of

_NEW_PEPPER = (
    "make one with `samehand pepper new FILE`, keep a copy in a safe, and name it in SAMEHAND_PEPPER_FILE"
)


def look_at_settings(environment: Mapping[str, str]) -> tuple[Settings | None, list[Finding]]:
    """The settings where they can be used, and what is to be said of them."""
    try:
        settings = load(environment)
    except SettingsError as fault:
        cure = "set it right; `samehand doctor --settings` lists all"
        return None, [wrong(name, reason, cure) for name, reason in fault.faults.items()]
    strangers = [
        warning(name, "is no setting and is ignored", f"did you mean {near}?" if near else "")
        for name, near in unknown_names(environment).items()
        if not name.startswith("SAMEHAND_TEST_")
    ]
    return settings, [fine("settings", "valid"), *strangers, *look_at_traces(settings)]


def look_at_traces(settings: Settings) -> list[Finding]:
    """Whether what tells of traces is installed, where the settings ask for it. No collector is asked."""
    if not settings.traces_url:
        return []
    try:
        tracer_of(settings, SystemClock()).close()
    except SettingsError as fault:
        cure = "install it, or unset the variable"
        return [wrong(name, reason, cure) for name, reason in fault.faults.items()]
    return [fine("traces", f"{settings.traces_share:.0%} of events, and those that producers follow")]


def look_at_pepper(settings: Settings) -> tuple[Peppers | None, list[Finding]]:
    """The secrets where they can be used, and what is to be said of their file."""
    try:
        peppers = peppers_of(settings)
    except SettingsError as fault:
        return None, [wrong(name, reason, _NEW_PEPPER) for name, reason in fault.faults.items()]
    findings = [
        fine("pepper", f"{len(peppers.peppers)} in force, number {peppers.current.pepper_id} current")
    ]
    path = settings.pepper_file
    if path is not None and path.stat().st_mode & (stat.S_IRGRP | stat.S_IWGRP):
        findings.append(warning("pepper", "its group may read or write the file", f"chmod g-rw {path}"))
    return peppers, findings
