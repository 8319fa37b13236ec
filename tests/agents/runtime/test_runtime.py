"""A worker's process: its start, its store, its outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
import redis
from msgspec import structs
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from agents.common.again import look_again
from agents.common.context import AgentContext
from agents.runtime import outbox
from agents.runtime.bridge import of_bridges, register_agents, topics_of
from agents.runtime.former_weights import former_weights_fault, is_adopted
from agents.runtime.outbox import LOOK_SECONDS, Relay
from agents.runtime.start_checks import store_fault
from agents.runtime.store_factory import DEADLINES_A_COMMAND, endpoint_of, peppers_of, stock_of, store_of
from agents.runtime.weights_of_settings import weights_of
from agents.runtime.worker import consumed, context_of, ending, form
from agents.runtime.worker import register_agents as worker_register_agents
from local.redis import EmbeddedRedis
from samehand.elapsed import HOUR_SECONDS
from samehand.keys import KeyKind
from samehand.scoring import score
from samehand.scoring.weights import Bands, default_weights
from schemas import examples
from schemas.wire import encode
from store.base import Owed
from store.errors import StoreUnavailable
from store.limits import OWED_AT_ONCE
from store.pepper.pepper import write_pepper_file
from streams.errors import SettingsError, Transient
from streams.faust_app.app import WorkerApp
from streams.faust_app.start_checks import StartFault
from streams.kafka import topics
from streams.kafka.client import writer
from streams.kafka.mapped_topics import mappings_of
from streams.outcomes import Emit
from streams.settings import Settings, load
from streams.supervision.exit_codes import EXIT_CONFIG, EXIT_REFUSED, EXIT_STORE
from streams.telemetry.metrics import Metrics
from tests.agents.conftest import Life, MakeLife
from tests.makers import a_ban, a_reinstatement, a_sign_up
from tests.store.makers import DAY, NOW, a_proposal, a_query, a_remembered
from tests.store.makers import a_ban as a_stored_ban
from tests.streams.fakes import FakeClock
from tests.tables import for_each

# A bridge's process asks for what it needs and no more.


MAPPING = """
[topics.users]
format = "debezium"
constants = { platform = "shop" }
fields.account_id = "row.id"
[[topics.users.rules]]
when = "op == 'u'"
as = "banned"
[topics.hooks]
format = "mastodon"
constants = { platform = "mastodon" }
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "mappings.toml"
    path.write_text(MAPPING)
    return load({"SAMEHAND_MAPPINGS": str(path), "SAMEHAND_TOPIC_PREFIX": "t."})


def test_every_foreign_topic_has_an_agent(settings: Settings) -> None:
    app = WorkerApp(settings, Metrics(CollectorRegistry()))
    register_agents(app, mappings_of(settings), lambda: 0.0, lambda: 0.0)
    assert {it.topic: it.name for it in app.progress} == {"users": "bridge-users", "hooks": "bridge-hooks"}


def test_it_reads_what_is_mapped_and_writes_what_comes_of_it(settings: Settings) -> None:
    rights = {it.name: set(it.rights) for it in topics_of(settings, mappings_of(settings))}
    written = ("created", "updated", "remembered", "banned", "deleted")
    assert rights == {
        "users": {"READ"},
        "hooks": {"READ"},
        **{f"t.accounts.{kind}": {"WRITE"} for kind in written},
        "t.deadletters": {"WRITE"},
        "t.control": {"READ", "WRITE"},
    }
    foreign = {it.name for it in topics_of(settings, mappings_of(settings)) if it.foreign}
    assert foreign == {"users", "hooks"}, "nobody creates those or checks their settings"


def test_bridges_are_a_group_of_their_own(settings: Settings) -> None:
    assert of_bridges(settings).kafka_group == "samehand-bridge"


# The table of the settings weighs, under their thresholds.


SHIPPED = default_weights()


def test_without_a_table_of_ones_own_it_is_the_shipped_one() -> None:
    assert weights_of(load({})) == SHIPPED


