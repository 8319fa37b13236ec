"""Distils accounts and bans of the wire to what the store keeps, and names the fields that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from math import floor, inf
from typing import Final

from msgspec import structs

from agents.common.context import AgentContext
from samehand.account import NO_OTHERS, NOTHING_KEYED, Account, AgedValue, Avatar
from samehand.elapsed import DAY_SECONDS
from samehand.fingerprint.distil import Fingerprint, Keyer, distil, joined, unread_fields
from samehand.fingerprint.shown_since import shown_since
from samehand.lineage import Descent, founder
from samehand.normalize.contact.redact import redacted
from samehand.normalize.email import fold_email
from samehand.normalize.network import read_address
from samehand.normalize.phone import fold_phone
from samehand.pictures.hashing import Unseen, seen
from samehand.pictures.stock import NO_STOCK, StockPictures
from samehand.showings import Showings
from samehand.signals import LISTED, POSITION
from samehand.signals.base import Quoted
from schemas.accounts import Account as WireAccount
from schemas.accounts import (
    AccountBanned,
    AccountCreated,
    AccountEvent,
    AccountSession,
    AccountUpdated,
    DatedValue,
)
from schemas.accounts import Avatar as WireAvatar
from schemas.decoding.dates import EARLIEST
from schemas.fields import says_nothing
from schemas.unusable import FieldFault, Unusable
from schemas.wire import Decoded
from store.base import Ban, BanFacts, Remembered
from streams.outcomes import Arrival

Keyers = Sequence[tuple[int, Keyer]]

_FIELDS = {signal.personal: signal.field for signal in LISTED}
"""By personal trait: the field of its latest value."""


def account_of(
    platform: str,
    wire: WireAccount,
    stock: StockPictures = NO_STOCK,
    *,
    at: float | None = None,
    sessions: Sequence[AccountSession] = (),
) -> Account:
    """Converts a wire account to the mind's; a stock picture counts as no picture.

    ``at`` (Unix seconds): the moment before which its values were last seen.
    """
    keyed = {
        name: bytes.fromhex(value)
        for name, field in _FIELDS.items()
        if (value := getattr(wire, f"{name}_hmac")) and not getattr(wire, field)
    }
    shown = None if wire.avatar is None else avatar_of(wire.avatar)
    return Account(
        platform=platform,
        account_id=wire.account_id,
        handle=wire.handle,
        display_name=wire.display_name,
        bio=wire.bio,
        links=wire.links,
        locale=wire.locale,
        email=wire.email,
        phone=wire.phone,
        device_id=wire.device_id,
        ip=wire.ip,
        user_agent=wire.user_agent,
        payment_token=wire.payment_token,
        referrer=wire.referrer,
        avatar=None if shown is None or stock.shows(shown) else shown,
        kind=wire.kind,
        created_by=wire.created_by,
        admins=tuple(
            [(it, False) if isinstance(it, str) else (it.account_id, it.acted) for it in wire.admins]
        ),
        invite_links=wire.invite_links,
        moved_from=wire.moved_from,
        already_keyed=keyed or NOTHING_KEYED,
        others=_others(wire, at, sessions),
    )


def _others(
    wire: WireAccount, at: float | None, sessions: Sequence[AccountSession]
) -> Mapping[str, tuple[AgedValue, ...]]:
    """What an account has beside the single fields, by personal trait: each value once."""
    others = {}
    for name, field in _FIELDS.items():
        items: Sequence[str | DatedValue] = getattr(wire, WireAccount.LISTS[field])
        if items or sessions:
            dated = [_dated(item) for item in items]
            dated += [(getattr(it, field, None), it.seen_at) for it in sessions]
            others[name] = _latest(dated, at)
    return others or NO_OTHERS


def _dated(item: str | DatedValue) -> tuple[str | None, datetime | None]:
    return (item.value, item.last_seen_at) if isinstance(item, DatedValue) else (item, None)


def _latest(dated: Iterable[tuple[str | None, datetime | None]], at: float | None) -> tuple[AgedValue, ...]:
    days: dict[str, float] = {}
    for value, seen_at in dated:
        if value and not says_nothing(value):
            age = inf
            if at is not None and seen_at is not None and seen_at >= EARLIEST:
                age = max((at - seen_at.timestamp()) // DAY_SECONDS, 0.0)
            days[value] = min(age, days.get(value, inf))
    return tuple([AgedValue(value, None if age == inf else int(age)) for value, age in days.items()])


def avatar_of(wire: WireAvatar) -> Avatar | None:
    """The picture's hash, as given or computed here from the image; ``None`` if the image cannot be read."""
    if wire.pdq is not None:
        return Avatar(pdq=bytes.fromhex(wire.pdq), quality=100 if wire.quality is None else wire.quality)
    picture = seen(wire.image or b"")
    if isinstance(picture, Unseen):
        return None
    return Avatar(pdq=picture.pdq, quality=picture.quality, variants=picture.variants)


