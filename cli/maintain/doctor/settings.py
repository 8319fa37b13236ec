"""What ``doctor`` sees of settings, secrets and the files that settings name."""

from __future__ import annotations

import os
import stat
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from agents.runtime.store_factory import allowlist_of, peppers_of, stock_of
from agents.runtime.weights_of_settings import weights_of
from cli.maintain.doctor.findings import DoctorFinding, fine, look, of_settings, of_start, warning, wrong
from deliver.endpoints import endpoints_of
from desk.settings import DeskSettings, load
from store.pepper.pepper import Peppers, Unusable, UnusablePepper
from streams.clock import SystemClock
from streams.errors import SettingsError
from streams.faust_app.start_checks import address_fault, folder_fault
from streams.kafka.mapped_topics import mappings_of
from streams.settings import Settings, unknown_names
from streams.settings.basis_rights import basis_rights_of
from streams.telemetry.tracer import tracer_of

_NEW_PEPPER: Final = (
    "make one with `samehand pepper new FILE`, keep a copy in a safe, and name it in SAMEHAND_PEPPER_FILE"
)
_PEPPER_CURES: Final[dict[Unusable, str]] = {
    "missing": "for a first start `samehand pepper new FILE`; else put its copy there: with a new one "
    "nothing that is stored is found",
    "mode": "chmod 600, and its owner the user that workers run as",
    "unreadable": "give it to the user that workers run as (chown), and chmod 600",
    "content": "put its copy there: with a new one nothing that is stored is found",
}
_FILES: Final[Mapping[str, tuple[Callable[[Settings], Any], str]]] = {
    "weights": (weights_of, "correct the table, or unset the variable to use the shipped one"),
    "allowlist": (allowlist_of, "write one key a line, such as x:1076313901; `#` begins a comment"),
    "basis_rights": (basis_rights_of, "docs/watchlists.md shows the file"),
    "mappings": (lambda text: mappings_of(text).topics, "`samehand map` says what it makes of a sample"),
    "endpoints": (lambda text: endpoints_of(text, os.environ), "docs/deliver.md shows the file"),
    "avatar_blocklist": (stock_of, "write one PDQ hash a line, of 64 hexadecimal digits"),
}
_HEALTH: Final = b'{"healthy"'
_ANSWER_SECONDS: Final = 2.0
_ANSWER_BYTES_MAX: Final = 64 * 1024  # of our own answer: some names of topics and reasons


def look_at_settings(environment: Mapping[str, str]) -> tuple[DeskSettings | None, list[DoctorFinding]]:
    """The settings where they can be used, and what is to be said of them."""
    # Names with our prefix that no setting reads: what is meant there stays at its default.
    strangers = [
        warning(
            name,
            "is not a setting and is ignored",
            f"did you mean {near}?" if near else "`samehand doctor --settings` lists all that are",
        )
        for name, near in unknown_names(environment, DeskSettings).items()
        if not name.startswith("SAMEHAND_TEST_")
    ]
    try:
        settings = load(environment)
    except SettingsError as fault:
        unusable: list[DoctorFinding] = []
        for name, why in fault.faults.items():
            cure = "correct it; `samehand doctor --settings` lists all settings"
            if name == "SAMEHAND_PEPPER_FILE":
                cure = _PEPPER_CURES["missing"]
            unusable.append(wrong(name, why, cure))
        return None, [*unusable, *strangers]
    return settings, [fine("settings", "valid"), *strangers, *look_at_traces(settings)]


@look("install it, or unset the variable")
def look_at_traces(settings: Settings) -> Iterator[DoctorFinding]:
    """Checks that the tracing packages are installed if the settings need them. Connects to no collector."""
    if settings.traces_url:
        tracer_of(settings, SystemClock()).close()
        yield fine("traces", f"{settings.traces_share:.0%} of events, and those that producers follow")


@look()
def look_at_files(settings: Settings) -> Iterator[DoctorFinding]:
    """The weights and lists that an operator may set, read as a worker reads them."""
    for setting, (read, cure) in _FILES.items():
        if getattr(settings, setting) is None:
            continue
        try:
            content = read(settings)
        except SettingsError as fault:
            yield from of_settings(fault, cure)
        else:
            size = f"version {content.version}" if setting == "weights" else f"{len(content):,} entries"
            yield fine(setting.replace("_", " "), size)


def look_at_folder(settings: Settings) -> list[DoctorFinding]:
    """Checks that a worker could write to its data folder."""
    fault = folder_fault(settings)
    return [] if fault is None else [of_start(fault)]


def look_at_address(settings: Settings, process: str = "worker") -> list[DoctorFinding]:
    """Checks whether a process could take its web address. One that answers there is running already."""
    fault = address_fault(settings.web_host, settings.web_port)
    if fault is None:
        return []
    if answer_at(settings.web_host, settings.web_port, "/health/live").startswith(_HEALTH):
        return [taken("web address", process, settings.web_host, settings.web_port, "SAMEHAND_WEB_PORT")]
    return [of_start(fault)]


def answer_at(host: str, port: int, path: str) -> bytes:
    """The beginning of what our own address answers, b"" without an answer."""
    own = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  # only compared
    try:
        with urllib.request.urlopen(f"http://{own}:{port}{path}", timeout=_ANSWER_SECONDS) as answer:
            body: bytes = answer.read(_ANSWER_BYTES_MAX)
            return body
    except (OSError, ValueError, urllib.error.URLError):
        return b""


def taken(about: str, process: str, host: str, port: int, variable: str) -> DoctorFinding:
    """One of its kind runs already: fine if it is the one that is meant."""
    return warning(
        about, f"a {process} answers at {host}:{port} already", f"a second one needs another {variable}"
    )


def look_at_pepper(settings: Settings) -> tuple[Peppers | None, list[DoctorFinding]]:
    """The secrets where they can be used, and what is to be said of their file."""
    try:
        peppers = peppers_of(settings)
    except SettingsError as fault:
        kind = fault.__cause__.kind if isinstance(fault.__cause__, UnusablePepper) else None
        cure = _NEW_PEPPER if kind is None else _PEPPER_CURES[kind]
        return None, of_settings(fault, cure)
    findings = [
        fine("pepper", f"{len(peppers.peppers)} in force, number {peppers.current.pepper_id} current")
    ]
    path = settings.pepper_file
    if path is not None and path.stat().st_mode & (stat.S_IRGRP | stat.S_IWGRP):
        findings.append(warning("pepper", "its group may read or write the file", f"chmod g-rw {path}"))
    return peppers, findings
