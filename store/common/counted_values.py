"""Which values of an account are counted, to learn how common they are, and once per what.

Whoever farms accounts may want a value of theirs to look common (its agreement then says less), or a common
one to look rare. Against the first, a value counts once a cluster (a network prefix, else a device, else the
account), however many accounts the cluster has; against the second, a cluster adds at most :data:`SEATS`
accounts to all that are counted. docs/adr/0014-counting.md says what is left to an attacker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from samehand.fingerprint.distil import Fingerprint
from samehand.keys import Key, KeyKind, kind_of, value_of
from samehand.signals import POSITION, SIGNALS

# Counted within the script and language of the account: a name is as common as it is there.
_WITHIN_STRATUM = frozenset((KeyKind.HANDLE_FULL, KeyKind.STEM, KeyKind.WORD))
# One network must be able to count many accounts on itself: there the device tells them apart.
_OF_NETWORKS = frozenset((KeyKind.ADDRESS, KeyKind.PREFIX, KeyKind.AGENT))

# What crowds bear: names, texts, pictures, networks, browsers, links. Whether two bear a value or three
# hardly moves its price, and one that nobody else will ever show need not be counted
# (store/common/doorkeeper.py). The others are somebody's, and two or three bearers are what their price turns
# on: each is counted.
CROWDS = frozenset(
    (
        *(KeyKind.HANDLE_FULL, KeyKind.STEM, KeyKind.WORD, KeyKind.BIO_BAND, KeyKind.AVATAR),
        *(KeyKind.ADDRESS, KeyKind.PREFIX, KeyKind.AGENT, KeyKind.REFERRER),
    )
)

# An account counts at most so many values: a bio may hold dozens of contact points.
VALUES_MAX = 32

_TELLS_CLUSTER = ((POSITION["network"], KeyKind.PREFIX), (POSITION["device"], KeyKind.DEVICE))

# So many accounts of one cluster count among all: a household's, a few of a carrier's. It may be small, since
# each value of a cluster counts once, and a large number would make values of crowded networks look rare.
SEATS = 4


class Counted(NamedTuple):
    """A value to count: within which stratum ("" for all accounts), and for which cluster once."""

    kind: KeyKind
    value: bytes
    stratum: str
    cluster: bytes


def cluster_of(fingerprint: Fingerprint) -> bytes | None:
    """What tells an account's cluster: its network prefix, else its device; ``None`` with neither."""
    for place, kind in _TELLS_CLUSTER:
        trait = fingerprint.traits[place]
        if trait is not None:
            return _first(list(SIGNALS[place].counts(trait)), kind)
    return None


class Sighting(NamedTuple):
    """What an account counts: values, and itself unless its seat was taken before."""

    values: list[Counted]
    seat: bytes


def counted(fingerprint: Fingerprint, account: bytes) -> Sighting:
    """What an account counts. ``account``, a digest, stands for it where no cluster is known."""
    keys = list(_values(fingerprint))
    prefix = _first(keys, KeyKind.PREFIX)
    device = _first(keys, KeyKind.DEVICE)
    by_network = prefix or device or account
    by_device = device or account
    values = [
        Counted(
            kind_of(key),
            value_of(key),
            fingerprint.stratum if kind_of(key) in _WITHIN_STRATUM else "",
            _cluster(kind_of(key), by_network, by_device, prefix or account),
        )
        for key in keys[:VALUES_MAX]
    ]
    seat = account if by_network == account else by_network + bytes((account[0] % SEATS,))
    return Sighting(values, seat)


def _values(fingerprint: Fingerprint) -> Iterator[Key]:
    for signal, trait in zip(SIGNALS, fingerprint.traits, strict=True):
        if trait is not None:
            yield from signal.counts(trait)


def _cluster(kind: KeyKind, by_network: bytes, by_device: bytes, not_device: bytes) -> bytes:
    if kind in _OF_NETWORKS:
        return by_device
    return not_device if kind is KeyKind.DEVICE else by_network


def _first(keys: list[Key], kind: KeyKind) -> bytes | None:
    return next((value_of(key) for key in keys if kind_of(key) is kind), None)
