"""Within whose names a name is weighed."""

from typing import Any

import pytest

from samehand.account import Account
from samehand.fingerprint.distil import Fingerprint, distil
from samehand.frequency.rates import LATELY, STRATUM_ACCOUNTS_MIN
from samehand.keys import KeyKind
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights
from samehand.signals.base import Signal
from samehand.signals.context import ComparisonContext
from samehand.signals.device import DEVICE
from samehand.signals.email import EMAIL
from samehand.signals.payment import PAYMENT
from samehand.signals.phone import PHONE
from tests.samehand.signals.test_contract import keyer
from tests.tables import for_each

WORD = b"spozhmai"
RARE = 1e-6


class AtHome:
    """The name is borne by one in a hundred of those who write Pashto, and by nobody else."""

    bans = 1000

    def accounts(self, stratum: str) -> int:
        return 100 * STRATUM_ACCOUNTS_MIN

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return self.accounts(stratum) // 100 if stratum == "ps" else 0


def rate(ours: str, theirs: str) -> float:
    return ComparisonContext(AtHome(), (ours, theirs), ("x", "x")).among_namesakes(KeyKind.WORD, WORD, RARE)[
        0
    ]


@for_each("other", ["latin", "en", "ps"])
def test_a_name_is_weighed_where_it_is_at_home(other: str) -> None:
    assert rate("ps", other) == rate(other, "ps") == pytest.approx(0.01, rel=0.1)
    assert rate("latin", "en") < 2 * RARE


def test_the_crowd_is_the_one_that_was_weighed() -> None:
    told = ComparisonContext(AtHome(), ("latin", "ps"), ("x", "x")).among_namesakes(KeyKind.WORD, WORD, RARE)
    assert told[1] == AtHome().count(KeyKind.WORD, WORD, "ps")


@for_each(
    ("signal", "level", "value"),
    [
        (DEVICE, "same", {"device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"}),
        (PAYMENT, "same", {"payment_token": "tok_1QxYz8"}),
        (PHONE, "same-number", {"phone": "+923012345678"}),
        (EMAIL, "same-address", {"email": "salma@valley.example"}),
    ],
)
def test_each_further_bearer_of_what_belongs_to_one_adds_their_share(
    signal: Signal[Any], level: str, value: dict[str, Any]
) -> None:
    trait = signal.distil(Account(platform="x", account_id="1", **value), keyer)
    shipped = default_weights().rates(1000)
    found = signal.compare(trait, trait, ComparisonContext(OfFew(), ("en",) * 2, ("x",) * 2, shipped=shipped))
    assert found is not None
    assert found.level == level
    assert found.rate == pytest.approx(shipped[signal.name][level] + 40 / 20_000)


class OfFew(AtHome):
    """Two of the pair and forty others, of 20,000 accounts, bear each value."""

    def accounts(self, stratum: str) -> int:
        return 20_000

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return 42


def called(locale: str | None) -> Fingerprint:
    account = Account(platform="x", account_id="1", display_name="Spozhmai Marwat", locale=locale)
    return distil(account, keyer, at=None)


def test_who_gives_no_language_is_accused_no_more_than_who_does() -> None:
    banned = called("ps-AF")
    told, silent = (
        score(called(locale), banned, default_weights(), AtHome()).lines for locale in ("ps-AF", None)
    )
    of_the_name = [sum(line.weight for line in lines if line.signal == "name") for lines in (told, silent)]
    assert of_the_name[1] == pytest.approx(of_the_name[0])


class OfToday:
    """A platform of millions, where so many of the latest 100,000 bear one address, and few others."""

    bans = 1000

    def __init__(self, latest: int, bearers: int) -> None:
        self._latest, self._bearers = latest, bearers

    def accounts(self, stratum: str) -> int:
        return 100_000 if stratum == LATELY else 5_000_000

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return self._latest if stratum == LATELY else self._bearers


def of_today(latest: int, bearers: int) -> float:
    return ComparisonContext(OfToday(latest, bearers), ("ps", "ps"), ("x", "x")).shared(
        KeyKind.ADDRESS, WORD, 2e-6
    )[0]


def test_what_a_crowd_of_today_bears_is_as_common_as_it_is_today() -> None:
    assert of_today(latest=3_000, bearers=3_000) == pytest.approx(0.03, rel=0.05)
    assert of_today(latest=0, bearers=3_000) == pytest.approx(0.0006, rel=0.05)


def test_the_farm_of_one_evader_is_no_crowd_of_today() -> None:
    assert of_today(latest=60, bearers=60) == of_today(latest=0, bearers=60)
