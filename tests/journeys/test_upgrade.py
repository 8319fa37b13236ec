"""docs/howto/keep.md's upgrade by its very commands, and a switch to another size, while people sign up.

The former programs are taken from the repository's history, and run on the present dependencies.
"""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
import tarfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis

from local.apache import ApacheKafka
from local.ports import take_port
from local.processes import Child
from local.redis import ADMINISTRATOR, PASSWORD, EmbeddedRedis
from schemas.alerts import MirrorAlert
from schemas.revisions import COUNTED_MAX
from store.redis.layout import LAYOUT
from streams.kafka.client import reader
from tests.house import ROOT
from tests.journeys.conftest import Platform
from tests.makers import a_ban, a_change, a_deletion, a_reinstatement, a_sign_up, a_verdict

pytestmark = pytest.mark.journey

PAGE = (ROOT / "docs" / "howto" / "keep.md").read_text("utf-8")
SECTION = PAGE.partition("## Upgrade\n")[2].partition("\n## ")[0]
INTO, WORKER, DROP, BACK, BACK_WORKER = (
    line.strip()
    for block in re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
    for line in block.strip().splitlines()
)
RELEASES = {"0.1.0": "724460d", "0.2.0": "e3ebd5d"}
FAMILIES = 6
NOW = datetime.now(UTC).replace(microsecond=0)
AGO = NOW - timedelta(hours=2)


def shown(number: int) -> dict[str, Any]:
    """What a banned account shows, and an account that comes back as it."""
    device = f"6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d{number:04x}"
    return {"handle": f"northern_valley_{number:02}", "device_id": device}


def bans(*numbers: int) -> list[Any]:
    return [a_ban(f"b{number}", at=AGO, banned_at=AGO, **shown(number)) for number in numbers]


def mirrors(*numbers: int) -> list[Any]:
    return [a_sign_up(f"m{number}", at=datetime.now(UTC), **shown(number)) for number in numbers]


def last(platform: Platform, account: str) -> MirrorAlert:
    """The alert on an account as consumers have it, who drop what is not above what they know."""
    return max(platform.alerts_on(account), key=lambda alert: alert.revision)


def alerted(platform: Platform) -> set[str]:
    return {alert.account_id for alert in platform.alerts()}


@pytest.fixture
def redis_of_its_own(redis_url: str) -> Iterator[EmbeddedRedis]:
    """The page names prefixes, which other tests must not use (after ``redis_url``, which may skip)."""
    with EmbeddedRedis() as embedded:
        yield embedded


def program_of(release: str, folder: Path) -> Path:
    """The sources of a release, whose store has another layout than ours."""
    try:
        archive = subprocess.run(
            ["git", "archive", "--format=tar", RELEASES[release]], cwd=ROOT, capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"release {release} is not in the history of this checkout")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="tar")
    layout = (folder / "store" / "redis" / "layout.py").read_text("utf-8")
    assert not re.search(rf"(?m)^LAYOUT = {LAYOUT}\b", layout)
    return folder


@dataclass
class Operator:
    """Types what the page says, with the present program or a former one."""

    folder: Path
    platform: Platform
    environment: dict[str, str]
    stack: ExitStack
    started: count[int] = field(default_factory=count)

    def starts(self, line: str, *, program: Path = ROOT, **more: str) -> Child:
        """Begins a command."""
        words = shlex.split(line)
        given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        name, *rest = words[len(given) :]
        assert name == "samehand"
        # Older releases have the command line in the desk's folder; ours must not stand in for it.
        module = "cli" if (program / "cli").exists() else "desk.cli"
        child = Child(
            [sys.executable, "-P", "-m", module, *rest],
            self.folder / f"{next(self.started)}-{rest[0]}.log",
            {**self.environment, "PYTHONPATH": str(program), **given, **more},
        )
        self.stack.callback(child.kill)
        child.start()
        return child

    def works(self, line: str, *, program: Path = ROOT) -> Child:
        """Starts a worker, and waits until it is ready."""
        self.platform.worker = self.starts(line, program=program)
        self.platform.log = self.platform.worker.log
        self.platform.until(self.platform.ready, "the worker to be ready")
        return self.platform.worker

    def ends(self, child: Child) -> str:
        """Waits for a command to end well; returns what it said."""
        self.platform.until(lambda: child.exit_code is not None, "the command to end")
        said = child.log.read_text("utf-8")
        assert child.exit_code == 0, said
        return said


