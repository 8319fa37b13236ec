"""What ``doctor`` sees of settings and secrets."""

from __future__ import annotations

import stat
from collections.abc import Mapping

from agents.opening import peppers_of
from desk.cli.findings import Finding, fine, warning, wrong
from store.pepper import Peppers
from streams.errors import SettingsError
from streams.settings import Settings, load, unknown_names

_NEW_PEPPER = (
    "make one that only you may read, keep a copy in a safe, and name it in SAMEHAND_PEPPER_FILE: "
    "(umask 077; python -c 'from store.pepper import new_pepper_file as new; print(new())' > pepper)"
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
    return settings, [fine("settings", "valid"), *strangers]


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
