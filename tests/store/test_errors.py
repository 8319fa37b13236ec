"""A store that is another one says in what, since each has a cure of its own."""

from __future__ import annotations

import pytest

from store.errors import StoreError, StoreMismatch, StoreRefused, StoreUnavailable


def test_a_mismatch_says_in_what() -> None:
    assert (StoreMismatch("other").kind, StoreMismatch("other", "pepper").kind) == ("layout", "pepper")
    assert str(StoreMismatch("other", "pepper")) == "other"


def test_a_refusal_is_waited_out_by_who_runs_already() -> None:
    with pytest.raises(StoreUnavailable):
        raise StoreRefused("Redis refuses the login")
    assert issubclass(StoreRefused, StoreError)
