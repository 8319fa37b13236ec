"""Which values of an account are counted, to learn how common they are, and once per what.

A farm of accounts must not make its own traits look common, nor the names of others: a value counts once
a cluster (a network prefix, else a device, else the account), however many accounts the cluster has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from samehand.fingerprint import Fingerprint
from samehand.keys import Key, KeyKind
from samehand.signals.avatar import AvatarTrait
from samehand.signals.handle import HandleTrait
from samehand.signals.name import NameTrait

# Counted among all accounts. A bio's first band stands for the whole of it, as its comparison asks.
_OVERALL = frozenset(
    (
        KeyKind.EMAIL,
        KeyKind.EMAIL_LOCAL,
        KeyKind.PHONE,
        KeyKind.PHONE_BLOCK,
        KeyKind.DEVICE,
        KeyKind.PAYMENT,
        KeyKind.ADDRESS,
        KeyKind.PREFIX,
        KeyKind.CONTACT,
        KeyKind.REFERRER,
        KeyKind.AGENT,
    )
)
# One network must be able to count many accounts on itself: there the device tells them apart.
_OF_NETWORKS = frozenset((KeyKind.ADDRESS, KeyKind.PREFIX, KeyKind.AGENT))

# An account counts at most so many values: a bio may hold dozens of contact points.
VALUES_MAX = 32


class Counted(NamedTuple):
    """A value to count: within which stratum ("" for all accounts), and for which cluster once."""

    kind: KeyKind
    value: bytes
    stratum: str
    cluster: bytes


def counted(fingerprint: Fingerprint, keys: Sequence[Key], account: bytes) -> list[Counted]:
    """The values that an account counts.

    ``keys`` are its blocking keys; ``account`` stands for it where no cluster is known.
    """
    prefix = _first(keys, KeyKind.PREFIX)
    device = _first(keys, KeyKind.DEVICE)
    by_network = prefix or device or account
    by_device = device or account
    values = [
        Counted(key.kind, key.value, "", _cluster(key.kind, by_network, by_device, prefix or account))
        for key in keys
        if key.kind in _OVERALL or (key.kind is KeyKind.BIO_BAND and key.value[:1] == b"\0")
    ]
    values += [Counted(key.kind, key.value, "", by_network) for key in _pictures(fingerprint)]
    values += [Counted(key.kind, key.value, fingerprint.stratum, by_network) for key in _names(fingerprint)]
    return values[:VALUES_MAX]


def _cluster(kind: KeyKind, by_network: bytes, by_device: bytes, not_device: bytes) -> bytes:
    if kind in _OF_NETWORKS:
        return by_device
    return not_device if kind is KeyKind.DEVICE else by_network


def _first(keys: Sequence[Key], kind: KeyKind) -> bytes | None:
    return next((key.value for key in keys if key.kind is kind), None)


def _pictures(fingerprint: Fingerprint) -> Iterator[Key]:
    trait = fingerprint.trait("avatar")
    if isinstance(trait, AvatarTrait):
        yield Key(KeyKind.AVATAR, trait.pdq)


def _names(fingerprint: Fingerprint) -> Iterator[Key]:
    handle, name = fingerprint.trait("handle"), fingerprint.trait("name")
    if isinstance(handle, HandleTrait):
        yield Key(KeyKind.HANDLE_FULL, handle.literal.encode())
        yield Key(KeyKind.STEM, handle.word.base.encode())
    if isinstance(name, NameTrait):
        for word in dict.fromkeys(name.words):
            yield Key(KeyKind.WORD, word.encode())
