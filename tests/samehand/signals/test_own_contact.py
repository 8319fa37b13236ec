"""A profile names the mailbox or number with which another account signed up: both are found and told."""

from __future__ import annotations

from hypothesis import given

from samehand.account import Account
from samehand.fingerprint.distil import Fingerprint, distil, enrolment_keys, pack, query_keys, unpack
from samehand.frequency.rates import NothingCounted
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights
from samehand.signals.base import Example
from samehand.signals.own_contact import OWN_CONTACT, Reach
from tests.samehand.signals.test_contract import SIGHT, accounts, keyer
from tests.tables import for_each


def seen(account: Account) -> Fingerprint:
    return unpack(pack(distil(account, keyer, at=None)))


NOWHERE = Reach(frozenset(), frozenset())


def reach(fingerprint: Fingerprint) -> Reach:
    return OWN_CONTACT.of(fingerprint.trait) or NOWHERE


@for_each("example", [one for one in OWN_CONTACT.examples if one.level])
def test_who_is_named_is_found_either_way(example: Example) -> None:
    for ours, theirs in ((example.ours, example.theirs), (example.theirs, example.ours)):
        assert set(query_keys(seen(ours))).intersection(enrolment_keys(seen(theirs)))


def test_a_profile_without_mailbox_or_number_grows_by_nothing() -> None:
    plain = Account(platform="x", account_id="1", handle="umar", bio="t.me/+AbCdEf123456")
    named = Account(platform="x", account_id="1", handle="umar", bio="umar@example.org")
    assert len(pack(distil(named, keyer, at=None))) > 0
    contact = distil(plain, keyer, at=None).trait("contact")
    assert contact is not None
    assert all(len(digest) == 8 for digest, _ in contact.points)  # type: ignore[attr-defined]  # a contact's


@given(accounts, accounts)
def test_it_is_the_same_from_both_sides(one: Account, other: Account) -> None:
    here, there = reach(seen(one)), reach(seen(other))
    meets = not (here.named.isdisjoint(there.own) and there.named.isdisjoint(here.own))
    assert (OWN_CONTACT.compare(here, there, SIGHT) is not None) is meets
    assert (OWN_CONTACT.compare(there, here, SIGHT) is not None) is meets


def scored(ours: Account, theirs: Account) -> dict[str, float]:
    result = score(seen(ours), seen(theirs), default_weights(), NothingCounted())
    assert abs(sum(line.weight for line in result.lines) + result.prior - result.log_odds) < 1e-9
    return {line.signal: line.weight for line in result.lines}


def an_account(**traits: str) -> Account:
    return Account(platform="x", account_id="1", **traits)  # type: ignore[arg-type]  # text traits only


def test_a_mirror_that_writes_the_banned_mailbox_into_its_profile_is_told() -> None:
    banned = an_account(handle="umar_media", email="umar.media@gmail.com")
    mirror = an_account(handle="valley_news", email="other@example.org", bio="mail umarmedia@gmail.com")
    assert scored(mirror, banned)["reach"] > 5.0
    assert "reach" not in scored(an_account(handle="valley_news", bio="mail a@example.org"), banned)


def test_what_both_gave_themselves_is_not_told_twice() -> None:
    banned = an_account(email="umar.media@gmail.com")
    mirror = an_account(email="umarmedia@gmail.com", bio="mail umarmedia@gmail.com")
    weights = scored(mirror, banned)
    assert "email" in weights
    assert "reach" not in weights
