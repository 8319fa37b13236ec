"""The door: bytes to a record or to `Malformed`, and records to bytes.

* Nothing that arrives raises: each decoder returns a value for any bytes.
* A field that cannot be used costs itself and not the record (:mod:`schemas.decoding.repair`), unless the
  record is one of this house's own.
* Unknown fields are ignored and counted, at the top and in `account`, so that a producer's typing error
  shows.
* Of duplicate keys the last wins, as in JavaScript's, Python's and Go's own parsers: one that refused them
  would see another record than everybody else's tools.
* `now` (Unix seconds) is the reader's clock: dates up to 5 minutes ahead are clamped to it, later ones
  cannot be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from schemas.accounts import (
    Account,
    AccountBanned,
    AccountCreated,
    AccountDeleted,
    AccountReinstated,
    AccountRemembered,
    AccountScanned,
    AccountUpdated,
    Tombstone,
)
from schemas.actions import AccountActioned
from schemas.alert_state import AlertState
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.appeals import AppealDecided, AppealMade
from schemas.decoding import faults
from schemas.decoding.dates import settle
from schemas.decoding.repair import Repair, plain_values
from schemas.internal.enrolled import BanEnrolled
from schemas.internal.related import RelatedAsked, RelatedQuestion
from schemas.letters import DeadLetter
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.unusable import Unusable
from schemas.verdicts import VerdictGiven
from schemas.waves import WaveAlert

MESSAGE_BYTES_MAX: Final = 1024 * 1024
"""What Kafka brokers take by default; the largest legal record (image, links, bio) is about half of it."""

R = TypeVar("R", bound=Record)
R_co = TypeVar("R_co", bound=Record, covariant=True)


_ACCOUNT_FIELDS: Final = frozenset(Account.__struct_fields__)


class UnknownFields:
    """Counts the fields at the top level and in `account` that `record_type` has not.

    Most messages have none, so a strict shadow of the record (the same names, no field decoded) is tried
    first: it costs a quarter of the decoding. Only where it stumbles are the keys listed.
    """

    def __init__(self, record_type: type[Record]) -> None:
        self._fields = frozenset(record_type.__struct_fields__)
        self._shadow = msgspec.json.Decoder(_shadow(record_type))
        self._keys = msgspec.json.Decoder(dict[str, Raw])

    def count(self, raw: bytes) -> int:
        """Unknown fields in `raw`, which is JSON that the record's own decoder has taken."""
        try:
            self._shadow.decode(raw)
        except msgspec.ValidationError:
            top = self._keys.decode(raw)
            count = len(top.keys() - self._fields)
            if "account" in self._fields:
                count += len(self._keys.decode(top["account"]).keys() - _ACCOUNT_FIELDS)
            return count
        return 0

    def among(self, message: Mapping[str, Any]) -> int:
        """The same of a message in plain values, out of which a record was made."""
        account = message.get("account", {}) if "account" in self._fields else {}
        return len(message.keys() - self._fields) + len(account.keys() - _ACCOUNT_FIELDS)


