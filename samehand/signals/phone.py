"""The phone number, kept as keyed digests of the number and of its block of a hundred."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from samehand.account import Account
from samehand.keys import Key, KeyKind, key_of
from samehand.normalize.phone import fold_phone
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.signals.digest import DIGEST_BYTES, MASK
from samehand.signals.listed import ListedSignal

_DIFFERENT: Final = Comparison("different")


@dataclass(frozen=True, slots=True)
class PhoneTrait:
    """Digests of the number and of the number without its last two digits; the country's dialling code."""

    number: bytes
    block: bytes
    country_code: int


class PhoneSignal(SignalBase[PhoneTrait]):
    """Both accounts gave the same phone number, or numbers bought side by side."""

    name = "phone"
    personal = "phone"
    field = "phone"
    code = 4
    sentences: Mapping[str, str] = {
        "same-number": "Both accounts use the same phone number.",
        "same-block": "The phone numbers are of one block of a hundred.",
        "different": "The accounts use different phone numbers.",
    }

    def distil(self, account: Account, keyer: Keyer) -> PhoneTrait | None:
        """Digests of the E.164 number, or of the platform's digest where it keys numbers itself."""
        given = account.already_keyed.get("phone")
        if given is not None:
            digest = keyer("phone", b"keyed:" + given)
            return PhoneTrait(digest, digest, 0)
        folded = fold_phone(account.phone, account.locale) if account.phone else None
        if folded is None:
            return None
        return PhoneTrait(
            keyer("phone", folded.e164.encode()),
            keyer("phone-block", folded.block.encode()),
            folded.country_code,
        )

    def pack(self, trait: PhoneTrait) -> bytes:
        """Two digests and the dialling code."""
        return trait.number + trait.block + trait.country_code.to_bytes(2, "big")

    def unpack(self, payload: bytes) -> PhoneTrait:
        end = 2 * DIGEST_BYTES
        if len(payload) != end + 2:
            raise ValueError(f"a phone section has {len(payload)} bytes, not {end + 2}")
        return PhoneTrait(
            payload[:DIGEST_BYTES], payload[DIGEST_BYTES:end], int.from_bytes(payload[end:], "big")
        )

    def keys(self, trait: PhoneTrait) -> Iterable[Key]:
        """The number and its block."""
        return (key_of(KeyKind.PHONE, trait.number), key_of(KeyKind.PHONE_BLOCK, trait.block))

    def counts(self, trait: PhoneTrait) -> Iterable[Key]:
        return self.keys(trait)

    def compare(self, ours: PhoneTrait, theirs: PhoneTrait, context: ComparisonContext) -> Comparison | None:
        """The same number, one of the same block, or another."""
        if ours.block != theirs.block:
            return _DIFFERENT
        block, numbers = (KeyKind.PHONE_BLOCK, ours.block), (ours.number, theirs.number)
        shipped = context.u(self.name, "same-block")
        rate, crowd = context.shared_wider(block, KeyKind.PHONE, numbers, shipped)
        if ours.number != theirs.number:
            return Comparison("same-block", rate, crowd, shipped)
        beside = Comparison("same-block", rate, crowd, shipped)
        unshared = context.u(self.name, "same-number")
        rate, crowd = context.shared(KeyKind.PHONE, ours.number, unshared, owned=True)
        return Comparison("same-number", rate, crowd, unshared, (beside,))

    def most(self, trait: PhoneTrait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The weight of sharing this number, and of sharing its block."""
        number = context.shared(KeyKind.PHONE, trait.number, context.u(self.name, "same-number"), owned=True)[
            0
        ]
        block = context.shared(KeyKind.PHONE_BLOCK, trait.block, context.u(self.name, "same-block"))[0]
        return Most(
            {
                KeyKind.PHONE: table.nats("same-number", number),
                KeyKind.PHONE_BLOCK: table.nats("same-block", block),
            }
        )

    def show(self, trait: PhoneTrait, quoted: Quoted) -> str:
        """The dialling code and a mask."""
        return f"+{trait.country_code} {MASK}" if trait.country_code else MASK

    @property
    def examples(self) -> tuple[Example, ...]:
        """Each level, and a text that is no phone number."""
        account = _rings_at("+92 301 2345678")
        return (
            Example(account, _rings_at("0301 2345678", "ur-PK"), "same-number"),
            Example(account, _rings_at("+923012345699"), "same-block"),
            Example(account, _rings_at("+447911123456"), "different"),
            Example(_rings_at("+00000000"), _rings_at("+00000000"), None),
        )


def _rings_at(phone: str, locale: str | None = None) -> Account:
    return Account(platform="whatsapp", account_id="1", phone=phone, locale=locale)


PHONE: Final = ListedSignal(PhoneSignal(), half_days=1_400)  # assumed: half keep a number for four years
