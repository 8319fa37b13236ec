"""The one place that says how an account is named across platforms."""

from __future__ import annotations

import re
from typing import Final, cast, get_args

from msgspec import Struct
from msgspec.structs import force_setattr

from schemas.fields import ACCOUNT_ID_CHARS_MAX, AccountKind
from schemas.malformed import Malformed

_ACCOUNT_KEY: Final = re.compile(rf"([a-z0-9_.-]{{1,32}}):([^\x00-\x1f\x7f]{{1,{ACCOUNT_ID_CHARS_MAX}}})")

KINDS: Final = get_args(get_args(AccountKind)[0])


def account_key(platform: str, account_id: str) -> str:
    """The message key of an account. No platform has a colon in it, so it reads back in one way."""
    return f"{platform}:{account_id}"


def kind_of_id(account_id: str) -> AccountKind:
    """The kind of an account: its id begins with it, unless it is `account`."""
    lead, colon, _ = account_id.partition(":")
    return cast(AccountKind, lead) if colon and lead in KINDS else "account"


def id_with_kind(kind: AccountKind, account_id: str) -> str:
    """Puts the kind before an id that lacks it: a channel and an account may have one number."""
    lead = f"{kind}:"
    whole = kind == "account" or account_id.startswith(lead)
    return account_id if whole or len(lead + account_id) > ACCOUNT_ID_CHARS_MAX else lead + account_id


class OfAccount:
    """Mixed into what names an account: the same id on two platforms is two accounts."""

    __slots__ = ()
    platform: str
    account_id: str

    @property
    def key(self) -> str:
        return account_key(self.platform, self.account_id)


class OfKind(OfAccount):
    """Mixed into what names an account by a number and its kind."""

    __slots__ = ()
    kind: AccountKind

    def __post_init__(self) -> None:
        force_setattr(cast(Struct, self), "account_id", id_with_kind(self.kind, self.account_id))


class AccountRef(OfAccount, Struct, frozen=True):
    platform: str
    account_id: str


def read_account_key(key: bytes | None) -> AccountRef | Malformed:
    """Whose message this is, by its key: all that a tombstone says of its account."""
    if not key:
        return Malformed("empty", "key", "the message has no key")
    try:
        match = _ACCOUNT_KEY.fullmatch(key.decode())
    except UnicodeDecodeError:
        return Malformed("not-utf8", "key", "the key is not UTF-8")
    if match is None:
        return Malformed("bad-format", "key", "expected platform:account_id")
    return AccountRef(platform=match[1], account_id=match[2])
