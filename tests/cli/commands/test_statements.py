"""``samehand statements``: what is sent, what is listed, and when it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.database.engine import opened
from streams.settings import load
from tests.cli.running import Samehand
from tests.desk.owing import Owing
from tests.servers.transparency_database import TOKEN, Reply, TransparencyDatabase

SEND = ("statements", "send", "--platform", "x")


@pytest.fixture
def samehand(capsys: pytest.CaptureFixture[str]) -> Samehand:
    return Samehand(capsys)


@pytest.fixture
def commission(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[TransparencyDatabase]:
    """A database, and a desk that owes it one statement and has one that cannot be sent."""
    with TransparencyDatabase() as server:
        token = tmp_path / "token"
        token.write_text(f"{TOKEN}\n")
        monkeypatch.setenv("SAMEHAND_DSA_URL", f"{server.url}/api/v1")
        monkeypatch.setenv("SAMEHAND_DSA_TOKEN_FILE", str(token))

        async def owe() -> None:
            async with opened(load().database_url.get_secret_value()) as database:
                owing = Owing(database, "")
                await owing.owe(1)
                await owing.owe(2, registered_at=None)

        asyncio.run(owe())
        yield server


def test_statements_are_foreseen_sent_listed_and_shown(
    samehand: Samehand, commission: TransparencyDatabase
) -> None:
    foreseen = samehand(*SEND, "--dry-run", "--json").figures
    assert (foreseen["prepared"], foreseen["unsendable"], commission.stored[""]) == (1, 1, [])
    said = " ".join(samehand(*SEND, "--dry-run").out.split())
    assert "give registered_at on accounts.actioned" in said, "a dry run lists nothing that could say why"
    sent = samehand(*SEND)
    assert (sent.code, "1 statement" in sent.out, "unsendable: 1" in sent.out) == (0, True, True)
    [stored] = commission.stored[""]
    listed = samehand("statements", "list", "--state", "unsendable")
    assert "give registered_at on accounts.actioned" in " ".join(listed.out.split())
    assert "1 unsendable, 1 sent" in listed.out
    shown = samehand("statements", "show", stored["puid"][:12], "--json").figures
    assert (shown["state"], shown["uuid"], shown["body"]) == ("sent", stored["uuid"], None)
    assert samehand(*SEND, "--json").figures["sent"] == 0


def test_statement_that_waits_is_shown_as_it_would_be_sent(
    samehand: Samehand, commission: TransparencyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    commission.planned = [Reply(401)]
    refused = samehand(*SEND)
    assert (refused.code, "the token is none of its" in refused.err) == (1, True)
    [row] = samehand("statements", "list", "--state", "waiting", "--json").figures["statements"]
    shown = samehand("statements", "show", row["puid"])
    assert f"puid: {row['puid']}\n" in shown.out
    assert '"decision_account": "DECISION_ACCOUNT_SUSPENDED"' in shown.out
    assert samehand("statements", "show", "0" * 64).code == 2


def test_statement_that_an_earlier_run_left_for_later_is_not_passed_over(
    samehand: Samehand, commission: TransparencyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.commission.outbox.FAILURES_MAX", 1)
    commission.planned = [Reply(503)]
    assert samehand(*SEND).code == 1
    again = samehand(*SEND)
    assert (again.code, "1 statement still waiting" in again.err, commission.requests) == (1, True, [])


@pytest.mark.parametrize(
    ("line", "environment", "said"),
    [
        (["send"], {"DSA_URL": "https://transparency.dsa.ec.europa.eu/api/v1"}, "--production"),
        (["send"], {"DSA_URL": "https://transparency\u3002dsa.ec.europa.eu/api/v1"}, "--production"),
        (["send", "--production"], {}, "another database"),
        (["send"], {"DSA_TOKEN_FILE": ""}, "SAMEHAND_DSA_TOKEN_FILE"),
        (["send"], {"DSA_TOKEN_FILE": "", "DSA_TOKEN": "two words"}, "SAMEHAND_DSA_TOKEN"),
        (["send"], {"DSA_URL": "http://example.org/api/v1"}, "https://"),
        (["send", "--category", "spam=KEYWORD_WEATHER"], {}, "--category"),
        (["send", "--since", "soon"], {}, "--since"),
        (["send", "--platform", "X Y"], {}, "--platform"),
        (["show", "xyz"], {}, "no puid"),
    ],
)
def test_wrong_option_or_setting_is_refused_and_nothing_is_sent(
    samehand: Samehand,
    commission: TransparencyDatabase,
    monkeypatch: pytest.MonkeyPatch,
    line: list[str],
    environment: dict[str, str],
    said: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"SAMEHAND_{name}", value)
        if not value:
            monkeypatch.delenv(f"SAMEHAND_{name}")
    ran = samehand(*(SEND if line[0] == "send" else ("statements", "show")), *line[1:])
    assert (ran.code, said in ran.err, commission.requests) == (2, True, [])