# Which fields are evidence: those of a profile, and the moments that timing and first showings are read from.
_EVIDENT = frozenset(WireAccount.__struct_fields__) - {"account_id"} | {"banned_at"}

# Fields whose every well-formed value gives a trait, unless the value means nothing.
_UNREADABLE = {"email": POSITION["email"], "phone": POSITION["phone"], "ip": POSITION["network"]}


_READERS: Final[Mapping[str, Callable[[str, str | None], object]]] = {
    "emails": lambda value, locale: fold_email(value),
    "phones": fold_phone,
    "ips": lambda value, locale: read_address(value),
}


# Hashing a picture takes a decoder that is an extra.
_UNDECODED = Unusable("avatar", FieldFault.UNREADABLE)


def unread_of(account: WireAccount, fingerprint: Fingerprint) -> tuple[Unusable, ...]:
    """Well-formed fields that could not be read, or not whole: `nope` as an e-mail, a flood of text."""
    unread = [
        Unusable(field, FieldFault.NOT_READ_WHOLE)
        for field in unread_fields(account_of(fingerprint.platform, structs.replace(account, avatar=None)))
    ]
    unread += [
        Unusable(field, FieldFault.UNREADABLE)
        for field, place in _UNREADABLE.items()
        if (value := getattr(account, field))
        and fingerprint.traits[place] is None
        and not says_nothing(value)
    ]
    unread += [
        Unusable(field, FieldFault.UNREADABLE)
        for field, read in _READERS.items()
        if any(
            value and not says_nothing(value) and not read(value, account.locale)
            for value, _ in map(_dated, getattr(account, field))
        )
    ]
    avatar = account.avatar
    if (
        avatar is not None
        and avatar.image is not None
        and fingerprint.traits[POSITION["avatar"]] is None
        and isinstance(seen(avatar.image), Unseen)  # else it was read: it is too flat, or stock
    ):
        unread.append(_UNDECODED)
    return tuple(unread)


def evident(*fields: Unusable) -> tuple[Unusable, ...]:
    """Those of `fields` that would have been evidence, each once: what an alert names as not read."""
    return tuple(dict.fromkeys(unusable for unusable in fields if unusable.field in _EVIDENT))


# Of a self-description: what people read of one, and less than a line of evidence may hold.
QUOTED_BIO_CHARS: Final = 500
# So much is redacted of a longer one, and so much of its end goes: there a number or an address may be cut.
_REDACTED_CHARS: Final = 2 * QUOTED_BIO_CHARS
_CUT_CHARS: Final = 128


def quoted_of(wire: WireAccount, *, bio: bool = False) -> Quoted:
    """The public words that alerts may quote, without addresses and numbers that people put into them."""
    text = wire.bio if bio and wire.bio else ""
    words = redacted(text[:_REDACTED_CHARS]) if text else ""
    if len(text) > _REDACTED_CHARS:
        words = f"{words[:-_CUT_CHARS][: QUOTED_BIO_CHARS - 1]}…"
    elif len(words) > QUOTED_BIO_CHARS:
        words = f"{words[: QUOTED_BIO_CHARS - 1]}…"
    return Quoted(
        handle=redacted(wire.handle or ""), display_name=redacted(wire.display_name or ""), bio=words
    )


