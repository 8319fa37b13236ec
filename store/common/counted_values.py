"""Chooses which values of an account are counted, to learn how common they are, and for which cluster.

Somebody who farms accounts may want a value of theirs to look common (so that sharing it says less), or a
common value to look rare. Against the first, a value counts once for each cluster (a network prefix, else a
device, else the account), however many accounts the cluster has. What an organisation gives to many people of
one network (texts, mail domains, links, pictures) counts once for each slot instead, of which n devices of a
network draw about the square root of pi n. Against the second, a cluster adds at most :data:`SEATS` accounts
to the total. docs/adr/0014-counting.md says what is left to an attacker.
"""

from __future__ import annotations

from typing import NamedTuple

from samehand.fingerprint.distil import Fingerprint
from samehand.keys import Key, KeyKind, kind_of, value_of
from samehand.signals import LISTED, POSITION, SIGNALS

# Counted within the account's stratum, its script and language: how common a name is depends on these.
_WITHIN_STRATUM = frozenset((KeyKind.HANDLE_FULL, KeyKind.STEM, KeyKind.WORD))
# Counted once for each device: if a network counted as one bearer, every network would look rare.
_OF_NETWORKS = frozenset((KeyKind.ADDRESS, KeyKind.PREFIX, KeyKind.AGENT))
# Counted once for each slot: if a campus of 500 counted as one, its text would make two of them look alike.
_OF_ORGANISATIONS = frozenset((KeyKind.BIO_BAND, KeyKind.EMAIL_PART, KeyKind.REFERRER, KeyKind.AVATAR))

# Values that many strangers share: names, texts, pictures, networks, browsers, links. Two bearers or three
# hardly change the weight of such a value, and one with a single bearer need not be counted
# (store/common/doorkeeper.py). All other values belong to a person, and two or three bearers change their
# weight a lot: every sighting is counted.
CROWDS = frozenset(
    (
        *(KeyKind.HANDLE_FULL, KeyKind.STEM, KeyKind.WORD, KeyKind.BIO_BAND, KeyKind.AVATAR),
        *(KeyKind.ADDRESS, KeyKind.PREFIX, KeyKind.AGENT, KeyKind.REFERRER),
    )
)

# The most values that one account counts: a bio may hold dozens of contact points.
VALUES_MAX = 32

# The most accounts of one cluster that count towards the total: those of a household, a few of a carrier's.
# It may be small, since a cluster counts each value once; a large one would make values of crowded networks
# look rare.
SEATS = 4


class Counted(NamedTuple):
    """A value to count: its stratum ("" for all accounts), and the cluster that counts it once."""

    kind: KeyKind
    value: bytes
    stratum: str
    cluster: bytes


class Sighting(NamedTuple):
    """What an account counts: its values, and itself, unless an account with the same seat counted before."""

    values: list[Counted]
    seat: bytes


def counted(fingerprint: Fingerprint, account: bytes) -> Sighting:
    """What an account counts. ``account``, its digest, is the cluster where no other is known."""
    keys = [
        key
        for signal, trait in zip(SIGNALS, fingerprint.traits, strict=True)
        if trait is not None
        for key in signal.counts(trait)
    ]
    if len(keys) > VALUES_MAX:  # former values last, lest a long list hide what the account shows
        lists = [(signal, fingerprint.traits[POSITION[signal.name]]) for signal in LISTED]
        former = {
            key for signal, trait in lists if isinstance(trait, tuple) for key in signal.counts(trait[1:])
        }
        keys.sort(key=former.__contains__)
    prefix = _first(keys, KeyKind.PREFIX)
    device = _first(keys, KeyKind.DEVICE)
    by_network = prefix or device or account
    by_device = device or account
    clusters = {
        KeyKind.DEVICE: prefix or account,
        **dict.fromkeys(_OF_NETWORKS, by_device),
        **dict.fromkeys(_OF_ORGANISATIONS, by_network + _slot(by_device)),
    }
    values = [
        Counted(
            kind_of(key),
            value_of(key),
            fingerprint.stratum if kind_of(key) in _WITHIN_STRATUM else "",
            clusters.get(kind_of(key), by_network),
        )
        for key in keys[:VALUES_MAX]
    ]
    seat = account if by_network == account else by_network + bytes((account[0] % SEATS,))
    return Sighting(values, seat)


def _slot(by_device: bytes) -> bytes:
    """The slot that a device draws by its digest: the n-th or a later one with probability 1 / n."""
    return ((2**32 - 1) // (int.from_bytes(by_device[:4], "big") + 1)).to_bytes(4, "big")


def _first(keys: list[Key], kind: KeyKind) -> bytes | None:
    return next((value_of(key) for key in keys if kind_of(key) is kind), None)
