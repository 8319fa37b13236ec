"""Who answers for an import: the plan that two people sign, and the record of what was imported.

A list that was never imported, and a change of more than a tenth of one, wait until an importer, who gives a
reason, and a second person have signed the plan. A digest binds the signatures to the listings before and
after, their programmes, and for how long the names stay in force. Names are what people say of themselves:
who may write the files is for their owner to limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import click
import msgspec
from msgspec import Meta
from msgspec.structs import replace

from samehand.normalize.text.fold import fold_name
from schemas.accounts import Basis
from watchlists.changes import ListChanges, Listings, state_lines
from watchlists.lists import Opening, open_file
from watchlists.rows import tidy

DELTA_SHARE: Final = 0.1
"""Of a list's listings or names before. Lists change by some a week: a tenth is another file or an event."""

LATELY_DAYS: Final = 30
"""Unattended imports of so many days count with the next one: a tenth each day would soon be another list."""

NAME_CHARS_MAX: Final = 128
REASON_CHARS_MAX: Final = 500
FILE_BYTES_MAX: Final = 16 * 1024 * 1024
"""Of a plan, and of a record: its lines, of 1 KB."""
RECORDS_MAX: Final = 10_000
"""Imports of one list: two centuries of weeks."""

_Name = Annotated[str, Meta(max_length=NAME_CHARS_MAX)]


class Delta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Listings before and after an import, and how many differ; ``before`` is ``None`` for a new list.

    ``names_differ``: names that came or went; a listing may bring any number. ``lately``: how many differed
    in unattended imports before.
    """

    before: int | None
    after: int
    names: int
    listed: int = 0
    changed: int = 0
    removed: int = 0
    names_before: int = 0
    names_differ: int = 0
    lately: int = 0
    names_lately: int = 0

    @property
    def listings_differ(self) -> int:
        return self.listed + self.changed + self.removed

    @property
    def why(self) -> str | None:
        """Why a person has to approve; ``None`` for a small change of a known list."""
        if self.before is None:
            return "the list was never imported"
        for differ, lately, before, what in (
            (self.listings_differ, self.lately, self.before, "listings"),
            (self.names_differ, self.names_lately, self.names_before, "names"),
        ):
            if differ and differ + lately > DELTA_SHARE * before:
                also = f", and {lately:,} in the {LATELY_DAYS} days before" if lately else ""
                return f"{differ:,} of {before:,} {what} came, changed or went{also}"
        return None


class ImportPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An import as two people sign it. Times are ISO dates in UTC, "" until somebody has signed.

    ``days``: how long names stay in force, 0 for ever; ``programmes``: those asked for, none for all.
    """

    digest: str
    files: tuple[str, ...]
    why: str
    delta: Delta
    changes: tuple[str, ...]
    made_at: str
    days: int = 0
    programmes: tuple[str, ...] = ()
    importer: _Name = ""
    reason: Annotated[str, Meta(max_length=REASON_CHARS_MAX)] = ""
    signed_at: str = ""
    approver: _Name = ""
    approved_at: str = ""
    version: Literal[1] = 1

    @property
    def approved(self) -> bool:
        """Whether two people have signed; also of a file that somebody wrote by hand."""
        signed = self.importer and self.reason and self.approver
        return bool(signed) and not same_person(self.importer, self.approver)


class ImportRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One import; without names where it ran unattended. ``previous``: the hash of the line before."""

    previous: str
    at: str
    digest: str
    files: tuple[str, ...]
    delta: Delta
    importer: str = ""
    reason: str = ""
    approver: str = ""
    approved_at: str = ""
    version: Literal[1] = 1


def digest_of(
    former: Listings | None,
    now: Listings,
    bases: Iterable[Basis] = (),
    *,
    days: int = 0,
    programmes: Iterable[str] = (),
) -> str:
    """Names the step from one state of a list to another; the order of listings does not matter.

    ``bases``: of the listings after the step, by whose programmes the operator decides rights; ``days`` and
    ``programmes``: as in :class:`ImportPlan`.
    """
    hashed = sha256(msgspec.json.encode([days, sorted(programmes)]))
    for line in sorted({msgspec.json.encode(basis) for basis in bases}):
        hashed.update(line + b"\n")
    for listings in (former, now):
        lines = sorted(state_lines(listings)) if listings is not None else [b"none\n"]
        for line in lines:
            hashed.update(line)
        hashed.update(b"\n")
    return hashed.hexdigest()


def delta_of(former: Listings | None, now: Listings, changes: ListChanges | None) -> Delta:
    names = _names(now)
    if former is None or changes is None:
        return Delta(None, len(now), names)
    several = (changes.listed, changes.changed, changes.removed)
    differ = sum(len(change.added) + len(change.removed) for each in several for change in each)
    listed, changed, removed = map(len, several)
    return Delta(len(former), len(now), names, listed, changed, removed, _names(former), differ)


def with_lately(delta: Delta, lines: Iterable[bytes], at: str) -> Delta:
    """The delta with what differed in unattended imports since the last approved one, by a record's lines."""
    since = (datetime.fromisoformat(at) - timedelta(days=LATELY_DAYS)).isoformat()
    several: list[Delta] = []
    for record in map(record_of, lines):
        if record.importer:
            several = []
        elif record.at >= since:
            several.append(record.delta)
    return replace(
        delta,
        lately=sum(unattended.listings_differ for unattended in several),
        names_lately=sum(unattended.names_differ for unattended in several),
    )