def fingerprints_of(account: Account, keyers: Keyers, *, at: float | None) -> tuple[Fingerprint, ...]:
    """Distils one fingerprint for each pepper in force."""
    return tuple(distil(account, keyer, at=at, pepper_id=pepper_id) for pepper_id, keyer in keyers)


def remembered_of(
    event: AccountEvent, keyers: Keyers, stock: StockPictures = NO_STOCK, *, quote_bio: bool = False
) -> Remembered:
    """Distils a new or changed account, to be remembered and looked up."""
    account = account_of(event.platform, event.account, stock, at=event.at)
    return Remembered(
        account=account.key,
        account_id=account.account_id,
        platform=account.platform,
        seen_at=event.at,
        quoted=quoted_of(event.account, bio=quote_bio),
        fingerprints=fingerprints_of(account, keyers, at=_made(event)),
        shown=_showings_of(event),
        signs_up=isinstance(event, AccountCreated),
    )


def ban_of(
    event: AccountBanned,
    keyers: Keyers,
    stock: StockPictures = NO_STOCK,
    *,
    believed_from: float = -inf,
    quote_bio: bool = False,
) -> Ban:
    """Distils a ban to enrol. A ban that does not say when it took effect gives no evidence of timing.

    Of a ban that took effect at or before ``believed_from`` (Unix seconds) only the day is trusted.
    """
    banned_at = None if event.banned_at is None else event.banned_at.timestamp()
    effective = None if event.banned_at is None else _stated(event.banned_at)
    if effective is not None and effective <= believed_from:
        effective -= effective % DAY_SECONDS
    at = event.at if banned_at is None else min(banned_at, event.at)
    account = account_of(event.platform, event.account, stock, at=at, sessions=event.sessions)
    basis = event.basis
    return Ban(
        account=account.key,
        facts=BanFacts(
            platform=account.platform,
            account_id=account.account_id,
            occurred_at=event.at,
            banned_at=banned_at,
            policy=event.policy,
            basis_authority=basis.authority if basis else None,
            basis_reference=basis.reference if basis else None,
            basis_programmes=basis.programmes if basis else (),
            queue=event.queue,
            expires_at=None if event.expires_at is None else event.expires_at.timestamp(),
            descent=founder(account.key),
            quoted=quoted_of(event.account, bio=quote_bio),
            shown=_showings_of(event),
        ),
        fingerprints=fingerprints_of(account, keyers, at=effective),
    )


_YOUNG_SECONDS: Final = 30 * DAY_SECONDS
"""An older account may have been bought: its age speaks neither for nor against it."""


def _made(event: AccountEvent) -> float | None:
    """When the account was made, if it is young and the event says so.

    A change without `created_at` counts as a beginning. A creation date after the event comes from another
    clock, and is ignored.
    """
    at, created_at = _stated(event.occurred_at), event.account.created_at
    if isinstance(event, AccountCreated):
        return at
    if created_at is None or created_at > event.occurred_at:
        return at if isinstance(event, AccountUpdated) else None
    made = _stated(created_at)
    return made if at - made <= _YOUNG_SECONDS else None


def _stated(moment: datetime) -> float:
    """Unix seconds. A midnight in any time zone stands for a date, and becomes midnight UTC of that date."""
    is_date = moment.time() == time.min
    return (moment.replace(tzinfo=UTC) if is_date else moment).timestamp()


