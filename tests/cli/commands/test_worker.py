"""``samehand worker`` ends in one line where it cannot begin; that it runs, the journeys show."""

from __future__ import annotations

import pytest

from cli.commands import worker
from cli.exit_codes import BAD_INPUT
from cli.main import run
from report.overview.pages import mount_pages
from streams.settings import Settings
from streams.supervision.exit_codes import MEANINGS
from streams.supervision.supervisor import Birth


@pytest.fixture
def unsupervised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker in this very process: a fork would take the tests with it."""
    monkeypatch.setattr(worker, "supervise", lambda work, recorder: work(Birth(recorder)))


def test_a_wrong_setting_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAMEHAND_LIKELY", "7")
    assert run(["worker"]) == BAD_INPUT
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "SAMEHAND_LIKELY" in told[0]


def test_without_a_pepper_it_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], unsupervised: None
) -> None:
    monkeypatch.delenv("SAMEHAND_PEPPER_FILE", raising=False)
    assert run(["worker"]) == BAD_INPUT
    assert "SAMEHAND_PEPPER_FILE" in capsys.readouterr().err


def test_help_names_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    run(["worker", "--help"])
    told = capsys.readouterr().out
    assert [line for code, why in MEANINGS.items() if (line := f"{code:<3} {why}") not in told] == []


def test_the_exit_code_is_the_workers_own(monkeypatch: pytest.MonkeyPatch, unsupervised: None) -> None:
    monkeypatch.setattr("agents.runtime.worker.run", lambda settings, mount_pages, birth: 75)
    assert worker.command.callback is not None
    assert run(["worker"]) == 75


def test_the_overview_is_hung_beside_the_metrics(monkeypatch: pytest.MonkeyPatch, unsupervised: None) -> None:
    given: list[object] = []

    def started(settings: Settings, hung: object, birth: Birth) -> int:
        given.append(hung)
        return 0

    monkeypatch.setattr("agents.runtime.worker.run", started)
    assert run(["worker"]) == 0
    assert given == [mount_pages]