class SignUps:
    """Mirrors of the first bans, one after the other, for as long as the block runs."""

    def __init__(
        self,
        platform: Platform,
        shown: Callable[[int], dict[str, Any]],
        families: int,
        *,
        pause_seconds: float,
    ) -> None:
        """``shown``: what the numbered banned account shows."""
        self._platform, self._shown, self._families = platform, shown, families
        self._pause_seconds = pause_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.made: list[str] = []

    def _run(self) -> None:
        for number in count():
            account, traits = f"s{number}", self._shown(number % self._families)
            traits["handle"] += f"_{number}"
            sign_up = a_sign_up(account, at=datetime.now(UTC), **traits)
            self._platform.publish(self._platform.topics.created, sign_up)
            self.made.append(account)
            if self._stop.wait(self._pause_seconds):
                return

    def the_next_is_alerted(self) -> None:
        """Waits for a sign-up from now on, and for what is said of it."""
        so_far = len(self.made)
        self._platform.until(lambda: len(self.made) > so_far, "a sign-up")
        self._platform.until(lambda: self._platform.alerts_on(self.made[so_far]), "an alert on it")

    def __enter__(self) -> SignUps:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def acknowledged(platform: Platform, topic: str) -> bool:
    """Whether the group has acknowledged every record of a topic."""
    with reader(platform.settings, grouped=True) as opened:
        partitions = opened.partitions(topic)
        return all(opened.committed(topic, it) == opened.end(topic, it) for it in partitions)


def upgraded(operator: Operator, former: Path, *, together: bool) -> None:
    """Does what the page says while people sign up.

    ``together``: the former worker still runs when the first new one starts. Otherwise it stops first, and
    comes back in the end.
    """
    platform, topics = operator.platform, operator.platform.topics
    before = operator.works("samehand worker", program=former)
    platform.publish(topics.banned, *bans(*range(FAMILIES), 90, 91, 92))
    platform.publish(topics.created, *mirrors(0, 91, 92))
    platform.until(lambda: alerted(platform) >= {"m0", "m91", "m92"}, "alerts of before")
    told, dismissed = last(platform, "m91"), last(platform, "m92")
    platform.publish(topics.verdicts, a_verdict(dismissed.alert_id, "not_mirror"))
    if together:  # 0.1.0 withdraws nothing then
        platform.until(lambda: last(platform, "m92").withdrawn_reason == "verdict", "the dismissal")
    with SignUps(platform, shown, FAMILIES, pause_seconds=0.2) as sign_ups:
        if not together:
            before.stop(60.0)
        filling = operator.starts(INTO)
        platform.until(lambda: "samehand-2 is filled" in filling.log.read_text("utf-8"), "the second store")
        filling.kill()  # and so it may be, at any moment
        filling = operator.starts(INTO)
        platform.publish(topics.banned, *bans(*range(10, 20)))
        platform.publish(topics.reinstated, a_reinstatement("b90", at=NOW))
        platform.publish(topics.created, a_sign_up("kept", at=AGO, **shown(30)))
        platform.publish(topics.created, a_sign_up("gone", at=AGO, **shown(31)))
        platform.publish(topics.deleted, a_deletion("gone", at=NOW))
        platform.publish(topics.created, *mirrors(10))
        if together:
            platform.until(lambda: "m10" in alerted(platform), "an alert of the former on a ban meanwhile")
        platform.until(lambda: "is filled" in filling.log.read_text("utf-8"), "the second store once more")
        if together:
            port = take_port()
            operator.stack.callback(port.release)
            killed = operator.starts(WORKER, SAMEHAND_WEB_PORT=str(port.number))
            platform.until(lambda: filling.exit_code is not None, "the hand-over")
            killed.kill()  # perhaps before it caught up
            platform.until(
                lambda: "SAMEHAND_STORE_PREFIX=samehand-2" in before.log.read_text("utf-8"),
                "the former worker to say where to go",
            )
            assert before.pid is not None, "it holds, and does not end"
            before.stop(60.0)
        after = operator.works(WORKER)
        assert "begin anew" in operator.ends(filling)
        platform.publish(topics.created, *mirrors(*range(11, 20), 90))
    platform.until(lambda: acknowledged(platform, topics.deleted), "the deletion to be known")
    platform.publish(topics.banned, *bans(30, 31))
    expected = {f"m{number}" for number in range(11, 20)} | {*sign_ups.made, "kept", "m10"}
    platform.until(lambda: alerted(platform) >= expected, f"alerts on each of {sorted(expected)}")
    platform.until(lambda: after.log.read_text("utf-8").count("caught up") >= 7, "it to have caught up")
    platform.publish(topics.created, a_sign_up("end", at=datetime.now(UTC), **shown(1)))
    platform.until(lambda: "end" in alerted(platform), "an alert at the end")
    assert "m90" not in alerted(platform), "its ban was lifted"
    # Before its deletion was read it may have been alerted on, for its handle beside another ban's.
    assert "b31" not in {alert.matched.account_id for alert in platform.alerts_on("gone")}, "it was deleted"
    platform.until(
        lambda: "gone" not in alerted(platform) or last(platform, "gone").status == "withdrawn",
        "nothing to be said of a deleted account",
    )

    platform.until(lambda: last(platform, "m92").withdrawn_reason == "verdict", "the dismissal to hold")
    platform.publish(topics.updated, a_change("m92", at=datetime.now(UTC), **shown(92)))
    platform.publish(topics.reinstated, a_reinstatement("b91", at=datetime.now(UTC)))
    platform.until(lambda: last(platform, "m91").withdrawn_reason == "reinstated", "the withdrawal")
    assert last(platform, "m91").revision > COUNTED_MAX >= told.revision
    platform.publish(topics.updated, a_change("m0", at=datetime.now(UTC), **shown(5)))
    platform.until(
        lambda: {it.matched.account_id for it in platform.alerts_on("m0")} >= {"b0", "b5"},
        "an alert on a change that came after that of the dismissed one",
    )
    assert last(platform, "m92").withdrawn_reason == "verdict", "it stays dismissed"

    after.stop(60.0)
    if not together:
        operator.ends(operator.starts(BACK, program=former))
        again = operator.works(BACK_WORKER, program=former)
        platform.publish(topics.created, a_sign_up("back", at=datetime.now(UTC), **shown(15)))
        platform.until(lambda: "back" in alerted(platform), "an alert after the way back")
        again.stop(60.0)
    password = operator.folder / "password"
    password.write_text(PASSWORD, "utf-8")
    dropping = operator.starts(
        DROP, SAMEHAND_REDIS_USERNAME=ADMINISTRATOR, SAMEHAND_REDIS_PASSWORD_FILE=str(password)
    )
    operator.ends(dropping)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def operator_of(folder: Path, broker: str, server: EmbeddedRedis, stack: ExitStack) -> Operator:
    platform = Platform(folder, broker, server.url)
    stack.callback(platform.port.release)
    environment = {**platform.environment, "SAMEHAND_DATA_DIR": str(folder)}
    del environment["SAMEHAND_STORE_PREFIX"]  # the page's: the default, and then what it says
    return Operator(folder, platform, environment, stack)


