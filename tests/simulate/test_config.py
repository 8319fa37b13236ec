"""Sizes and spans of a run."""

from datetime import UTC, datetime

from simulate.config import Config


def test_half_a_percent_are_mirrors_and_one_ban_for_ten_sign_ups_unless_said() -> None:
    config = Config(accounts=100_000)
    assert config.mirrors == 500
    assert config.further_bans == 10_000
    assert Config(bans=7).further_bans == 7


def test_the_span_is_as_long_as_asked() -> None:
    config = Config(start=datetime(2026, 1, 1, tzinfo=UTC), days=2)
    assert config.end_seconds - config.start_seconds == 2 * 86_400
    assert config.start_seconds == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
