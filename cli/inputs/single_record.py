"""One account out of a file: a whole record, the account's object alone, or a record that a mapping reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from cli.inputs.event_files import EventFiles
from cli.inputs.foreign_records import mapped_records
from cli.inputs.input_errors import fault_line, tell_all
from cli.inputs.input_files import ACCOUNTS, BANS
from cli.inputs.input_source import STDIN, read_bytes, shown_path
from report.text import plural, visible
from schemas.accounts import Account, AccountBanned, AccountEvent
from schemas.decoding import faults
from schemas.malformed import Malformed
from schemas.mapping.mapper import Mapped
from schemas.wire import MESSAGE_BYTES_MAX, Decoded, decode_ban, decode_created

_SHOWN_MAX: Final = 5  # names of fields that a person reads in one line


@dataclass(frozen=True, slots=True)
class Profile:
    """An account, and when it was created or banned (Unix seconds) where the file says so."""

    platform: str
    account: Account
    at: float | None = None
    policy: str | None = None


def read_sign_up(path: Path, files: EventFiles) -> Profile:
    """The new account. Raises ``click.ClickException`` in one line for whatever is no account."""
    if files.maps(path, ACCOUNTS):
        return _profile(_mapped(path, files))
    raw = _object(path)
    if "account" not in raw:
        return _plain(path, raw, files)
    return _profile(files.localised(_record(path, decode_created(msgspec.json.encode(raw), now=files.now))))


def read_banned(path: Path, files: EventFiles) -> Profile:
    """The banned account, like :func:`read_sign_up`; one that a mapping reads as a sign-up has no date."""
    if files.maps(path, BANS):
        event = _mapped(path, files)
        return replace(_profile(event), at=_banned_at(event))
    raw = _object(path)
    if "account" not in raw:
        return _plain(path, raw, files)
    event = files.localised(_record(path, decode_ban(msgspec.json.encode(raw), now=files.now)))
    return replace(_profile(event), at=_banned_at(event))


def _profile(event: AccountEvent) -> Profile:
    policy = event.policy if isinstance(event, AccountBanned) else None
    return Profile(event.platform, event.account, event.at, policy)


def _banned_at(event: AccountEvent) -> float | None:
    banned_at = event.banned_at if isinstance(event, AccountBanned) else None
    return None if banned_at is None else banned_at.timestamp()


def _mapped(path: Path, files: EventFiles) -> AccountEvent:
    """The first record of a file that a mapping makes an account's."""
    records = mapped_records(path, files.mappings, kcat=files.kcat, hear=lambda _: None)
    for address, _, result in records:
        if isinstance(result, Malformed):
            raise click.ClickException(fault_line(address, result))
        if isinstance(result, Mapped) and isinstance(result.found.record, AccountEvent):
            return files.localised(result.found.record)
    raise click.ClickException(f"{shown_path(path)}: no record of an account maps")


def _object(path: Path) -> dict[str, Any]:
    raw = read_bytes(path, MESSAGE_BYTES_MAX + 1)
    if len(raw) > MESSAGE_BYTES_MAX:
        raise click.ClickException(f"{shown_path(path)}: is over 1 MiB; give one account as a JSON object")
    if not raw.strip():
        raise click.ClickException(f"{shown_path(path)}: is empty; give one account as a JSON object")
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise click.ClickException(f"{shown_path(path)}: is not one JSON object") from fault


def _plain(path: Path, raw: dict[str, Any], files: EventFiles) -> Profile:
    own = raw.pop("platform", files.platform)
    strange = [name for name in raw if name not in Account.__struct_fields__]
    shown = ", ".join(visible(name, 64) for name in strange[:_SHOWN_MAX])
    more = f" and {len(strange) - _SHOWN_MAX} more" if len(strange) > _SHOWN_MAX else ""
    if len(strange) == len(raw):
        raise click.ClickException(
            f"{shown_path(path)}: has no field of an account, such as handle or display_name"
            f"{f'; it has {shown}{more}' if strange else ''}"
        )
    if strange:
        tell_all([f"{shown_path(path)}: {plural(len(strange), 'field')} not used: {shown}{more}"])
    try:
        # Two accounts to compare need no names; those that they have are kept.
        named = {"account_id": "account" if path == STDIN else path.stem or "account", **raw}
        account = msgspec.convert(named, Account)
    except msgspec.ValidationError as error:
        raise _fault(path, faults.from_validation(error)) from error
    if not isinstance(own, str):
        raise click.ClickException(f"{shown_path(path)}: platform is not a string")
    return Profile(own, files.localised_account(account))


def _record(path: Path, decoded: Decoded[Any] | Malformed) -> Any:
    if isinstance(decoded, Malformed):
        raise _fault(path, decoded)
    return decoded.record


def _fault(path: Path, fault: Malformed) -> click.ClickException:
    return click.ClickException(f"{shown_path(path)}: {fault.reason} at {fault.path}: {fault.detail}")
