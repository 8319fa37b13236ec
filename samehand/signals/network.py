"""The address and network from which the account was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from samehand.account import Account
from samehand.keys import Key, KeyKind, key_of
from samehand.normalize.network import read_address
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.signals.digest import DIGEST_BYTES, MASK
from samehand.signals.listed import ListedSignal

_DIFFERENT: Final = Comparison("different")


@dataclass(frozen=True, slots=True)
class NetworkTrait:
    """Digests of the address, of its /24 (or IPv6 /64) and of its IPv6 /48 (empty for IPv4)."""

    address: bytes
    prefix: bytes
    site: bytes


class NetworkSignal(SignalBase[NetworkTrait]):
    """Both accounts came from the same address or network, which many people may share."""

    name = "network"
    personal = "ip"
    field = "ip"
    code = 7
    sentences: Mapping[str, str] = {
        "same-address": "Both accounts came from the same internet address.",
        "same-prefix": "Both accounts came from the same small network.",
        "same-site": "Both accounts came from the same customer's network.",
        "different": "The accounts came from different networks.",
    }

    def distil(self, account: Account, keyer: Keyer) -> NetworkTrait | None:
        """Digests of a public address; ``None`` for one of a private, reserved or carrier-internal range."""
        given = account.already_keyed.get("ip")
        if given is not None:
            digest = keyer("ip", b"keyed:" + given)
            return NetworkTrait(digest, digest, b"")
        place = read_address(account.ip) if account.ip else None
        if place is None:
            return None
        return NetworkTrait(
            keyer("ip", place.address.encode()),
            keyer("ip-prefix", place.prefix.encode()),
            keyer("ip-site", place.site.encode()) if place.site else b"",
        )

    def pack(self, trait: NetworkTrait) -> bytes:
        """The two digests, or three for IPv6."""
        return trait.address + trait.prefix + trait.site

    def unpack(self, payload: bytes) -> NetworkTrait:
        if len(payload) not in (2 * DIGEST_BYTES, 3 * DIGEST_BYTES):
            raise ValueError(
                f"a network section has {len(payload)} bytes, not {2 * DIGEST_BYTES} or {3 * DIGEST_BYTES}"
            )
        return NetworkTrait(
            payload[:DIGEST_BYTES], payload[DIGEST_BYTES : 2 * DIGEST_BYTES], payload[2 * DIGEST_BYTES :]
        )

    def keys(self, trait: NetworkTrait) -> Iterable[Key]:
        """The address and its prefix; the wide /48 is no key and only adds evidence."""
        return (key_of(KeyKind.ADDRESS, trait.address), key_of(KeyKind.PREFIX, trait.prefix))

    def counts(self, trait: NetworkTrait) -> Iterable[Key]:
        return self.keys(trait)

    def unlisted(self, trait: NetworkTrait) -> Iterable[bytes]:
        """The wide /48."""
        return (trait.site,) if trait.site else ()

    def compare(
        self, ours: NetworkTrait, theirs: NetworkTrait, context: ComparisonContext
    ) -> Comparison | None:
        """The level of the narrowest network that both share, or `different`."""
        if ours.address == theirs.address:
            same = context.u(self.name, "same-address")
            rate, crowd = context.shared(KeyKind.ADDRESS, ours.address, same)
            return Comparison("same-address", rate, crowd, same)
        addresses = (ours.address, theirs.address)
        if ours.prefix == theirs.prefix:
            prefix, same = (KeyKind.PREFIX, ours.prefix), context.u(self.name, "same-prefix")
            rate, crowd = context.shared_wider(prefix, KeyKind.ADDRESS, addresses, same)
            return Comparison("same-prefix", rate, crowd, same)
        if ours.site and ours.site == theirs.site:
            same = context.u(self.name, "same-site")
            rate, crowd = max(
                context.shared_wider((KeyKind.PREFIX, each), KeyKind.ADDRESS, addresses, same)
                for each in (ours.prefix, theirs.prefix)
            )
            return Comparison("same-site", rate, crowd, same)
        return _DIFFERENT

    def most(self, trait: NetworkTrait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The weight of sharing this address, and of sharing this prefix."""
        address = context.shared(KeyKind.ADDRESS, trait.address, context.u(self.name, "same-address"))[0]
        prefix = context.shared(KeyKind.PREFIX, trait.prefix, context.u(self.name, "same-prefix"))[0]
        return Most(
            {
                KeyKind.ADDRESS: table.nats("same-address", address),
                KeyKind.PREFIX: table.nats("same-prefix", prefix),
            }
        )

    def show(self, trait: NetworkTrait, quoted: Quoted) -> str:
        return MASK

    @property
    def examples(self) -> tuple[Example, ...]:
        """Each level, and ranges that belong to nobody."""
        return (
            Example(_comes_from("39.40.12.7"), _comes_from("39.40.12.7"), "same-address"),
            Example(_comes_from("39.40.12.7"), _comes_from("::ffff:39.40.12.7"), "same-address"),
            Example(_comes_from("39.40.12.7"), _comes_from("39.40.12.200"), "same-prefix"),
            Example(_comes_from("39.40.12.7"), _comes_from("81.2.69.142"), "different"),
            Example(_comes_from("2400:adc5:1:2::7"), _comes_from("2400:adc5:1:2:aa::1"), "same-prefix"),
            Example(_comes_from("2400:adc5:1:2::7"), _comes_from("2400:adc5:1:9::1"), "same-site"),
            Example(_comes_from("192.168.1.4"), _comes_from("192.168.1.4"), None),
            Example(_comes_from("100.64.3.9"), _comes_from("100.64.3.9"), None),
        )


def _comes_from(ip: str) -> Account:
    return Account(platform="x", account_id="1", ip=ip)


# Assumed: half of all lines get another address within ten days; after thirty too few have it to keep it.
NETWORK: Final = ListedSignal(NetworkSignal(), half_days=10, most=4, days_max=30)