def _shadow(struct_type: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """`struct_type` with every field as undecoded bytes but `account`, and no other field allowed."""
    shadows: list[tuple[str, Any, Any]] = [
        (name, _shadow(Account), None) if name == "account" else (name, Raw, Raw())
        for name in struct_type.__struct_fields__
    ]
    return msgspec.defstruct(f"{struct_type.__name__}Shadow", shadows, forbid_unknown_fields=True)


class Decoded(Struct, Generic[R_co], frozen=True):
    """A record, and what was remarkable about its bytes."""

    record: R_co
    unknown_fields: int = 0
    """Fields that this version does not know, at the top level and in `account`."""
    clamped: bool = False
    """True if a date lay up to 5 minutes in the future and was set to now."""
    unusable: tuple[Unusable, ...] = ()
    """Fields that were left out of the record or cut, each with its reason."""


class _Version(Struct):
    version: int = 1


class _Kind(Struct):
    kind: str = ""


class Decoder(Generic[R]):
    """Bytes of one topic to its record."""

    def __init__(self, record_type: type[R], versions: tuple[int, ...] = (1,)) -> None:
        self._type = record_type
        self._versions = versions
        self._json = msgspec.json.Decoder(record_type)
        self._repair = Repair(record_type) if record_type.VITAL else None
        self._unknown = UnknownFields(record_type)

    @property
    def record_type(self) -> type[R]:
        """What it makes of bytes."""
        return self._type

    def __call__(self, raw: bytes | None, *, now: float) -> Decoded[R] | Malformed:
        """The record, or why there is none. Never raises."""
        if not raw:
            return Malformed("empty", "$", "no bytes")
        if len(raw) > MESSAGE_BYTES_MAX:
            return Malformed("too-large", "$", "more than 1 MiB")
        try:
            if not raw.isascii():
                raw.decode()  # msgspec checks only the strings that it keeps
            record = self._json.decode(raw)
            unknown_fields = self._unknown.count(raw)
        except msgspec.ValidationError as error:
            fault = _wrong_version(raw, self._versions) or faults.from_validation(error)
        except msgspec.DecodeError:
            fault = faults.from_syntax(raw)
        except UnicodeDecodeError:
            return Malformed("not-utf8", "$", "not UTF-8")
        except RecursionError:
            return Malformed("nested-too-deep", "$", "nested too deep")
        else:
            return finish(record, unknown_fields, now)
        if self._repair is None or fault.reason in ("not-json", "unknown-version"):
            return fault
        try:
            message = plain_values(raw)
        except RecursionError:
            return Malformed("nested-too-deep", "$", "nested too deep")
        except ValueError:
            return faults.from_syntax(raw)
        repaired = self._repair(message)
        if isinstance(repaired, Malformed):
            return repaired
        return finish(repaired[0], self._unknown.among(message), now, repaired[1])

    def of_values(self, message: Any, *, now: float, unknown_fields: int = 0) -> Decoded[R] | Malformed:
        """The record of plain values, such as JSON holds; a date may be one already. Never raises on these.

        No text in them may hold half of a UTF-16 pair, which no UTF-8 does.

        `unknown_fields`: how many others there were, where the values were picked from something else.
        """
        try:
            record = msgspec.convert(message, self._type)
        except msgspec.ValidationError as error:
            repaired = faults.from_validation(error) if self._repair is None else self._repair(message)
            if isinstance(repaired, Malformed):
                return repaired
            return finish(repaired[0], unknown_fields, now, repaired[1])
        return finish(record, unknown_fields, now)


def finish(
    record: R, unknown_fields: int, now: float, unusable: tuple[Unusable, ...] = ()
) -> Decoded[R] | Malformed:
    """What no type can say: dates against the clock, and fields against each other."""
    settled = settle(record, now)
    if isinstance(settled, Malformed):
        return settled
    if (fault := settled.record.fault()) is not None:
        return Malformed("contradiction", *fault)
    return Decoded(settled.record, unknown_fields, settled.clamped, (*unusable, *settled.unusable))


def _wrong_version(raw: bytes, versions: tuple[int, ...]) -> Malformed | None:
    """A newer version fails in any field; that it is newer is the reason to give."""
    try:
        known = msgspec.json.decode(raw, type=_Version).version in versions
    except (msgspec.MsgspecError, RecursionError):
        known = True  # no readable version: the first fault stands
    knows = f"this reader knows version {' and '.join(map(str, versions))}"
    return None if known else Malformed("unknown-version", "$.version", knows)


decode_created: Final = Decoder(AccountCreated)
decode_updated: Final = Decoder(AccountUpdated)
decode_ban: Final = Decoder(AccountBanned)
decode_remembered: Final = Decoder(AccountRemembered)
decode_scanned: Final = Decoder(AccountScanned)
decode_deleted: Final = Decoder(AccountDeleted)
decode_reinstated: Final = Decoder(AccountReinstated)
decode_actioned: Final = Decoder(AccountActioned)
decode_verdict: Final = Decoder(VerdictGiven)
decode_letter: Final = Decoder(DeadLetter)
decode_enrolled: Final = Decoder(BanEnrolled)
decode_alert_state: Final = Decoder(AlertState)
decode_wave: Final = Decoder(WaveAlert)
decode_appeal: Final = Decoder(AppealMade)
decode_appeal_decided: Final = Decoder(AppealDecided)
decode_related: Final = Decoder(RelatedQuestion)
decode_related_asked: Final = Decoder(RelatedAsked)

_alert: Final = Decoder(MirrorAlert)
_summary: Final = Decoder(AlertSummary)


def decode_banned(raw: bytes | None, *, now: float) -> Decoded[AccountBanned] | Tombstone | Malformed:
    """A ban; or, where there is no value, the tombstone that the compacted topic keeps for a lifted one."""
    return Tombstone() if raw is None else decode_ban(raw, now=now)


def decode_alert(
    raw: bytes | None, *, now: float
) -> Decoded[MirrorAlert] | Decoded[AlertSummary] | Malformed:
    """An alert, or the summary of those that were kept back, as its `kind` says."""
    alert = _alert(raw, now=now)
    if raw is None or not isinstance(alert, Malformed):
        return alert
    try:
        kind = msgspec.json.decode(raw, type=_Kind).kind
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return alert
    return _summary(raw, now=now) if kind == "summary" else alert


_encoder: Final = msgspec.json.Encoder(order="deterministic")


def encode(record: Record) -> bytes:
    """Canonical JSON: fields in the record's order, no spaces, UTF-8; equal records give equal bytes."""
    return _encoder.encode(record)
