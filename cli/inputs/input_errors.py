"""Bad lines for people: each with its address, on standard error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agents.common.unusable_fields import UnusableFields
from cli import output
from report.text import plural, visible
from schemas.malformed import Malformed
from streams.outcomes import Dead

TOLD_MAX: Final = 1_000
"""More bad lines than this mean the wrong file, or the same fault in every line."""


def fault_line(address: str, fault: Malformed | Dead) -> str:
    """``bans.jsonl:17: missing-field at $.account.account_id: …``; quotes nothing of the line itself."""
    what = f"{visible(address, 300)}: {fault.reason} at {fault.path}"
    return f"{what}: {fault.detail}" if fault.detail else what


def tell_faults(faults: Sequence[tuple[str, Malformed | Dead]], found: int = 0) -> None:
    """The bad lines in their order, and how many were left out of all that were ``found``."""
    told = faults[:TOLD_MAX]
    for address, fault in told:
        output.note(fault_line(address, fault))
    if (left_out := max(found, len(faults)) - len(told)) > 0:
        output.note(f"… and {plural(left_out, 'more bad line')}")


def tell_unusable(unusable: UnusableFields) -> None:
    """A line for each field that could not be used, with the shape of one such value and what helps."""
    for sentence in unusable.sentences:
        output.note(sentence)