def _showings_of(event: AccountEvent) -> Showings:
    """Bounds, by one event, of when the account first showed its values: after its creation, by the event.

    A banned account shows nothing new, so what it shows it showed by its ban, or by the end of its date. A
    creation date after the event comes from another clock, and is ignored.
    """
    at, created_at = floor(event.at), event.account.created_at
    if isinstance(event, AccountBanned) and event.banned_at is not None:
        at = min(at, floor(_stated(event.banned_at) + DAY_SECONDS * (event.banned_at.time() == time.min)))
    made = None if created_at is None else floor(created_at.timestamp())
    if made is not None and made <= at:
        return Showings(made, at)
    return Showings(at if isinstance(event, AccountCreated) else None, at)


def with_former(account: Remembered, former: Remembered | None) -> Remembered:
    """Returns the account with the devices, addresses and so on of an earlier state as well."""
    if former is None:
        return account
    return replace(account, fingerprints=_joined(account.fingerprints, account.seen_at, former))


def _joined(latest: tuple[Fingerprint, ...], at: float, former: Remembered) -> tuple[Fingerprint, ...]:
    if former.seen_at > at:
        return latest
    # By the calendar, so that the days of many short spans sum to those of the whole.
    days = int(at // DAY_SECONDS - former.seen_at // DAY_SECONDS)
    by_pepper = {fingerprint.pepper_id: fingerprint for fingerprint in former.fingerprints}
    return tuple(
        joined(one, was, days) if (was := by_pepper.get(one.pepper_id)) is not None else one for one in latest
    )


def with_remembered(ban: Ban, remembered: Remembered | None) -> Ban:
    """Returns the ban with what is remembered of the same account: narrower showings, and former values."""
    if remembered is None:
        return ban
    facts, former, now = ban.facts, remembered, ban.facts.shown
    if now.first is not None and former.seen_at > now.first:  # it still changed after its stated ban
        now = Showings(now.begun, floor(facts.occurred_at))
    if former.seen_at > facts.occurred_at:  # a later state: the age holds, the values may differ
        former = replace(former, fingerprints=())
    not_read = {unread.field for unread in (*former.not_read, *facts.not_read)}
    shown = shown_since(former.shown, former.fingerprints, now, ban.fingerprints, not_read)
    fingerprints = _joined(ban.fingerprints, facts.occurred_at, remembered)
    return replace(ban, facts=replace(facts, shown=shown), fingerprints=fingerprints)


def descending(ban: Ban, descent: Descent) -> Ban:
    """Returns the ban as a member of the family that a moderator's verdict put it into."""
    return replace(ban, facts=replace(ban.facts, descent=descent))


def distilled(decoded: Decoded[AccountEvent], topic: str, context: AgentContext) -> Remembered:
    """Distils the event's account, and names the fields of its profile that could not be read."""
    event, policy = decoded.record, context.alert_policy
    account = remembered_of(event, context.keyers, policy.stock, quote_bio=policy.quote_bio)
    unread = _unread(event, account.fingerprints[0], topic, context)
    if _UNDECODED in unread:
        context.metrics.signal_unavailable.labels(_UNDECODED.field).inc()
    return replace(account, not_read=evident(*decoded.unusable, *unread))


def distilled_ban(decoded: Decoded[AccountBanned], arrival: Arrival, context: AgentContext) -> Ban:
    """Distils the ban to enrol, and names the fields of the profile that could not be read."""
    policy = context.alert_policy
    ban = ban_of(
        decoded.record,
        context.keyers,
        policy.stock,
        believed_from=arrival.timestamp - policy.late_ban_seconds,
        quote_bio=policy.quote_bio,
    )
    unread = _unread(decoded.record, ban.fingerprints[0], arrival.topic, context)
    return replace(ban, facts=replace(ban.facts, not_read=evident(*decoded.unusable, *unread)))


def _unread(
    event: AccountEvent, fingerprint: Fingerprint, topic: str, context: AgentContext
) -> tuple[Unusable, ...]:
    unread = unread_of(event.account, fingerprint)
    context.metrics.unusable(topic, [(unusable.field, unusable.reason) for unusable in unread])
    return unread
