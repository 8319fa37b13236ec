"""What an account has several of: lists agree by their best pair, once, and one value more never costs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from samehand.account import Account, AgedValue
from samehand.fingerprint.distil import enrolment_keys, joined, pack, unpack
from samehand.frequency.rates import NothingCounted
from samehand.scoring.score import score
from samehand.signals import LISTED, POSITION
from samehand.signals.base import Quoted
from samehand.signals.device import DEVICE as DEVICES
from samehand.signals.email import EMAIL
from samehand.signals.listed import unmarked
from samehand.signals.network import NETWORK
from samehand.signals.phone import PHONE
from tests.samehand.makers import CONTEXT, DEVICE, WEIGHTS, an_account, keyer, nats, seen
from tests.samehand.scoring.makers import AT, ages, counted, pairs
from tests.tables import for_each

OTHER, THIRD = "0b7d5a34-9c11-4c0e-8a57-2f4e6b1c3d99", "7f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


def having(name: str, *values: str | tuple[str, int], **shown: Any) -> Account:
    """An account with these values; of those with a number it is the days since they were seen."""
    aged = tuple(AgedValue(it, 0) if isinstance(it, str) else AgedValue(*it) for it in values)
    return an_account(others={name: aged}, **shown)


def kept(signal: Any, account: Account) -> Any:
    """What a signal keeps of an account."""
    return signal.distil(account, keyer)


def found(signal: Any, ours: Account, theirs: Account) -> Any:
    """What a signal finds between two accounts."""
    return signal.compare(kept(signal, ours), kept(signal, theirs), CONTEXT)


RINGS = having("phone", "+447911123456", "+923012345678")
FROM = having("ip", "81.2.69.142", "2400:adc5:1:9::1")


@for_each(
    ("signal", "ours", "theirs", "level"),
    [
        (DEVICES, an_account(device_id=OTHER), having("device", OTHER, device_id=DEVICE), "same"),
        (DEVICES, having("device", OTHER, THIRD), an_account(device_id=DEVICE), None),
        (DEVICES, having("device", (OTHER, 300)), an_account(device_id=DEVICE), None),
        (DEVICES, an_account(device_id=OTHER), an_account(device_id=DEVICE), "different"),
        (EMAIL, an_account(email="u@mailinator.com"), having("email", "a@yopmail.com"), "both-disposable"),
        (EMAIL, an_account(email="umar.k@b.org"), having("email", "x@y.org", "umar.k@b.org"), "same-address"),
        (PHONE, an_account(phone="+923012345699"), RINGS, "same-block"),
        (NETWORK, an_account(ip="2400:adc5:1:2::7"), FROM, "same-site"),
    ],
)
def test_lists_agree_by_their_best_pair(
    signal: Any, ours: Account, theirs: Account, level: str | None
) -> None:
    for one, another in ((ours, theirs), (theirs, ours)):
        comparison = found(signal, one, another)
        assert (comparison.level if comparison else None) == level


@for_each(
    ("signal", "name", "value", "days"), [(DEVICES, "device", OTHER, 540), (NETWORK, "ip", "81.2.69.142", 10)]
)
def test_value_weighs_half_as_often_after_its_half_life(
    signal: Any, name: str, value: str, days: int
) -> None:
    field = {"device": "device_id"}.get(name, name)
    ours = an_account(**{field: value})
    fresh, old, undated = (
        nats(signal, found(signal, ours, an_account(others={name: (AgedValue(value, age),)})))
        for age in (0, days, None)
    )
    assert math.isclose(fresh - old, math.log(2.0), abs_tol=1e-9)
    assert math.isclose(2.0 * undated, fresh + old, abs_tol=1e-9)
    assert fresh == nats(signal, found(signal, ours, ours))


def test_old_number_may_have_a_new_holder() -> None:
    ours = seen(an_account(phone="+923012345678"), AT)
    odds = [
        score(
            ours, seen(having("phone", ("+923012345678", days)), AT - 60), WEIGHTS, NothingCounted()
        ).log_odds
        for days in (0, 100, 400)
    ]
    assert odds[0] > odds[1] > odds[2]
    assert odds[0] - odds[2] > math.log(2.0)


def test_latest_four_addresses_of_thirty_days_are_kept() -> None:
    given = [(f"81.2.{place}.7", days) for place, days in enumerate((31, 5, 9, 1, 30, 2))]
    assert [days for _, days in kept(NETWORK, having("ip", *given))] == [1, 2, 5, 9]


def test_sixteen_devices_are_kept_and_each_once() -> None:
    many = [f"device-{place:04}" for place in range(20)]
    trait = kept(DEVICES, having("device", *many, (DEVICE, 9), device_id=DEVICE))
    assert len(trait) == len({value for value, _ in trait}) == 16
    assert trait[0] == (keyer("device", DEVICE.encode()), 0)


def test_values_that_cannot_be_read_push_none_out() -> None:
    """Nor do spellings of one number that is not kept twice."""
    junk = [f"no number {place}" for place in range(40)]
    spelt = [f"+44 7911{' ' * place}123456" for place in range(20)]
    account = having("phone", *junk, *spelt, ("+923012345678", 9))
    assert [days for _, days in kept(PHONE, account)] == [0, 9]


def test_mailboxes_of_one_domain_hide_no_pair() -> None:
    ours = having("email", *[f"a{place}@valley.example" for place in range(15)], ("umar.k.4471@b.org", 5))
    theirs = having("email", *[f"b{place}@valley.example" for place in range(15)], ("umar.k.4471@c.org", 5))
    comparison = found(EMAIL, ours, theirs)
    levels = {comparison.level, *(also.level for also in comparison.also)}
    assert {"same-domain", "same-local-part"} <= levels


EVERYTHING = an_account(
    email="umar@example.org",
    others={
        "email": (AgedValue("u@gmail.com", 400), AgedValue("v@valley.example"), AgedValue("nonsense", 2)),
        "phone": (AgedValue("+923012345678", 60_000),),
        "device": (AgedValue(DEVICE, 3), AgedValue("0" * 32, 0), AgedValue(OTHER)),
        "ip": (AgedValue("2400:adc5:1:2::7", 2), AgedValue("39.40.12.7", 0), AgedValue("10.0.0.1", 0)),
        "payment": (AgedValue("tok_1QxYz8", 12),),
    },
)


def test_lists_survive_being_stored() -> None:
    several: Any = seen(EVERYTHING, AT)
    assert unpack(pack(several)) == several
    assert [len(several.trait(signal.name)) for signal in LISTED] == [3, 1, 2, 1, 2]


def test_former_release_reads_the_latest_of_a_list() -> None:
    """It passes over sections that it does not know; single values cost no byte more."""
    one = pack(seen(an_account(device_id=DEVICE), AT))
    several = pack(seen(having("device", OTHER, device_id=DEVICE), AT))
    assert several.startswith(one)
    assert several[len(one)] == 0x40 | DEVICES.code


def test_change_adds_to_what_an_account_has() -> None:
    former = seen(having("ip", ("39.40.12.7", 20), device_id=DEVICE, phone="+923012345678"))
    latest = joined(seen(an_account(device_id=OTHER, ip="81.2.69.142")), former, 11)
    assert latest.trait("device") == (
        (keyer("device", OTHER.encode()), 0),
        (keyer("device", DEVICE.encode()), 11),
    )
    network: Any = latest.trait("network")
    assert len(network) == 1, "the address is older than thirty days"
    assert latest.trait("phone") is None, "an account that shows no number any more has none"
    assert joined(latest, latest, 0) == latest


def test_keys_of_four_devices_and_eight_addresses_are_few_more() -> None:
    shown = {"handle": "umar_media_2", "display_name": "Umar Media", "email": "u@valley.example"}
    shown |= {"bio": "backup channel, join t.me/+AbCdEf123456", "device_id": DEVICE, "ip": "39.40.12.7"}
    others = {
        "device": tuple(AgedValue(f"device-{it}", it) for it in range(3)),
        "ip": tuple(AgedValue(f"81.2.{it}.7", it) for it in range(7)),
    }
    one, several = (seen(an_account(**shown, others=more), AT) for more in ({}, others))
    assert len(enrolment_keys(several)) <= 1.3 * len(enrolment_keys(one))
    assert len(pack(several)) <= 1.5 * len(pack(one)), (len(pack(several)), len(pack(one)))


def test_reader_is_shown_which_value_agrees() -> None:
    ours = kept(DEVICES, having("device", OTHER, THIRD, device_id=DEVICE))
    one, another = (kept(DEVICES, an_account(device_id=device)) for device in (DEVICE, THIRD))
    shown = [DEVICES.show_beside(ours, theirs, Quoted()) for theirs in (one, another)]
    assert shown[0] != shown[1]
    assert {unmarked(it) for it in shown} == {DEVICES.show_beside(one, ours, Quoted())} == {"•••"}


FEW = {
    "device": ("6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b", OTHER, THIRD),
    "phone": ("+923012345678", "+923012345699", "+447911123456"),
    "email": ("umar@example.org", "umar@proton.me", "salma@example.org", "v@guerrillamail.com"),
    "payment": ("tok_1QxYz8", "tok_9AbCd2"),
    "ip": ("39.40.12.7", "39.40.12.200", "2400:adc5:1:9::1", "81.2.69.142"),
}
values = st.sampled_from([(name, value) for name, several in FEW.items() for value in several])
aged = st.lists(st.tuples(values, st.sampled_from((0, 0, 3, 29, 400, None))), max_size=6)


def with_values(account: Account, added: list[tuple[tuple[str, str], int | None]]) -> Account:
    """The account with these as well, beside what it has of a kind."""
    others = dict(account.others)
    for (name, value), days in added:
        if all(value != it.value for it in others.get(name, ())) and len(others.get(name, ())) < 3:
            others[name] = (*others.get(name, ()), AgedValue(value, days))
    return replace(account, others=others)


@settings(deadline=None)
@given(pair=pairs, had=st.tuples(aged, aged), more=st.tuples(aged, aged), since=ages, counts=counted)
def test_value_more_never_lowers_the_odds(pair: Any, had: Any, more: Any, since: Any, counts: Any) -> None:
    before = [with_values(account, some) for account, some in zip(pair, had, strict=True)]
    after = [with_values(account, some) for account, some in zip(before, more, strict=True)]

    def odds(ours: Account, theirs: Account) -> float:
        at = None if since is None else AT - since
        return score(seen(ours, AT), seen(theirs, at), WEIGHTS, counts).log_odds

    for place in (0, 1):
        one = list(before)
        one[place] = after[place]
        had_traits, has_traits = seen(before[place]).traits, seen(one[place]).traits
        for signal in LISTED:  # where nothing was said of a kind, a first value may differ
            at = POSITION[signal.name]
            if had_traits[at] is None and has_traits[at] is not None:
                return
        assert odds(*one) >= odds(*before) - 1e-9
