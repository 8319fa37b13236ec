"""A private mail domain agrees as counted; a public provider's never does."""

from __future__ import annotations

from typing import Final

from samehand.account import Account
from samehand.frequency.rates import NothingCounted
from samehand.keys import KeyKind
from samehand.scoring.weights import default_weights
from samehand.signals.base import Quoted
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.signals.email import EMAIL, EmailTrait
from tests.samehand.signals.test_contract import SIGHT, keyer
from tests.tables import for_each

WEIGHTS: Final = default_weights()


def of(address: str) -> EmailTrait:
    trait = EMAIL.distil(Account(platform="x", account_id="1", email=address), keyer)
    assert trait is not None
    return trait


def compared(ours: str, theirs: str, context: ComparisonContext = SIGHT) -> Comparison:
    found = EMAIL.compare(of(ours), of(theirs), context)
    assert found is not None
    return found


class Borne:
    """Of 20,000 accounts so many bear each value."""

    bans = 300

    def __init__(self, count: int) -> None:
        self._count = count

    def accounts(self, stratum: str) -> int:
        return 20_000

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return self._count


@for_each("provider", ["gmail.com", "mail.ru", "qq.com", "orange.fr"])
def test_two_mailboxes_of_a_public_provider_are_different(provider: str) -> None:
    assert compared(f"salma@{provider}", f"umar@{provider}").level == "different"
    assert not of(f"salma@{provider}").domain


def test_two_mailboxes_of_a_throw_away_provider_have_no_domain_in_common() -> None:
    assert compared("a1@mailinator.com", "b2@mailinator.com").level == "both-disposable"


def test_a_private_domain_agrees_the_less_the_more_accounts_have_it() -> None:
    nats = []
    for counts in (Borne(2), Borne(40), Borne(4_000)):
        context = ComparisonContext(counts, ("latin",) * 2, ("x",) * 2, shipped=WEIGHTS.rates(300))
        found = compared("salma@valley.example", "umar@valley.example", context)
        assert found.level == "same-domain"
        assert found.rate is not None
        nats.append(WEIGHTS.signals["email"].nats(found.level, found.rate))
    assert nats == sorted(nats, reverse=True)
    assert nats[0] > 6.0
    assert nats[-1] == 0.0


def test_a_domain_in_common_is_not_held_against_the_same_local_part_or_mailbox() -> None:
    table = WEIGHTS.signals["email"]
    shipped = ComparisonContext(NothingCounted(300), ("latin",) * 2, ("x",) * 2, shipped=WEIGHTS.rates(300))
    apart, domain, whole = (
        compared("salma.k@valley.example", other, shipped)
        for other in ("u@hill.example", "u@valley.example", "salma.k@valley.example")
    )
    assert (apart.level, domain.level, whole.level) == ("different", "same-domain", "same-address")
    assert "same-domain" in {one.level for one in whole.also}
    assert table.as_shipped["different"] < 0.0 < table.nats("same-domain", domain.rate or 1.0)


@for_each("address", ["u@valley.example", "u@gmail.com", "u@mailinator.com"])
def test_a_trait_is_read_as_it_was_stored(address: str) -> None:
    assert EMAIL.unpack(EMAIL.pack(of(address))) == of(address)


def test_a_record_without_a_domain_has_an_address_that_differs() -> None:
    former = EmailTrait(b"m" * 10, b"l" * 10, 9, False, False, "")
    found = EMAIL.compare(EMAIL.unpack(EMAIL.pack(former)), of("u@valley.example"), SIGHT)
    assert found is not None
    assert found.level == "different"


def test_a_domain_is_looked_up_and_never_shown() -> None:
    ours, theirs = of("salma@valley.example"), of("umar@valley.example")
    assert len({*EMAIL.keys(ours)} & {*EMAIL.keys(theirs)}) == 1
    assert "valley" not in EMAIL.show(ours, Quoted())
    assert b"valley" not in EMAIL.pack(ours)
