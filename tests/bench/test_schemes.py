"""The index of the benches asks as look-ups do."""

from __future__ import annotations

import pytest

from bench.index.schemes import SCHEMES, Scheme


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_query_tries_what_an_account_lists(scheme: Scheme) -> None:
    assert {*(scheme.listed("x", "salma khan92") or ())} <= {*(scheme.tried("x", "salma khan92") or ())}