def test_from_0_1_0_whose_workers_stop_first_and_back(
    tmp_path: Path, broker: str, redis_of_its_own: EmbeddedRedis, stack: ExitStack
) -> None:
    former = program_of("0.1.0", tmp_path / "0.1.0")
    upgraded(operator_of(tmp_path, broker, redis_of_its_own, stack), former, together=False)


@pytest.mark.kafka
def test_from_0_2_0_while_a_worker_of_before_still_runs(
    tmp_path: Path, apache_kafka: ApacheKafka, redis_of_its_own: EmbeddedRedis, stack: ExitStack
) -> None:
    former = program_of("0.2.0", tmp_path / "0.2.0")
    operator = operator_of(tmp_path, apache_kafka.address, redis_of_its_own, stack)
    upgraded(operator, former, together=True)


def test_a_worker_under_another_prefix_waits_for_a_rebuild_and_misses_no_ban_of_meanwhile(
    tmp_path: Path, broker: str, redis_url: str
) -> None:
    platform = Platform(tmp_path, broker, redis_url)

    def under(suffix: str, *words: str) -> Child:
        prefix = f"{platform.settings.store_prefix}{suffix}"
        log = tmp_path / f"{words[0]}{suffix}.log"
        child = Child(
            [sys.executable, "-m", "cli", *words],
            log,
            {**platform.environment, "SAMEHAND_STORE_PREFIX": prefix},
        )
        child.start()
        return child

    def works(suffix: str) -> None:
        platform.worker.stop(60.0)
        platform.worker = under(suffix, "worker")
        platform.log = platform.worker.log

    def ended(child: Child, what: str) -> int | None:
        platform.until(lambda: child.exit_code is not None, what)
        return child.exit_code

    try:
        platform.open()
        platform.publish(platform.topics.banned, *bans(*range(3)))
        platform.until(lambda: platform.metric("samehand_fingerprints") == 3, "the first bans")

        # Nothing was filled under the new prefix: the worker holds, and says what to run.
        works("-2")
        platform.until(lambda: "never filled" in platform.log.read_text("utf-8"), "the worker to say so")
        platform.publish(platform.topics.created, *mirrors(*range(3)))
        doctor = under("-2", "doctor")
        assert ended(doctor, "the doctor") == 1
        assert "never filled" in doctor.log.read_text("utf-8")
        assert not platform.ready()
        assert ended(under("-2", "rebuild"), "the rebuild") == 0
        platform.until(platform.ready, "the worker to be ready")
        platform.until(lambda: len(alerted(platform)) == 3, "an alert on each mirror")
        assert platform.log.read_text("utf-8").count("the store is not ready") == 1

        # Under a third prefix a rebuild comes first; bans between it and the switch are found too.
        assert ended(under("-3", "rebuild"), "the second rebuild") == 0
        platform.publish(platform.topics.banned, *bans(*range(3, 13)))
        platform.until(lambda: platform.metric("samehand_fingerprints") == 13, "bans meanwhile")
        works("-3")
        platform.until(platform.ready, "the worker under the third prefix")
        again = a_sign_up("again", at=datetime.now(UTC), **shown(0))
        platform.publish(platform.topics.created, again, *mirrors(*range(3, 13)))
        platform.until(lambda: len(alerted(platform)) == 14, "an alert on each mirror")
    finally:
        platform.close()


