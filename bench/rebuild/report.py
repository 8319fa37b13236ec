"""What one run is told as: in a few lines, and as the table of a page."""

from __future__ import annotations

from dataclasses import dataclass

from bench.machine import in_words
from bench.rebuild.comparison import Compared
from bench.rebuild.rebuilding import Took
from bench.recall import KEEP


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One run: of how many bans, how the rebuild went, what was compared, on which machine."""

    bans: int
    took: Took
    found: Compared
    machine: dict[str, str | int | float]

    @property
    def bans_a_second(self) -> float:
        """Records a second of wall time."""
        return self.took.records / self.took.seconds


def summary(one: Rebuilt) -> str:
    """In a few lines."""
    took, found = one.took, one.found
    return "\n".join(
        (
            f"{took.records:,} records in {took.seconds:.1f} s: {one.bans_a_second:,.0f} a second "
            f"(client {took.client_seconds:.1f} s, Redis {took.redis_seconds:.1f} s of processor time), "
            f"broken off and resumed after {took.resumed_after:,}; "
            f"meanwhile {took.lookups_meanwhile:,} look-ups and {took.enrolled_meanwhile:,} enrolments",
            f"fingerprints: {found.fingerprints:,}, {found.fingerprints_differing:,} differ",
            f"postings: {found.postings:,}, {found.postings_differing:,} differ; {found.silent:,} more are "
            f"too long to be read in either store, of them {found.silent_differing:,} list others",
            f"queries: {found.queries:,}, {found.queries_differing:,} differ",
            f"on {in_words(one.machine)}",
        )
    )


def table(one: Rebuilt) -> str:
    """As Markdown: what is compared, of how many, and how many differ."""
    took, found = one.took, one.found
    rows = (
        (
            "fingerprints",
            found.fingerprints,
            found.fingerprints_differing,
            "all, with all their facts",
        ),
        (
            "postings, as sets",
            found.postings,
            found.postings_differing,
            f"all that are read; {found.silent:,} more are too long to be read in either store, of which "
            f"{found.silent_differing:,} list others",
        ),
        (
            f"the first {KEEP} candidates, in their order and with their rarity",
            found.queries,
            found.queries_differing,
            "disguised handles, with all their keys",
        ),
    )
    per_record = 1e6 * (took.client_seconds + took.redis_seconds) / took.records
    return "\n".join(
        (
            f"| {one.bans:,} bans, {took.records:,} records | compared | differ | |",
            "|---|---|---|---|",
            *(f"| {what} | {of:,} | {differ:,} | {note} |" for what, of, differ, note in rows),
            "",
            f"Broken off after {took.resumed_after:,} records and resumed; meanwhile a worker made "
            f"{took.lookups_meanwhile:,} look-ups and {took.enrolled_meanwhile:,} enrolments.",
            f"{took.seconds:,.0f} s; {per_record:,.0f} µs of processor time a record, client and Redis",
            f"together, with that worker's share. {in_words(one.machine)}.",
        )
    )
