"""One account out of a JSON file: a whole record, or the account's object alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from cli.inputs.input_source import STDIN, read_bytes, shown_path
from cli.inputs.oddities import tell_all
from report.text import plural, visible
from schemas import faults
from schemas.accounts import Account
from schemas.malformed import Malformed
from schemas.wire import MESSAGE_BYTES_MAX, Decoded, decode_ban, decode_created

_SHOWN_MAX: Final = 5  # names of fields that a person reads in one line


@dataclass(frozen=True, slots=True)
class Profile:
    """An account, and when it was created or banned (Unix seconds) where the file says so."""

    platform: str
    account: Account
    at: float | None = None
    policy: str | None = None


def read_sign_up(path: Path, *, platform: str, now: float) -> Profile:
    """The new account. Raises ``click.ClickException`` in one line for whatever is no account."""
    raw = _object(path)
    if "account" not in raw:
        return _plain(path, raw, platform)
    event = _record(path, decode_created(msgspec.json.encode(raw), now=now))
    return Profile(event.platform, event.account, event.at)


def read_banned(path: Path, *, platform: str, now: float) -> Profile:
    """The banned account, like :func:`read_sign_up`."""
    raw = _object(path)
    if "account" not in raw:
        return _plain(path, raw, platform)
    event = _record(path, decode_ban(msgspec.json.encode(raw), now=now))
    at = None if event.banned_at is None else event.banned_at.timestamp()
    return Profile(event.platform, event.account, at, event.policy)


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


def _plain(path: Path, raw: dict[str, Any], platform: str) -> Profile:
    own = raw.pop("platform", platform)
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
    return Profile(own, account)


def _record(path: Path, decoded: Decoded[Any] | Malformed) -> Any:
    if isinstance(decoded, Malformed):
        raise _fault(path, decoded)
    return decoded.record


def _fault(path: Path, fault: Malformed) -> click.ClickException:
    return click.ClickException(f"{shown_path(path)}: {fault.reason} at {fault.path}: {fault.detail}")
