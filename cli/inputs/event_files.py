"""How a command reads its files of events: as ours, or by a mapping; with the region of national numbers."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import phonenumbers
from msgspec.structs import replace

from cli import output
from cli.inputs.foreign_records import compiled, mapped_records
from cli.inputs.input_errors import tell_odd
from cli.inputs.input_files import ACCOUNTS, BANS, InputLine, Kind, is_ours, read_accounts, read_bans, size
from cli.inputs.input_source import opened
from cli.options import FILE, F, platform_option, topics_of_files
from report.text import visible
from samehand.normalize.phone import fold_phone
from schemas.accounts import AccountBanned, AccountCreated, AccountEvent
from schemas.malformed import Malformed
from schemas.mapping.compiler import Mappings
from schemas.mapping.mapper import Mapped, Result
from streams.outcomes import Arrival

E = TypeVar("E", bound=AccountEvent)
_REGION: Final = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class EventFiles:
    """Reads files of accounts and of bans. ``now`` (Unix seconds) is the clock of the command.

    With ``mappings``, compiled of the file ``mapping``, a file holds foreign records, or a table with columns
    of any names, of which those are read that become what is asked for; with ``kcat`` alone, records of our
    own topics. ``region`` (ISO 3166) is that of phone numbers without a country code.
    """

    platform: str
    mappings: Mappings | None = None
    kcat: bool = False
    region: str | None = None
    now: float = field(default_factory=time.time)
    mapping: Path | None = None
    topics: Mapping[Path, str] = field(default_factory=dict)
    """Of which topic's records a file is, where several are mapped."""

    def digest(self, paths: Iterable[Path]) -> str:
        """A digest of the files and of how they are read: what it names gives the same records again."""
        digest = blake2b(
            repr((self.platform, self.kcat, self.region, *sorted(self.topics.items()))).encode(),
            digest_size=16,
        )
        for path in (*paths, *(() if self.mapping is None else (self.mapping,))):
            with opened(path) as file:
                while chunk := file.read(1024 * 1024):
                    digest.update(chunk)
        return digest.hexdigest()

    def accounts(
        self, path: Path, hear: output.Advance = lambda done: None
    ) -> Iterator[InputLine[AccountCreated]]:
        """The accounts of a file. Raises ``click.ClickException`` where it cannot be opened or read."""
        if self.maps(path, ACCOUNTS):
            return self._mapped(path, AccountCreated, hear)
        return self._in_region(read_accounts(path, now=self.now, platform=self.platform, hear=hear))

    def accounts_of(self, paths: Sequence[Path], hear: output.Advance) -> Iterator[InputLine[AccountCreated]]:
        """The accounts of several files; ``hear`` gets the bytes read of all."""
        before = 0
        for path in paths:
            yield from self.accounts(path, output.after(before, hear))
            before += size([path])

    def bans(
        self, path: Path, hear: output.Advance = lambda done: None
    ) -> Iterator[InputLine[AccountBanned]]:
        """The bans of a file, like :meth:`accounts`."""
        if self.maps(path, BANS):
            return self._mapped(path, AccountBanned, hear)
        return self._in_region(read_bans(path, now=self.now, platform=self.platform, hear=hear))

    def tell_odd(self, *files: tuple[Path, Kind[Any]], strict: bool) -> None:
        """Warns of empty files and of columns that are not read; a mapping reads what it names."""
        tell_odd(((path, kind) for path, kind in files if not self.maps(path, kind)), strict=strict)

    def maps(self, path: Path, kind: Kind[Any]) -> bool:
        """Returns whether a file holds records of topics or foreign ones: what is in our form already needs
        none.
        """
        return path in self.topics or ((self.kcat or self.mappings is not None) and not is_ours(path, kind))

    def localised(self, event: E) -> E:
        """The event with its phone number in international form, where the region makes it readable."""
        account = event.account
        if self.region is None or account.phone is None or fold_phone(account.phone, account.locale):
            return event
        national = fold_phone(account.phone, f"und-{self.region}")
        return event if national is None else replace(event, account=replace(account, phone=national.e164))

    def mapped(
        self, path: Path, hear: output.Advance, partition: int = 0
    ) -> Iterator[tuple[str, Arrival, Result]]:
        """What a mapping makes of a file's records (:func:`cli.inputs.foreign_records.mapped_records`)."""
        return mapped_records(
            path, self.mappings, self.topics.get(path), kcat=self.kcat, hear=hear, partition=partition
        )

    def _mapped(self, path: Path, wanted: type[E], hear: output.Advance) -> Iterator[InputLine[E]]:
        for address, _, result in self.mapped(path, hear):
            if isinstance(result, Malformed):
                yield InputLine(address, result)
            elif isinstance(result, Mapped) and type(result.found.record) is wanted:
                record = self.localised(result.found.record)
                yield InputLine(address, record, unusable=result.found.unusable)

    def _in_region(self, lines: Iterator[InputLine[E]]) -> Iterator[InputLine[E]]:
        for line in lines:
            if self.region is None or isinstance(line.outcome, Malformed):
                yield line
            else:
                outcome = self.localised(line.outcome)
                yield InputLine(line.address, outcome, line.named, line.dated, line.unusable)


def files_options(command: F) -> F:
    """``--platform``, ``--mapping``, ``--kcat`` and ``--region``; the command is given ``files``."""

    @platform_option
    @click.option(
        "--mapping",
        type=FILE,
        help=(
            "Read files by this mapping file (TOML, docs/mapping.md): JSONL of your records, or CSV with "
            "your columns. A file with samehand's own columns or records needs none."
        ),
    )
    @click.option(
        "--kcat",
        is_flag=True,
        help="The files are the output of `kcat -J`: of your topics with --mapping, else of samehand's.",
    )
    @region_option
    @functools.wraps(command)
    def with_files(
        *, platform: str, mapping: Path | None, kcat: bool, region: str | None, **rest: Any
    ) -> Any:
        mappings = None if mapping is None else compiled(mapping)
        topics = topics_of_files(click.get_current_context())
        return command(
            files=EventFiles(platform, mappings, kcat, region, mapping=mapping, topics=topics), **rest
        )

    return with_files  # type: ignore[return-value]  # a command with other parameters, as click calls it


def region_option(command: F) -> F:
    """The region of phone numbers without a country code."""
    return click.option(
        "--region",
        metavar="CODE",
        callback=_region,
        help=(
            "Region of phone numbers without a country code, as in PK; by default that of the account's "
            "locale."
        ),
    )(command)


def _region(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    code = None if value is None else value.upper()
    if code is not None and (not _REGION.fullmatch(code) or code not in phonenumbers.SUPPORTED_REGIONS):
        raise click.BadParameter(f"{visible(value or '', 64)}: give two letters of ISO 3166, such as PK")
    return code
