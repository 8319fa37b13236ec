"""`samehand remember`: existing accounts are known, and nothing is said of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agents.runtime.store_factory import peppers_of
from cli.run_async import awaited
from cli.store_context import closing_store
from samehand.showings import UNKNOWN, Showings
from store.base import StoreFacts
from streams.settings import load
from tests.cli.running import Samehand, jsonl
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


def shown(*accounts: str) -> list[Showings]:
    async def ask() -> list[Showings]:
        settings = load()
        async with closing_store(settings, peppers_of(settings)) as store:
            await store.open()
            found = await store.remembered(accounts, now=time.time())
            return [one.shown for one in found if one is not None]

    return awaited(ask())


@pytest.mark.journey
def test_a_list_drawn_up_later_does_not_say_that_its_accounts_began_then(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(
        "account_id,platform,handle,occurred_at,created_at\n"
        "1,x,umar1,2026-11-01T00:00:00Z,2019-03-02T07:00:00Z\n"
        "2,x,umar2,2026-11-01T00:00:00Z,\n"
        "3,x,umar3,,\n"
    )
    assert samehand("remember", tmp_path / "a.csv").code == 0
    drawn_up, made = 1_793_491_200, 1_551_510_000
    assert shown("x:1", "x:2", "x:3") == [Showings(made, drawn_up), Showings(None, drawn_up), UNKNOWN]


@pytest.mark.journey
def test_rows_without_ids_are_nobody(samehand: Samehand, servers: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("handle\numar\n")
    ran = samehand("remember", tmp_path / "a.csv")
    assert ran.code == 2
    assert "lacks the column account_id" in ran.err


def test_without_a_pepper_it_says_which_setting(samehand: Samehand, tmp_path: Path) -> None:
    ran = samehand("remember", jsonl(tmp_path / "a.jsonl", a_sign_up()))
    assert ran.code == 2
    assert ran.err.startswith("samehand: SAMEHAND_PEPPER_FILE: ")
