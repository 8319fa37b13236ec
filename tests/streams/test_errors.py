"""The error family."""

from __future__ import annotations

from streams import errors


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    tree = errors.__doc__ or ""
    family = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    assert all(kind.__name__ in tree for kind in family)
    assert all(issubclass(kind, errors.StreamsError) for kind in family)


def test_only_outages_are_transient() -> None:
    assert issubclass(errors.BrokerUnavailable, errors.Transient)
    assert not issubclass(errors.BrokerRefused, errors.Transient)


def test_wrong_settings_are_told_in_one_line() -> None:
    assert str(errors.SettingsError({"A": "too small", "B": "missing"})) == "A: too small; B: missing"