# From one shard to four while people go on signing up: nothing is lost, said twice, or left open.


RESHARDED = 12


def device(number: int) -> str:
    return f"6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d{number:04x}"


def banned(number: int) -> dict[str, Any]:
    """What an account shows, and whoever comes back as it."""
    return {"handle": f"northern_valley_{number:02}", "device_id": device(number)}


@pytest.mark.kafka
def test_sign_ups_go_on_through_the_whole_switch(
    tmp_path: Path, apache_kafka: ApacheKafka, redis_url: str
) -> None:
    """The worker with the former settings is stopped only once the other is at work."""
    platform = Platform(tmp_path, apache_kafka.address, redis_url)
    before = platform.settings.store_prefix
    after = f"{before}-4"
    password = tmp_path / "administrator"
    password.write_text(PASSWORD, "utf-8")
    as_administrator = {
        **platform.environment,
        "SAMEHAND_REDIS_USERNAME": ADMINISTRATOR,
        "SAMEHAND_REDIS_PASSWORD_FILE": str(password),
        "SAMEHAND_DATA_DIR": str(tmp_path),
    }
    words = [sys.executable, "-m", "cli", "rebuild"]
    into = Child(
        [*words, "--into", after, "--bans", "4000", "--json"], tmp_path / "into.log", as_administrator
    )
    port = take_port()
    second = {
        **platform.environment,
        "SAMEHAND_STORE_PREFIX": after,
        "SAMEHAND_STORE_BANS": "4000",
        "SAMEHAND_WEB_PORT": str(port.number),
    }
    worker = Child([sys.executable, "-m", "cli", "worker"], platform.log, second)
    sign_ups = SignUps(platform, banned, RESHARDED, pause_seconds=0.05)
    topics = platform.topics
    try:
        platform.open()
        platform.publish(
            topics.banned,
            *(a_ban(f"b{number}", at=AGO, banned_at=AGO, **banned(number)) for number in range(RESHARDED)),
        )
        # Sign-ups after them, or one would alert on another ban first, whose handle is like theirs.
        platform.until(lambda: platform.metric("samehand_fingerprints") == RESHARDED, "the bans")
        prepared = a_sign_up("prepared", handle="karakoram_songs", device_id=device(100), at=AGO)
        platform.publish(topics.created, prepared)
        for account, number in (("unlike", 0), ("lifted", 1), ("told", 2)):
            platform.publish(topics.created, a_sign_up(account, at=NOW, **banned(number)))
            platform.until(partial(platform.alerts_on, account), "an alert of before")
        platform.publish(topics.verdicts, a_verdict(platform.alerts_on("unlike")[0].alert_id, "not_mirror"))
        platform.until(
            lambda: len(platform.alerts_on("unlike")) == 2, "the withdrawal that a verdict asks for"
        )

        with sign_ups:
            into.start()
            platform.until(
                lambda: "is filled" in into.log.read_text("utf-8"), "the second layout to be filled"
            )
            during = a_ban("during", handle="hindukush_daily", device_id=device(101), at=NOW, banned_at=NOW)
            platform.publish(topics.banned, during)
            sign_ups.the_next_is_alerted()
            assert into.pid is not None, "it waits for a worker"
            worker.start()
            platform.until(lambda: into.exit_code is not None, "the hand-over")
            assert into.exit_code == 0, into.log.read_text("utf-8")
            platform.worker.stop(60.0)
            platform.port.release()
            platform.port = port
            platform.worker = worker
            platform.until(platform.ready, "the second worker")
            sign_ups.the_next_is_alerted()
        platform.until(
            lambda: alerts_by_account(platform).keys() >= {*sign_ups.made}, "an alert on each mirror"
        )

        # What was known before is known still.
        platform.publish(
            topics.banned,
            a_ban("late", handle="karakoram_songs_2", device_id=device(100), at=NOW, banned_at=NOW),
        )
        platform.until(
            lambda: platform.alerts_on("prepared"), "the alert on who prepared it before the switch"
        )
        platform.publish(topics.reinstated, a_reinstatement("b1", at=datetime.now(UTC)))
        platform.until(lambda: len(platform.alerts_on("lifted")) == 2, "the withdrawal of an alert of before")
        platform.publish(
            topics.created, a_sign_up("m", handle="hindukush_daily", device_id=device(101), at=NOW)
        )
        for account, number in (("unlike", 0), ("told", 2)):
            later = datetime.now(UTC)
            platform.publish(topics.updated, a_change(account, at=later, bio="here again", **banned(number)))
        platform.publish(topics.created, a_sign_up("last", at=datetime.now(UTC), **banned(3)))
        platform.until(
            lambda: platform.alerts_on("m") and platform.alerts_on("last") and platform.ready(),
            "all that was said since",
        )
        lifted = {account for place, account in enumerate(sign_ups.made) if place % RESHARDED == 1}
        platform.until(
            lambda: all(ends_withdrawn(alerts_by_account(platform), {*lifted, "lifted"})),
            "every alert on the lifted ban to be withdrawn",
        )
        said = alerts_by_account(platform)
        for place, account in enumerate(sign_ups.made):
            on_own = [it for it in said[account] if it.matched.account_id == f"b{place % RESHARDED}"]
            assert [it.status for it in on_own] == ["open", *["withdrawn"] * (account in lifted)], account
        assert [it.status for it in said["unlike"]] == ["open", "withdrawn"]
        assert len({it.revision for it in said["told"]}) == 1

        assert json.loads(into.log.read_text("utf-8").splitlines()[-1])["held_seconds"] < 30.0
        dropping = Child(
            [*words, "--drop", before], tmp_path / "drop.log", {**as_administrator, **second_store(second)}
        )
        dropping.start()
        platform.until(lambda: dropping.exit_code is not None, "the former layout to be dropped")
        assert dropping.exit_code == 0, dropping.log.read_text("utf-8")
        with redis.Redis.from_url(redis_url.replace("//", f"//{ADMINISTRATOR}:{PASSWORD}@")) as client:
            assert list(client.scan_iter(match=f"{before}{{*", count=1_000)) == []
        platform.publish(topics.created, a_sign_up("afterwards", at=datetime.now(UTC), **banned(4)))
        platform.until(lambda: platform.alerts_on("afterwards"), "an alert once the former is dropped")
    finally:
        for child in (into, worker):
            child.kill()
        platform.close()


def alerts_by_account(platform: Platform) -> dict[str, list[MirrorAlert]]:
    """All that was said, read once: `alerts_on` reads all of it for one account."""
    found = defaultdict[str, list[MirrorAlert]](list)
    for alert in platform.alerts():
        found[alert.account_id].append(alert)
    return found


def ends_withdrawn(said: Mapping[str, list[MirrorAlert]], accounts: Iterable[str]) -> Iterator[bool]:
    """Whether what was said last of each account's alert on the lifted ban is that it is withdrawn."""
    for account in accounts:
        on_lifted = [it for it in said[account] if it.matched.account_id == "b1"]
        yield bool(on_lifted) and on_lifted[-1].status == "withdrawn"


def second_store(environment: dict[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in ("SAMEHAND_STORE_PREFIX", "SAMEHAND_STORE_BANS")}
