"""What an account counts, for which cluster, and what a farm of accounts cannot do to the counts."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from samehand.account import Avatar
from samehand.fingerprint.distil import distil
from samehand.frequency.rates import shared_rate
from samehand.keys import KeyKind
from store.common.counted_values import SEATS, VALUES_MAX, Counted, counted
from store.limits import HALF_LIFE_SECONDS
from store.memory.counts import Counts, CountsSnapshot
from tests.store.makers import PEPPERS, an_account, fingerprints

ITSELF = b"the account"


def values_of(**traits: str) -> dict[KeyKind, Counted]:
    """What an account counts, by kind."""
    (one,) = fingerprints(an_account(**traits))
    return {value.kind: value for value in counted(one, ITSELF).values}


def test_names_are_counted_within_their_stratum_and_personal_values_among_all() -> None:
    found = values_of(handle="umar_media", display_name="Umar", email="umar@example.org")
    assert {found[kind].stratum for kind in (KeyKind.HANDLE_FULL, KeyKind.STEM, KeyKind.WORD)} == {"latin"}
    assert found[KeyKind.EMAIL].stratum == ""


def test_a_network_counts_a_name_once_and_devices_count_a_network() -> None:
    found = values_of(ip="39.40.1.2", device_id="f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11")
    assert found[KeyKind.STEM].cluster == found[KeyKind.PREFIX].value
    assert found[KeyKind.ADDRESS].cluster == found[KeyKind.DEVICE].value
    assert found[KeyKind.DEVICE].cluster == found[KeyKind.PREFIX].value


def test_where_no_network_and_no_device_is_known_the_account_counts_for_itself() -> None:
    assert values_of(handle="umar_media")[KeyKind.STEM].cluster == ITSELF


def test_a_picture_is_counted_whole() -> None:
    account = replace(an_account(), avatar=Avatar(pdq=bytes(range(32)), quality=90))
    one = distil(account, PEPPERS.current.digest, at=None, pepper_id=1)
    values = counted(one, ITSELF).values
    assert [value.value for value in values if value.kind is KeyKind.AVATAR] == [bytes(range(32))]


def test_a_bio_full_of_links_counts_no_more_than_the_cap() -> None:
    (one,) = fingerprints(an_account(bio=" ".join(f"t.me/channel_{n}" for n in range(200))))
    assert len(counted(one, ITSELF).values) <= VALUES_MAX


HOUR = 3_600.0
PHONE = "+923012345678"


class Town:
    """Sign-ups that are counted, an hour apart from one freeze to the next."""

    def __init__(self) -> None:
        self.counts = Counts(HOUR, 0.0, lambda: 0)
        self.now = 9 * HOUR
        self.number = 0

    def sign_up(self, **traits: str) -> None:
        self.number += 1
        (one,) = fingerprints(an_account(**traits))
        account = blake2b(str(self.number).encode(), digest_size=10).digest()
        self.counts.add(counted(one, account), one.stratum, self.now, self.now)

    def people(self, many: int, **traits: str) -> None:
        """Households, each of its own network."""
        for place in range(many):
            self.sign_up(ip=f"{20 + place // 65_536}.{place // 256 % 256}.{place % 256}.9", **traits)

    def freeze(self) -> CountsSnapshot:
        self.now += HOUR
        self.counts.freeze(self.now)
        return self.counts.snapshot(self.now)


def bearers(snapshot: CountsSnapshot, **traits: str) -> int:
    (value,) = [one for kind, one in values_of(**traits).items() if kind is KeyKind.PHONE]
    return snapshot.count(value.kind, value.value, "")


def test_a_farm_on_one_network_counts_its_own_value_once_however_long_it_goes_on() -> None:
    town = Town()
    town.people(3_000)
    for _ in range(100):
        for place in range(100):
            town.sign_up(ip=f"39.40.1.{place}", phone=PHONE, device_id=f"device-{town.number:08}-farm")
        snapshot = town.freeze()
    assert bearers(snapshot, phone=PHONE) == 1


def test_a_farm_makes_a_common_value_no_rarer_by_signing_up_without_it() -> None:
    town = Town()
    town.people(300, phone=PHONE)
    town.people(3_000)
    before = town.freeze()
    for _ in range(10_000):
        town.sign_up(ip="39.40.1.7")
    after = town.freeze()
    rates = [shared_rate(bearers(it, phone=PHONE), it.accounts(""), 2e-7) for it in (before, after)]
    assert after.accounts("") - before.accounts("") <= SEATS
    assert rates[1] > 0.99 * rates[0]


def test_what_a_farm_buys_with_many_networks_is_a_count_a_network_and_fades() -> None:
    town = Town()
    town.people(3_000)
    for place in range(64):
        town.sign_up(ip=f"39.{place}.1.7", phone=PHONE)
    assert bearers(town.freeze(), phone=PHONE) == 64
    for months in range(1, 7):
        town.now += HALF_LIFE_SECONDS
        assert bearers(town.freeze(), phone=PHONE) == 64 >> months
