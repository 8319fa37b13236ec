"""An account as it comes in, with raw values, which are held only until they are distilled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

ACCOUNT: Final = "account"
"""The kind of an account that a person uses; accounts run the other kinds."""
KINDS: Final = (ACCOUNT, "channel", "group", "page", "bot")
"""All kinds, in the order of their stored numbers; append, never reorder."""
NOTHING_KEYED: Mapping[str, bytes] = MappingProxyType({})


class AgedValue(NamedTuple):
    """A value that an account has or had, last seen so many days before the account's moment.

    ``days`` is ``None`` where nobody says.
    """

    value: str
    days: int | None = None


NO_OTHERS: Mapping[str, tuple[AgedValue, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Avatar:
    """A profile picture by its PDQ hash.

    ``pdq`` is 32 bytes (256 bits), ``quality`` 0 to 100 as PDQ reports it. ``variants`` are the hashes of its
    mirror image, of crops of it and of pictures that it may be a crop of; empty where only a hash was given.
    """

    pdq: bytes
    quality: int = 100
    variants: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as its platform describes it, after decoding and before distilling.

    Every field but the identity may be missing; a missing value is never evidence. ``already_keyed``
    maps a personal trait (``email``, ``phone``, ``device``, ``ip``, ``payment``) to the digest that the
    platform made of it with a key of its own, for platforms that do not publish raw values. ``others`` maps
    the same traits to values beside the single fields, which hold the latest. ``kind`` is one of
    :data:`KINDS`; ``created_by``, ``admins`` (each with whether the platform saw it act) and ``moved_from``
    are ids of the same platform.
    """

    platform: str
    account_id: str
    handle: str | None = None
    display_name: str | None = None
    bio: str | None = None
    links: tuple[str, ...] = ()
    locale: str | None = None
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    device_id: str | None = field(default=None, repr=False)
    ip: str | None = field(default=None, repr=False)
    user_agent: str | None = field(default=None, repr=False)
    payment_token: str | None = field(default=None, repr=False)
    referrer: str | None = None
    avatar: Avatar | None = None
    kind: str = ACCOUNT
    created_by: str | None = None
    admins: tuple[tuple[str, bool], ...] = ()
    invite_links: tuple[str, ...] = ()
    moved_from: str | None = None
    already_keyed: Mapping[str, bytes] = field(default_factory=lambda: NOTHING_KEYED, repr=False)
    others: Mapping[str, tuple[AgedValue, ...]] = field(default_factory=lambda: NO_OTHERS, repr=False)

    @property
    def key(self) -> str:
        """``platform:account_id``: the same id on two platforms is two accounts."""
        return account_key(self.platform, self.account_id)


def account_key(platform: str, account_id: str) -> str:
    """``platform:account_id``, which identifies the account in topics' keys, alert ids and the store."""
    return f"{platform}:{account_id}"
