"""`samehand remember`: existing accounts are known, and nothing is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.opening import peppers_of
from desk.cli.awaiting import awaited
from desk.cli.wiring import closing_store
from store.base import StoreFacts
from streams.settings import load
from tests.desk.cli.running import Samehand, jsonl
from tests.makers import a_sign_up


def figures() -> StoreFacts:
    async def ask() -> StoreFacts:
        settings = load()
        async with closing_store(settings, peppers_of(settings)) as store:
            await store.open()
            return await store.figures()

    return awaited(ask())


@pytest.mark.journey
def test_accounts_are_in_the_store_afterwards(samehand: Samehand, servers: str, tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", *(a_sign_up(handle=f"umar{i}") for i in range(12)), b"nonsense")
    for _ in range(2):  # once more is harmless
        ran = samehand("remember", path, "--json")
        assert (ran.code, ran.figures["remembered"], ran.figures["bad_rows"]) == (0, 12, 1)
    assert (figures().remembered, figures().fingerprints) == (12, 0)


@pytest.mark.journey
def test_rows_without_ids_are_nobody(samehand: Samehand, servers: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("handle\numar\n")
    ran = samehand("remember", tmp_path / "a.csv")
    assert ran.code == 2
    assert "no column account_id" in ran.err


def test_without_a_pepper_it_says_which_setting(samehand: Samehand, tmp_path: Path) -> None:
    ran = samehand("remember", jsonl(tmp_path / "a.jsonl", a_sign_up()))
    assert ran.code == 2
    assert ran.err.startswith("samehand: SAMEHAND_PEPPER_FILE: ")