def _names(listings: Listings) -> int:
    return sum(len(listing.names) for listing in listings.values())


def signed(plan: ImportPlan, name: str, reason: str, at: str) -> ImportPlan:
    """The plan with one more signature: the first is the importer's, with a reason, the second approves.

    Raises ``click.UsageError`` where this person cannot sign, or nothing is to be signed.
    """
    name, reason = tidy(name), tidy(reason)
    if len(name) > NAME_CHARS_MAX or _folded(name) is None:
        raise click.UsageError(f"--name: 1 to {NAME_CHARS_MAX} characters, letters or digits among them")
    if plan.approver:
        raise click.UsageError(f"the plan is approved already, by {plan.approver}")
    if not plan.importer:
        if not 0 < len(reason) <= REASON_CHARS_MAX:
            raise click.UsageError(
                f"the first signature is the importer's: give --reason, 1 to {REASON_CHARS_MAX} characters"
            )
        return replace(plan, importer=name, reason=reason, signed_at=at)
    if same_person(name, plan.importer):
        raise click.UsageError(f"{name} is the importer: somebody else has to approve")
    if reason:
        raise click.UsageError("--reason is the importer's, who has signed already")
    return replace(plan, approver=name, approved_at=at)


def same_person(name: str, other: str) -> bool:
    """Whether two names are one but for case, accents, look-alike letters, and what is between letters.

    A name without letter and digit is anybody's.
    """
    ours, theirs = _folded(name), _folded(other)
    return ours is None or theirs is None or ours == theirs


def _folded(name: str) -> tuple[str, str] | None:
    fold = fold_name(name)
    return None if fold is None else (fold.base, fold.digits)


def read_plan(path: Path) -> ImportPlan | None:
    """The plan; ``None`` if there is no file. Raises ``click.ClickException`` for a file that is none."""
    raw = _read(path)
    return None if raw is None else _decoded(raw, ImportPlan, path, 1)


def plan_bytes(plan: ImportPlan) -> bytes:
    """The plan as JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n"


def read_records(path: Path, opening: Opening = open_file) -> list[bytes]:
    """The lines of a record, checked; none if there is no file.

    Raises ``click.ClickException`` where a line was changed, or one before it is gone.
    """
    lines = (_read(path, opening) or b"").splitlines(keepends=True)
    if len(lines) > RECORDS_MAX:
        raise click.ClickException(f"{path}: over {RECORDS_MAX:,} imports; keep it elsewhere and begin anew")
    previous = ""
    for number, line in enumerate(lines, 1):
        if _decoded(line, ImportRecord, path, number).previous != previous:
            raise click.ClickException(
                f"{path}:{number}: the line before it was changed or is gone; compare with a copy"
            )
        previous = sha256(line).hexdigest()
    return lines


def with_record(lines: Iterable[bytes], plan: ImportPlan, at: str) -> list[bytes]:
    """The lines of a record with one more import."""
    several = list(lines)
    record = ImportRecord(
        previous=sha256(several[-1]).hexdigest() if several else "",
        at=at,
        digest=plan.digest,
        files=plan.files,
        delta=plan.delta,
        importer=plan.importer,
        reason=plan.reason,
        approver=plan.approver,
        approved_at=plan.approved_at,
    )
    return [*several, msgspec.json.encode(record) + b"\n"]


def record_of(line: bytes) -> ImportRecord:
    """One line of a record that :func:`read_records` has checked."""
    return msgspec.json.decode(line, type=ImportRecord)


T = TypeVar("T")


def _read(path: Path, opening: Opening = open_file) -> bytes | None:
    try:
        with opening(path) as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror or 'cannot be read'}") from fault
    if len(raw) > FILE_BYTES_MAX:
        raise click.ClickException(f"{path}: over {FILE_BYTES_MAX:,} bytes")
    return raw


def _decoded(raw: bytes, form: type[T], path: Path, number: int) -> T:
    try:
        return msgspec.json.decode(raw, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise click.ClickException(
            f"{path}:{number}: not what `samehand watchlist import` wrote: it was changed, or is another file"
        ) from fault
