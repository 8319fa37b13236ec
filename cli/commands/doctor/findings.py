"""What ``doctor`` has to say, one thing at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from report.text import plural
from streams.errors import SettingsError
from streams.faust_app.start_checks import StartFault

State = Literal["fine", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """``wrong``: a worker would not run, or lose data; ``warning``: for a person to look at.

    ``words`` and ``cure`` hold no secret and no personal value.
    """

    state: State
    about: str
    words: str
    cure: str = ""


def fine(about: str, words: str) -> DoctorFinding:
    return DoctorFinding("fine", about, words)


def warning(about: str, words: str, cure: str = "") -> DoctorFinding:
    """It runs; somebody should know."""
    return DoctorFinding("warning", about, words, cure)


def wrong(about: str, words: str, cure: str) -> DoctorFinding:
    """It does not run, or loses data."""
    return DoctorFinding("wrong", about, words, cure)


def of_start(fault: StartFault) -> DoctorFinding:
    """What keeps a worker from starting, in the words with which it ends."""
    return DoctorFinding("wrong", fault.about, fault.what, fault.cure)


def of_settings(fault: SettingsError, cure: str = "correct the setting") -> list[DoctorFinding]:
    """A finding for each setting that cannot be used."""
    return [wrong(name, reason, cure) for name, reason in fault.faults.items()]


def count(findings: Sequence[DoctorFinding], process: str = "worker") -> str:
    """The last line: how much is wrong with what ``process`` needs."""
    faults = sum(finding.state == "wrong" for finding in findings)
    warnings = sum(finding.state == "warning" for finding in findings)
    if faults:
        return f"{plural(faults, 'fault')}, {plural(warnings, 'warning')}"
    if warnings:
        return f"A {process} would start and be ready; {plural(warnings, 'warning')}"
    return f"All is well: a {process} would start and be ready."
