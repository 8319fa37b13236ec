"""What ``doctor`` has to say, one thing at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Literal, NamedTuple, ParamSpec

from report.text import plural
from streams.errors import SettingsError
from streams.faust_app.start_checks import StartFault

P = ParamSpec("P")
State = Literal["fine", "warning", "wrong"]


class DoctorFinding(NamedTuple):
    """``wrong``: a worker would not run, or lose data; ``warning``: for a person to look at.

    ``finding`` and ``cure`` hold no secret and no personal value.
    """

    state: State
    about: str
    finding: str
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


def look(
    cure: str = "correct the setting",
) -> Callable[[Callable[P, Iterable[DoctorFinding]]], Callable[P, list[DoctorFinding]]]:
    """Lists what a function finds; settings that cannot be used are findings with this cure, and end it."""

    def listed(find: Callable[P, Iterable[DoctorFinding]]) -> Callable[P, list[DoctorFinding]]:
        @wraps(find)
        def found(*args: P.args, **kwargs: P.kwargs) -> list[DoctorFinding]:
            findings: list[DoctorFinding] = []
            try:
                findings.extend(find(*args, **kwargs))
            except SettingsError as fault:
                findings += of_settings(fault, cure)
            return findings

        return found

    return listed


def is_wrong(findings: Iterable[DoctorFinding], about: str) -> bool:
    return any(finding.state == "wrong" and finding.about == about for finding in findings)


def count(findings: Sequence[DoctorFinding], process: str = "worker") -> str:
    """The last line: how much is wrong with what ``process`` needs."""
    states = [finding.state for finding in findings]
    faults, warnings = states.count("wrong"), states.count("warning")
    if faults:
        return f"{plural(faults, 'fault')}, {plural(warnings, 'warning')}"
    if warnings:
        return f"A {process} would start and be ready; {plural(warnings, 'warning')}"
    return f"All is well: a {process} would start and be ready."
