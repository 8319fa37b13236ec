"""What happens to accounts, as the platform tells it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import force_setattr, replace

from schemas import fields
from schemas.keys import OfKind, account_key, id_with_kind, kind_of_id
from schemas.record import Record

PROGRAMME_CHARS_MAX: Final = 128
"""The longest names of regimes, those of the UK's regulations, have about 90."""
PROGRAMMES_MAX: Final = 64
"""Of one ban: entities that OpenSanctions merges from all lists stand under some 40."""
UNREADABLE: Final = "unreadable"
"""Stands for an authority or a programme that cannot be read: without it the ban could have a right that a
row of the rights denies it (`schemas.basis_rights`)."""

Version = Annotated[Literal[1], Meta(description="Version of the record; this reader knows 1.")]


class Avatar(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The profile picture: its PDQ hash with quality, or the picture itself; of both the hash counts."""

    pdq: fields.Pdq | None = None
    quality: fields.PdqQuality | None = None
    image: fields.Image | None = None

    def __post_init__(self) -> None:
        """Refuse a hash without its quality: nothing would say whether it is evidence."""
        if self.pdq is not None and self.quality is None:
            raise ValueError("avatar has pdq without quality")
        if self.pdq is None and self.image is None:
            raise ValueError("avatar has neither pdq nor image")


class Admin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account that may act for a channel, a group, a page or a bot."""

    account_id: fields.AccountId
    acted: Annotated[
        bool, Meta(description="The platform saw it act as one; who was only made an admin did nothing.")
    ] = False


class Basis(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """On whose word an account was banned."""

    authority: Annotated[
        str,
        # names of authorities are labels in the desk's filters: short and without spaces
        Meta(
            pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$(?!\n)",
            description="`platform` for its own rules, else who asked or listed: UN, US, UK, PK, ….",
        ),
    ]
    reference: (
        Annotated[
            str,
            Meta(
                max_length=256,
                description="The authority's own number of the case or listing.",
                extra=fields.CUT,
            ),
        ]
        | None
    ) = None
    programmes: Annotated[
        tuple[Annotated[str, Meta(max_length=PROGRAMME_CHARS_MAX, extra=fields.CUT)], ...],
        Meta(
            max_length=PROGRAMMES_MAX,
            description="The authority's regimes that it rests on, by which the operator decides its rights.",
        ),
    ] = ()

    @staticmethod
    def mended(basis: Basis | None, lost: Collection[str]) -> Basis:
        """Returns a basis that says which of its parts were lost; None: nothing of it can be used."""
        if basis is None:
            return Basis(authority=UNREADABLE)
        if "programmes" not in lost:
            return basis
        return replace(basis, programmes=(*basis.programmes[: PROGRAMMES_MAX - 1], UNREADABLE))


class DatedValue(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of several values that an account has or had. Its `repr` does not tell it."""

    value: fields.Value
    last_seen_at: fields.Moment | None = None

    def __repr__(self) -> str:
        return "DatedValue()"


class AccountSession(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device and an address from which an account was used. Its `repr` tells neither."""

    device_id: fields.DeviceId | None = None
    ip: fields.IpAddress | None = None
    seen_at: fields.Moment | None = None

    def __repr__(self) -> str:
        return "AccountSession()"


Values = Annotated[
    tuple[fields.Value | DatedValue, ...],
    Meta(
        max_length=fields.VALUES_MAX,
        description="All that the account has beside the single field, which is the latest: values, each"
        " perhaps with `last_seen_at`. Of more the latest count.",
    ),
]


class Account(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A profile and what its sign-up left behind. Only `account_id` is required; an empty text says nothing.

    Personal values come raw (`email`) or already keyed by the platform (`email_hmac`); where both are
    given, the raw one counts. Its `repr` names the fields that are given and none of their values, so that
    no log or traceback can leak them.
    """

    VITAL: ClassVar[frozenset[str]] = frozenset({"account_id"})
    LISTS: ClassVar[Mapping[str, str]] = {
        "device_id": "device_ids",
        "ip": "ips",
        "phone": "phones",
        "email": "emails",
        "payment_token": "payment_tokens",
    }
    """By single field: where a list is read to that stands in it."""

    account_id: fields.AccountId
    kind: fields.AccountKind = "account"
    handle: fields.Handle | None = None
    display_name: fields.DisplayName | None = None
    bio: fields.Bio | None = None
    links: fields.Links = ()
    locale: fields.Locale | None = None
    email: fields.Email | None = None
    phone: fields.Phone | None = None
    device_id: fields.DeviceId | None = None
    ip: fields.IpAddress | None = None
    user_agent: fields.UserAgent | None = None
    payment_token: fields.PaymentToken | None = None
    referrer: fields.Referrer | None = None
    avatar: Avatar | None = None
    email_hmac: fields.Hmac | None = None
    phone_hmac: fields.Hmac | None = None
    device_hmac: fields.Hmac | None = None
    ip_hmac: fields.Hmac | None = None
    payment_hmac: fields.Hmac | None = None
    device_ids: Values = ()
    ips: Values = ()
    phones: Values = ()
    emails: Values = ()
    payment_tokens: Values = ()
    created_at: (
        Annotated[
            fields.Moment,
            Meta(
                description="When the platform made the account: it can have shown nothing before. "
                "Of changes and lists of young accounts it is compared with the ban's moment."
            ),
        ]
        | None
    ) = None

    created_by: (
        Annotated[fields.AccountId, Meta(description="The account that made it, as the platform knows.")]
        | None
    ) = None
    admins: Annotated[
        tuple[fields.AccountId | Admin, ...],
        Meta(
            max_length=fields.ADMINS_MAX,
            description="Accounts of the same platform that run it; a plain id is one that nobody saw act."
            " Of more those who acted count first.",
        ),
    ] = ()
    invite_links: Annotated[
        tuple[fields.Link, ...],
        Meta(
            max_length=fields.INVITES_MAX,
            description="The invitations to it as the platform made them, and where each leads.",
        ),
    ] = ()
    moved_from: (
        Annotated[fields.AccountId, Meta(description="Its id before the platform moved it to this one.")]
        | None
    ) = None

    def __post_init__(self) -> None:
        force_setattr(self, "account_id", id_with_kind(self.kind, self.account_id))
        if self.moved_from and kind_of_id(self.moved_from) == "account":
            force_setattr(self, "moved_from", id_with_kind(self.kind, self.moved_from))

    def __repr__(self) -> str:
        return f"Account(account_id={self.account_id!r}, given={self.given!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("account_id", self.account_id), ("given", self.given)]

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the fields that say something, id and kind aside."""
        return tuple(name for name in self.__struct_fields__[2:] if getattr(self, name))


class AccountEvent(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What every event with a whole profile says."""

    MOMENTS: ClassVar[tuple[str, ...]] = ("occurred_at",)
    VITAL: ClassVar[frozenset[str]] = frozenset({"version", "occurred_at", "platform", "account"})

    event_id: fields.EventId
    version: Version
    occurred_at: fields.Moment
    platform: fields.Platform
    account: Account

    @classmethod
    def stand_in(cls, field: str, known: Mapping[str, Any]) -> str:
        """Returns an `event_id` made of the moment, which distinguishes the events of one account."""
        return unnamed(known["occurred_at"])

    @property
    def key(self) -> str:
        return account_key(self.platform, self.account.account_id)

    @property
    def at(self) -> float:
        """When it occurred, in Unix seconds."""
        return self.occurred_at.timestamp()


class AccountCreated(AccountEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An account was created; `account` is its profile at that time."""


class AccountUpdated(AccountEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A profile was changed; `account` is the whole profile after the change."""


class AccountRemembered(AccountEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An account that existed before any event about it: it is remembered, and never alerted on.

    `account` is its profile at `occurred_at`, which says nothing of when the account was made.
    """


class AccountScanned(AccountEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An account of a list (`samehand scan`): looked up among the banned, neither remembered nor counted.

    `account` is its profile at `occurred_at`, which says nothing of when the account was made.
    """


class AccountBanned(AccountEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An account was banned; `account` is its profile at that time.

    Bans and reinstatements of one account are ordered by `occurred_at`; the later wins. Without `banned_at`
    (old lists, names alone) the time since the ban is no evidence.
    """

    MOMENTS: ClassVar[tuple[str, ...]] = ("occurred_at", "banned_at")
    FORESEEN: ClassVar[tuple[str, ...]] = ("expires_at",)
    # Without its end a ban would never end.
    VITAL: ClassVar[frozenset[str]] = AccountEvent.VITAL | {"expires_at"}

    banned_at: Annotated[fields.Moment, Meta(description="When the ban took effect.")] | None = None
    policy: (
        Annotated[fields.Slug, Meta(description="The rule that was broken: violent-extremism, spam, ….")]
        | None
    ) = None
    basis: Basis | None = None
    queue: (
        Annotated[fields.Slug, Meta(description="The reviewers' queue for alerts on its mirrors.")] | None
    ) = None
    expires_at: Annotated[fields.Moment, Meta(description="When the ban ends by itself.")] | None = None
    because_of: (
        Annotated[
            fields.Opaque,
            Meta(
                description="The `alert_id` of the alert about this account that led to the ban: the account"
                " joins the family of that alert's banned account, unless a reviewer decided otherwise."
            ),
        ]
        | None
    ) = None
    sessions: Annotated[
        tuple[AccountSession, ...],
        Meta(
            max_length=fields.SESSIONS_MAX,
            description="Devices and addresses from which the account was used, as far back as is known.",
        ),
    ] = ()


class AccountDeleted(OfKind, Record, frozen=True, kw_only=True, omit_defaults=True):
    """An account was deleted: what is remembered of it is to be forgotten."""

    MOMENTS: ClassVar[tuple[str, ...]] = ("occurred_at",)
    VITAL: ClassVar[frozenset[str]] = frozenset({"version", "occurred_at", "platform", "account_id"})

    event_id: fields.EventId
    version: Version
    occurred_at: fields.Moment
    platform: fields.Platform
    account_id: fields.AccountId
    kind: fields.AccountKind = "account"

    @classmethod
    def stand_in(cls, field: str, known: Mapping[str, Any]) -> str:
        return unnamed(known["occurred_at"])

    @property
    def at(self) -> float:
        """When it occurred, in Unix seconds."""
        return self.occurred_at.timestamp()


class AccountReinstated(OfKind, Record, frozen=True, kw_only=True):
    """A ban was lifted: the fingerprint of the account is to be forgotten."""

    MOMENTS: ClassVar[tuple[str, ...]] = ("reinstated_at", "occurred_at")
    # Either moment may order it against bans.
    VITAL: ClassVar[frozenset[str]] = frozenset(
        {"version", "platform", "account_id", "reinstated_at", "occurred_at"}
    )

    platform: fields.Platform
    account_id: fields.AccountId
    reinstated_at: fields.Moment
    reason: (
        Annotated[
            str,
            # a sentence; longer case notes belong to the platform's own system
            Meta(
                max_length=1_024,
                description="Why, for the record; never put into logs or alerts.",
                extra=fields.CUT,
            ),
        ]
        | None
    ) = None
    event_id: fields.EventId | None = None
    version: Version = 1
    occurred_at: (
        Annotated[fields.Moment, Meta(description="When the event occurred, if not at `reinstated_at`.")]
        | None
    ) = None
    kind: fields.AccountKind = "account"

    @property
    def at(self) -> float:
        """The time that orders it against bans, in Unix seconds."""
        return (self.occurred_at or self.reinstated_at).timestamp()


def unnamed(occurred_at: datetime) -> str:
    return f"unnamed-{occurred_at.isoformat()}"


class Tombstone(Struct, frozen=True):
    """A message without a value on the compacted topic of bans: forget the account that its key names."""
