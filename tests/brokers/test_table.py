"""docs/brokers.md shows what the contract's tests expect, and every known gap belongs to a test."""

from __future__ import annotations

from tests.brokers.kinds import KINDS
from tests.brokers.known import KNOWN
from tests.brokers.table import PAGE, properties, replaced


def test_page_is_current() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == replaced(page)


def test_every_property_is_stated() -> None:
    assert all(properties().values())


def test_every_gap_is_of_a_broker_and_a_test() -> None:
    kinds = {kind.name for kind in KINDS}
    assert not [key for key in KNOWN if key[0] not in kinds or key[1] not in properties()]
