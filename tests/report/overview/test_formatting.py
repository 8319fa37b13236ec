"""Numbers as people read them."""

from __future__ import annotations

import pytest

from report.overview import formatting


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.0042, "4 ms"), (4.96, "5.0 s"), (120, "2 min"), (7200, "2 h"), (864000, "10 days")],
)
def test_durations(value: float | None, shown: str) -> None:
    assert formatting.seconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.0, "0 %"), (0.004, "0.4 %"), (0.52, "52 %"), (0.9951, "99.51 %"), (1.0, "100 %")],
)
def test_shares(value: float | None, shown: str) -> None:
    assert formatting.share(value) == shown


def test_what_is_not_all_is_never_shown_as_all() -> None:
    assert formatting.share(0.999999) == "99.99 %"


def test_counts_rates_and_sizes() -> None:
    assert formatting.count(1234567) == "1\u202f234\u202f567"
    assert (formatting.rate(12.34), formatting.rate(2500)) == ("12.3", "2\u202f500")
    assert (formatting.size(512), formatting.size(30 * 1024**2), formatting.size(2**50)) == (
        "512 B",
        "30 MiB",
        "1024 TiB",
    )