def test_thresholds_are_the_operators(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_bytes(msgspec.json.encode(structs.replace(SHIPPED, version="own")))
    settings = load(
        {
            "SAMEHAND_WEIGHTS": str(own),
            "SAMEHAND_POSSIBLE": "0.6",
            "SAMEHAND_BANDS": '{"spam": {"likely": 0.95, "possible": 0.7}}',
        }
    )
    table = weights_of(settings)
    assert (table.version, table.bands) == ("own", Bands(0.9, 0.6))
    assert table.policy_bands == {"spam": Bands(0.95, 0.7)}
    assert table.band(0.65, "spam") == "none"
    assert table.band(0.65, "other") == "possible"


@pytest.mark.parametrize(
    ("content", "said"), [(b"{", "cannot be used"), (b"[]", "cannot be used"), (None, "No such file")]
)
def test_a_table_that_cannot_be_used_is_one_clear_line(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "own.json"
    path.write_bytes(msgspec.json.encode(SHIPPED) if content is None else content)
    settings = load({"SAMEHAND_WEIGHTS": str(path)})
    if content is None:
        path.unlink()
    with pytest.raises(SettingsError, match=said) as fault:
        weights_of(settings)
    assert "SAMEHAND_WEIGHTS" in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_table_that_lacks_a_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    signals = {name: one for name, one in SHIPPED.signals.items() if name != "platform"}
    path.write_bytes(msgspec.json.encode(structs.replace(SHIPPED, signals=signals)))
    with pytest.raises(SettingsError, match=r"SAMEHAND_WEIGHTS.*it lacks platform\."):
        weights_of(load({"SAMEHAND_WEIGHTS": str(path)}))


# A process does not start while a table that a former release adopted is in no file.


ADOPTED = b'{"stage":"live","number":2,"adjustment":{"weights_version":"learned"},"version":2}'
TAKEN_BACK = b'{"stage":"live","number":3}'


@pytest.mark.parametrize(
    ("values", "adopted"),
    [
        ([], False),
        ([ADOPTED], True),
        ([ADOPTED, TAKEN_BACK], False),
        ([TAKEN_BACK, ADOPTED], False),  # the earlier decision comes late
        ([ADOPTED.replace(b"live", b"shadow")], False),
        ([ADOPTED, None, b"", b"\xff", b"[" * 100_000, b"{}", b'{"stage":"live","number":9e99}'], True),
    ],
)
def test_live_decision_with_the_highest_number_says_whether_a_table_is_adopted(
    values: list[bytes | None], adopted: bool
) -> None:
    assert is_adopted(values) is adopted


@pytest.mark.journey
def test_adopted_table_is_a_fault_until_a_file_is_set(broker: str, topic_prefix: str, tmp_path: Path) -> None:
    given = {"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": topic_prefix}
    settings = load(given)
    assert former_weights_fault(settings) is None
    former = topics.TopicSpec(f"{topic_prefix}weights", 1, compacted=True)
    topics.check(settings, [former], create=True)
    with writer(settings) as out:
        out.send(former.name, key=b"live", value=ADOPTED, headers=[]).get(timeout=60.0)
    fault = former_weights_fault(settings)
    assert fault is not None
    assert former.name in fault.what
    assert "SAMEHAND_WEIGHTS" in fault.cure
    own = tmp_path / "own.json"
    own.write_bytes(msgspec.json.encode(SHIPPED))
    assert former_weights_fault(load({**given, "SAMEHAND_WEIGHTS": str(own)})) is None


# The mind tells what it runs as; that it says the same as either is what `make test-compiled` is for.


def test_it_says_what_it_was_loaded_from() -> None:
    assert (form() == "compiled") == (Path(str(score.__file__)).suffix == ".so")


# The wiring: every stream has its agent, and operators' settings reach the mind.


@pytest.fixture
def worker_settings(tmp_path: Path) -> Settings:
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


def test_every_topic_that_is_consumed_has_one_agent_with_a_name_of_its_own(worker_settings: Settings) -> None:
    context = context_of(worker_settings, peppers_of(worker_settings))
    app = WorkerApp(worker_settings, context.metrics)
    worker_register_agents(app, context)
    assert {progress.topic for progress in app.progress} == set(consumed(context.topics))
    assert len({progress.name for progress in app.progress}) == len(app.progress) == 9


async def test_a_part_that_fails_ends_the_process_under_its_own_name(worker_settings: Settings) -> None:
    """Whoever reads that the store failed looks at Redis."""

    async def defective() -> None:
        raise ZeroDivisionError

    app = WorkerApp(worker_settings, context_of(worker_settings, peppers_of(worker_settings)).metrics)
    await ending(app, "weights", defective)()
    assert (app.life.fault, app.life.stopping) == ("weights: ZeroDivisionError", True)


def test_the_rules_follow_the_settings(worker_settings: Settings) -> None:
    alert_policy = context_of(worker_settings, peppers_of(worker_settings)).alert_policy
    assert alert_policy.allowlist == {"x:1", "telegram:2"}
    assert not alert_policy.across_platforms
    assert alert_policy.late_ban_seconds == 172_800.0


def test_an_allowlist_that_cannot_be_read_is_one_clear_line(
    worker_settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "allowed").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="SAMEHAND_ALLOWLIST"):
        context_of(worker_settings, peppers_of(worker_settings))


def test_a_line_of_the_allowlist_that_is_no_key_is_named_and_not_quoted(
    worker_settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "allowed").write_text("x:1 # fine\n\numar\n" + ":2\n" * 20)
    with pytest.raises(SettingsError, match=r"allowed: line 3, 4, 5, .* …: not the key") as fault:
        context_of(worker_settings, peppers_of(worker_settings))
    assert "umar" not in str(fault.value)


# From settings to a store: wherever Redis is, and never with a secret in sight.


@for_each(
    ("url", "expected"),
    [
        ("redis://r1:6380/2", {"url": "redis://r1:6380/2"}),
        ("rediss://r1:6380/0", {"url": "rediss://r1:6380/0"}),
        ("unix:///run/redis.sock?db=1", {"url": "unix:///run/redis.sock?db=1"}),
        ("cluster://n1:7000,n2:7001", {"cluster": (("n1", 7000), ("n2", 7001))}),
        (
            "sentinel://s1:26379,s2:26380/main",
            {"sentinels": (("s1", 26379), ("s2", 26380)), "service": "main"},
        ),
    ],
)
def test_an_address_of_each_kind(url: str, expected: dict[str, object]) -> None:
    endpoint = endpoint_of(load({"SAMEHAND_REDIS_URL": url}))
    assert {name: getattr(endpoint, name) for name in expected} == expected


@for_each("url", ["redis://r1/0", "cluster://n1:7000", "sentinel://s1:26379/main"])
def test_time_out_of_the_settings_is_that_of_every_connection(url: str) -> None:
    endpoint = endpoint_of(load({"SAMEHAND_REDIS_URL": url, "SAMEHAND_REDIS_TIMEOUT_MS": "250"}))
    assert endpoint.deadline_seconds == 0.25 * DEADLINES_A_COMMAND
    for options in (endpoint.options, endpoint.sentinel_options if "sentinel" in url else endpoint.options):
        assert (options["socket_timeout"], options["socket_connect_timeout"]) == (0.25, 0.25)


def test_user_and_password_go_to_the_connection_and_into_no_text(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("open-sesame\n")
    endpoint = endpoint_of(
        load({"SAMEHAND_REDIS_USERNAME": "samehand", "SAMEHAND_REDIS_PASSWORD_FILE": str(secret)})
    )
    assert (endpoint.options["username"], endpoint.options["password"]) == ("samehand", "open-sesame")
    assert "open-sesame" not in repr(endpoint)


def test_sentinels_have_a_user_of_their_own_and_share_the_certificates(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("ca", "cert", "key", "password")}
    for path in files.values():
        path.write_text("watchword\n")
    endpoint = endpoint_of(
        load(
            {
                "SAMEHAND_REDIS_URL": "sentinel://s1,s2/main?tls=true",
                "SAMEHAND_REDIS_USERNAME": "samehand",
                "SAMEHAND_REDIS_SENTINEL_USERNAME": "asker",
                "SAMEHAND_REDIS_SENTINEL_PASSWORD_FILE": str(files["password"]),
                "SAMEHAND_REDIS_CA_FILE": str(files["ca"]),
                "SAMEHAND_REDIS_CERT_FILE": str(files["cert"]),
                "SAMEHAND_REDIS_KEY_FILE": str(files["key"]),
            }
        )
    )
    assert endpoint.options["username"] == "samehand"
    asked = endpoint.sentinel_options
    assert (asked["username"], asked["password"]) == ("asker", "watchword")
    for options in (asked, endpoint.options):
        assert options["ssl"]
        assert options["ssl_certfile"] == str(files["cert"])
        assert options["ssl_keyfile"] == str(files["key"])
        assert options["ssl_ca_certs"] == str(files["ca"])
    assert "watchword" not in repr(endpoint)


def test_without_a_pepper_nothing_starts() -> None:
    with pytest.raises(SettingsError, match="SAMEHAND_PEPPER_FILE"):
        peppers_of(load({}))


def test_a_pepper_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    write_pepper_file(path)
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="SAMEHAND_PEPPER_FILE"):
        peppers_of(load({"SAMEHAND_PEPPER_FILE": str(path)}))


@pytest.mark.parametrize(
    ("listed", "reason"), [(b"# stock\nnot a hash\n", "line 2: no PDQ hash"), (b"\xff\xfe", "is not UTF-8")]
)
def test_a_list_of_pictures_that_cannot_be_read_is_one_clear_line(
    tmp_path: Path, listed: bytes, reason: str
) -> None:
    path = tmp_path / "stock.txt"
    path.write_bytes(listed)
    with pytest.raises(SettingsError, match=f"SAMEHAND_AVATAR_BLOCKLIST.*{reason}"):
        stock_of(load({"SAMEHAND_AVATAR_BLOCKLIST": str(path)}))


# The store before a worker joins its group: let in, and the one that it was told of.


async def found(environment: dict[str, str], **more: str) -> StartFault | None:
    settings = load({**environment, **more})
    return await store_fault(settings, peppers_of(settings))


@pytest.fixture
def environment(redis_url: str, store_prefix: str, tmp_path: Path) -> dict[str, str]:
    pepper = tmp_path / "pepper"
    write_pepper_file(pepper)
    return {
        "SAMEHAND_REDIS_URL": redis_url,
        "SAMEHAND_STORE_PREFIX": store_prefix,
        "SAMEHAND_PEPPER_FILE": str(pepper),
        "SAMEHAND_REDIS_TIMEOUT_MS": "5000",  # a machine busy with other tests is no outage
    }


@pytest.mark.journey
async def test_a_store_keeps_accounts_and_ends_for_as_long_as_the_settings_say(
    environment: dict[str, str], redis_administrator: str, store_prefix: str
) -> None:
    kept = {"REMEMBER_DAYS": "3", "DEDUP_DAYS": "4", "COUNT_LAG_HOURS": "5", "REMEMBER_MEGABYTES": "1"}
    settings = load({**environment, **{f"SAMEHAND_{name}": value for name, value in kept.items()}})
    store = store_of(settings, peppers_of(settings))
    await store.open()
    try:
        await store.enrol([a_stored_ban("1")], now=NOW)
        await store.expunge([("x:1", NOW)], now=NOW)
        with redis.Redis.from_url(redis_administrator) as client:
            left = max(client.ttl(key) for key in client.scan_iter(match=f"{store_prefix}{{*}}:*"))
        assert 4 * DAY - 60 < left <= 4 * DAY

        crowd = [a_remembered(str(number)) for number in range(20)]
        await store.remember(crowd, now=NOW)
        for days, accounts in ((2.99, 20), (3, 0)):
            (found,) = await store.remembered_like([a_query("x")], now=NOW + days * DAY)
            assert len(found) == accounts

        stratum = crowd[0].fingerprints[0].stratum
        await store.freeze(now=NOW + HOUR_SECONDS)
        for hours, bearers in ((4, {0}), (6, {20, 21})):
            moment = NOW + hours * HOUR_SECONDS
            counts = await store.frequencies(at=moment, now=moment)
            assert counts.count(KeyKind.HANDLE_FULL, b"umarmedia", stratum) in bearers

        figures = await store.figures()
        while not figures.remembered_evicted:
            assert figures.remembered < 6_000
            more = range(figures.remembered, figures.remembered + 500)
            await store.remember([a_remembered(str(number)) for number in more], now=NOW)
            figures = await store.figures()
        assert figures.remembered_bytes <= 1_000_000
    finally:
        await store.close()


@pytest.mark.journey
async def test_a_new_store_and_the_same_again_are_no_fault(environment: dict[str, str]) -> None:
    assert await found(environment) is None
    assert await found(environment) is None


@pytest.mark.journey
async def test_other_sizes_are_named_with_their_setting(environment: dict[str, str]) -> None:
    await found(environment)
    fault = await found(environment, SAMEHAND_STORE_BANS="2000")
    assert fault is not None
    assert "bans is 1000000 in Redis and 2000 here" in fault.what
    assert "SAMEHAND_STORE_BANS" in fault.cure
    assert fault.code == EXIT_STORE


@pytest.mark.journey
async def test_another_pepper_is_called_another_pepper(environment: dict[str, str], tmp_path: Path) -> None:
    await found(environment)
    other = tmp_path / "other"
    write_pepper_file(other)
    fault = await found(environment, SAMEHAND_PEPPER_FILE=str(other))
    assert fault is not None
    assert "pepper" in fault.what
    assert "SAMEHAND_PEPPER_FILE" in fault.cure
    assert "SHARDS" not in fault.cure
    assert fault.code == EXIT_STORE


@pytest.mark.journey
async def test_a_redis_that_drops_keys_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis", settings={"maxmemory": "200mb"}) as server:
        with server.administrator() as connection:
            connection.config_set("maxmemory-policy", "volatile-lru")
        fault = await found(environment, SAMEHAND_REDIS_URL=server.url)
    assert fault is not None
    assert "volatile-lru" in fault.what
    assert "CONFIG SET maxmemory-policy noeviction" in fault.cure
    assert fault.code == EXIT_CONFIG


@pytest.mark.journey
async def test_a_redis_that_is_away_is_waited_for(environment: dict[str, str]) -> None:
    assert await found(environment, SAMEHAND_REDIS_URL="redis://127.0.0.1:1/0") is None


@pytest.fixture
def guarded() -> Iterator[EmbeddedRedis]:
    """A Redis that lets nobody in without a name, and one user in who may hardly do anything."""
    with EmbeddedRedis() as embedded:
        with embedded.administrator() as administrator:
            administrator.execute_command("ACL", "SETUSER", "default", "off")
            administrator.execute_command("ACL", "SETUSER", "few", "on", ">right", "~*", "+ping")
        yield embedded


@pytest.mark.journey
@pytest.mark.parametrize(
    ("user", "password", "word"),
    [("few", "wrong", "login"), ("nobody", "x", "login"), ("", "", "login"), ("few", "right", "NOPERM")],
)
async def test_a_refused_login_and_a_missing_right_are_told_without_a_secret(
    environment: dict[str, str], guarded: EmbeddedRedis, tmp_path: Path, user: str, password: str, word: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(password)
    login = {"SAMEHAND_REDIS_USERNAME": user, "SAMEHAND_REDIS_PASSWORD_FILE": str(secret)} if user else {}
    fault = await found(environment, SAMEHAND_REDIS_URL=guarded.url, **login)
    assert fault is not None
    assert word in fault.what
    assert guarded.address in fault.what
    assert "SAMEHAND_REDIS_PASSWORD_FILE" in fault.cure
    assert fault.code == EXIT_REFUSED


# The relay of withdrawals: what was not confirmed is owed, whatever happens to store, broker or worker.


BANNED = "telegram:77"


@dataclass
class Broker:
    """Takes records; those whose turn is among ``lost`` are never confirmed."""

    lost: set[int] = field(default_factory=set)
    sent: list[Emit] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, emit: Emit) -> Awaitable[object]:
        """Buffers one."""
        self.sent.append(emit)
        self.heard.set()
        turn = len(self.sent)
        confirmed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if turn in self.lost:
            confirmed.set_exception(Transient("no answer"))
        else:
            confirmed.set_result(None)
        return confirmed


async def owing(life: Life, alerts: int, *, unreadable: Collection[int] = ()) -> list[str]:
    """A context that owes so many withdrawals of alerts on one ban; returns their ids."""
    await life.ban(a_ban("77", handle="umar_media"))
    several = [structs.replace(examples.ALERT, account_id=str(n)) for n in range(alerts)]
    proposals = [
        a_proposal(alert.key, BANNED, payload=b'{"version":9}' if place in unreadable else encode(alert))
        for place, alert in enumerate(several)
    ]
    await life.context.store.propose(proposals, now=life.seconds)
    await life.tell(life.expunge, a_reinstatement("77"))
    return [one.alert_id for one in proposals]


async def test_what_the_broker_did_not_confirm_is_told_again_and_nothing_else(life: Life) -> None:
    alerts = await owing(life, 3)
    broker = Broker(lost={2})
    relay = Relay(life.context, broker, FakeClock())
    with pytest.raises(Transient):
        await relay.look()
    assert await relay.look() == 1
    assert await relay.look() == 0
    first, second, third, *states = broker.sent
    assert [it.last for it in states] == [True, True, False, True], "two states, then the alert and its own"
    assert states[2] == second
    assert {it.key for it in states} == {second.key, *(it.encode() for it in alerts)}
    assert third.key != first.key


async def test_state_that_the_broker_did_not_confirm_leaves_its_alert_owed(life: Life) -> None:
    await owing(life, 2)
    broker = Broker(lost={4})
    relay = Relay(life.context, broker, FakeClock())
    with pytest.raises(Transient):
        await relay.look()
    assert [await relay.look(), await relay.look()] == [1, 0]
    assert broker.sent[3] == broker.sent[5]
    assert broker.sent[4] == broker.sent[1]


async def test_however_many_there_are_they_are_told_in_bounded_batches(life: Life) -> None:
    await owing(life, OWED_AT_ONCE + 20)
    broker = Broker()
    relay = Relay(life.context, broker, FakeClock())
    assert [await relay.look() for _ in range(3)] == [OWED_AT_ONCE, 20, 0]
    assert len({emit.key for emit in broker.sent if not emit.last}) == OWED_AT_ONCE + 20


async def test_an_alert_that_does_not_read_back_holds_nobody_up(life: Life) -> None:
    alerts = await owing(life, 6, unreadable=(0, 2, 4))
    broker = Broker()
    with capture_logs() as told:
        assert await Relay(life.context, broker, FakeClock()).look() == 6
    assert {it.key for it in broker.sent if it.value is None} == {it.encode() for it in alerts}
    assert len([it for it in broker.sent if it.value is not None]) == 3, "their states are forgotten"
    faults = [it["alert_id"] for it in told if it["log_level"] == "error"]
    assert sorted(faults) == sorted(alerts[::2])
    withdrawn = life.context.metrics.registry.get_sample_value(
        "samehand_alerts_withdrawn_total", {"reason": "reinstated"}
    )
    assert withdrawn == 3
    assert await life.context.store.owed("another", now=life.seconds) == []


async def test_withdrawal_on_which_our_logic_fails_costs_only_what_it_made_room_for(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = await owing(life, 5)
    looked: list[str] = []

    async def failing(owed: Sequence[Owed], context: AgentContext) -> list[Emit]:
        if any(it.alert.alert_id == alerts[2] for it in owed):
            raise ZeroDivisionError("a mind that fails on one account")
        looked.extend(it.alert.alert_id for it in owed)
        return await look_again(owed, context)

    monkeypatch.setattr(outbox, "look_again", failing)
    relay = Relay(life.context, Broker(), FakeClock())
    with capture_logs() as told:
        assert await relay.look() == 5
        assert await relay.look() == 0
    assert sorted(looked) == sorted({*alerts} - {alerts[2]})
    assert [it["alert_id"] for it in told if it["log_level"] == "error"] == [alerts[2]]


class Looks(Relay):
    """A relay that finds so many alerts and waves confirmed at each look in turn, or an outage."""

    def begin(self, *looks: tuple[int, int] | Transient) -> list[str]:
        self.left, self.did = list(looks), list[str]()
        return self.did

    async def look(self) -> int:
        if not self.left:
            raise asyncio.CancelledError
        self.did.append("look")
        if isinstance(found := self.left[0], Transient):
            del self.left[0]
            raise found
        return found[0]

    async def look_at_waves(self) -> int:
        self.did.append("waves")
        found = self.left.pop(0)
        assert not isinstance(found, Transient)
        return found[1]

    async def look_at_held(self) -> None:
        self.did.append("held")


async def test_relay_asks_until_nothing_is_owed_before_it_rests_and_tells_an_outage_once(life: Life) -> None:
    clock, away = FakeClock(), Transient("no answer")
    relay = Looks(life.context, Broker(), clock)
    did = relay.begin(away, away, (1, 1), (0, 1), (1, 0), (0, 0), away)
    with capture_logs() as told, pytest.raises(asyncio.CancelledError):
        await relay.run()
    assert did == ["look", "look", *["look", "waves"] * 4, "held", "look"]
    assert clock.slept == [LOOK_SECONDS] * 4
    assert [it["log_level"] for it in told] == ["warning"] * 2, "of two in a row one is told"


async def test_alert_that_a_withdrawn_one_made_room_for_is_confirmed_with_it(make_life: MakeLife) -> None:
    life = make_life(alerts_an_event=1)
    device = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
    await life.ban(
        a_ban("77", handle="umar_media", device_id=device),
        a_ban("78", handle="umar_medias", device_id=device),
    )
    await life.tell(life.screen, a_sign_up("99", handle="umar_media", device_id=device))
    await life.tell(life.expunge, a_reinstatement("77"))
    await life.relay()
    assert [(alert.matched.account_id, alert.status) for alert in life.alerts] == [
        ("77", "open"),
        ("78", "open"),
        ("77", "withdrawn"),
    ]
    assert (await life.context.store.figures()).unjudged == 1


async def test_an_outage_of_the_store_is_waited_out(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    await owing(life, 1)
    clock, broker = FakeClock(), Broker()
    relay = Relay(life.context, broker, clock)
    owed, outages = life.context.store.owed, iter([True, True])

    async def away(holder: str, *, now: float) -> object:
        if next(outages, False):
            raise StoreUnavailable("away")
        return await owed(holder, now=now)

    monkeypatch.setattr(type(life.context.store), "owed", lambda self, holder, now: away(holder, now=now))
    running = asyncio.create_task(relay.run())
    await broker.heard.wait()
    running.cancel()
    assert clock.now() - FakeClock().now() >= 2 * LOOK_SECONDS
