"""What a worker is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.runtime.build_info import form
from agents.runtime.store_factory import peppers_of
from agents.runtime.worker import consumed, context_of, ending, register_agents
from samehand.scoring import score
from store.pepper.pepper import write_pepper_file
from streams.errors import SettingsError
from streams.faust_app.app import WorkerApp
from streams.settings import Settings, load

# The mind tells what it runs as; that it says the same as either is what `make test-compiled` is for.


def test_it_says_what_it_was_loaded_from() -> None:
    assert (form() == "compiled") == (Path(str(score.__file__)).suffix == ".so")


# The wiring: every stream has its agent, and operators' settings reach the mind.


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "pepper"
    write_pepper_file(path)
    allowed = tmp_path / "allowed"
    allowed.write_text("# newsrooms\nx:1\n  telegram:2  # ours\n\n")
    return load(
        {
            "SAMEHAND_PEPPER_FILE": str(path),
            "SAMEHAND_ALLOWLIST": str(allowed),
            "SAMEHAND_CROSS_PLATFORM": "false",
            "SAMEHAND_LATE_BAN_HOURS": "48",
            "SAMEHAND_LIKELY": "0.95",
            "SAMEHAND_BANDS": '{"spam": {"likely": 0.99, "possible": 0.8}}',
        }
    )


def test_every_topic_that_is_consumed_has_one_agent_with_a_name_of_its_own(settings: Settings) -> None:
    context = context_of(settings, peppers_of(settings))
    app = WorkerApp(settings, context.metrics)
    register_agents(app, context)
    assert {progress.topic for progress in app.progress} == set(consumed(context.topics))
    assert len({progress.name for progress in app.progress}) == len(app.progress) == 8


async def test_a_part_that_fails_ends_the_process_under_its_own_name(settings: Settings) -> None:
    """Whoever reads that the store failed looks at Redis."""

    async def defective() -> None:
        raise ZeroDivisionError

    app = WorkerApp(settings, context_of(settings, peppers_of(settings)).metrics)
    await ending(app, "weights", defective)()
    assert (app.life.fault, app.life.stopping) == ("weights: ZeroDivisionError", True)


def test_the_rules_follow_the_settings(settings: Settings) -> None:
    alert_policy = context_of(settings, peppers_of(settings)).alert_policy
    assert alert_policy.allowlist == {"x:1", "telegram:2"}
    assert not alert_policy.across_platforms
    assert alert_policy.late_ban_seconds == 172_800.0


def test_an_allowlist_that_cannot_be_read_is_one_clear_line(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "allowed").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="SAMEHAND_ALLOWLIST"):
        context_of(settings, peppers_of(settings))


def test_a_line_of_the_allowlist_that_is_no_key_is_named_and_not_quoted(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "allowed").write_text("x:1 # fine\n\numar\n" + ":2\n" * 20)
    with pytest.raises(SettingsError, match=r"allowed: line 3, 4, 5, .* …: not the key") as fault:
        context_of(settings, peppers_of(settings))
    assert "umar" not in str(fault.value)
