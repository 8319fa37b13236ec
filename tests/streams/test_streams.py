"""What streams share: clocks, outcomes, traces, webhooks' signatures; and settings."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from threading import get_ident

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import errors
from streams.clock import Clock, SystemClock
from streams.errors import SettingsError
from streams.off_loop import OFF_LOOP_BYTES, off_loop
from streams.outcomes import NOTHING, Arrival, Dead, Emit, Headers, Outcome, Published, contained
from streams.redis_address import RedisAddress, parse_redis_address
from streams.settings import PREFIX, Settings, load, unknown_names
from streams.standard_webhooks import TOLERANCE_SECONDS, Secret, UnusableSecret
from streams.tracing import STEPS_OF_A_NAME_MAX, Trail, carrying, following, note, stage
from tests.streams.fakes import FakeClock
from tests.tables import for_each

# The machine's clocks.


async def test_the_system_clock_tells_and_passes_time() -> None:
    clock: Clock = SystemClock()
    assert abs(clock.now() - time.time()) < 5
    before = clock.ticks()
    await clock.sleep(0.01)
    assert clock.ticks() > before


# The error family.


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


# Large records are read in a thread, small ones where they are.


@for_each(("size_bytes", "here"), [(0, True), (OFF_LOOP_BYTES, True), (OFF_LOOP_BYTES + 1, False)])
async def test_it_depends_on_the_size_alone(size_bytes: int, here: bool) -> None:
    assert (await off_loop(size_bytes, get_ident) == get_ident()) is here


async def test_what_is_raised_in_the_thread_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        await off_loop(OFF_LOOP_BYTES + 1, lambda: 1 // 0)


# Arrivals and outcomes hold personal data and never show it.


def test_an_arrival_shows_its_address_alone() -> None:
    arrival = Arrival("t", 1, 2, b"umar", b"umar@example.org", (("trace", b"umar"),))
    assert arrival.address == "t:1:2"
    assert "umar" not in repr(arrival)
    assert "umar" not in repr(Emit("alerts", b"umar", b"umar"))


def test_pure_code_that_raises_makes_a_dead_letter() -> None:
    def decide(arrival: Arrival) -> Outcome:
        raise ValueError("umar")

    assert contained(decide, Arrival("t", 0, 0, None, None)) == Dead("logic-fault", detail="ValueError")
    assert contained(lambda arrival: NOTHING, Arrival("t", 0, 0, None, None)) == NOTHING


def test_being_told_to_end_is_not_contained() -> None:
    def decide(arrival: Arrival) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        contained(decide, Arrival("t", 0, 0, None, None))


# One URL for every kind of Redis.


@for_each(
    ("url", "address"),
    [
        ("redis://h", RedisAddress("standalone", (("h", 6379),))),
        ("redis://h:1/2", RedisAddress("standalone", (("h", 1),), database=2)),
        ("rediss://[::1]:7", RedisAddress("standalone", (("::1", 7),), tls=True)),
        ("unix:///run/redis.sock?db=3", RedisAddress("unix", path="/run/redis.sock", database=3)),
        (
            "sentinel://a,b:2/m?db=1",
            RedisAddress("sentinel", (("a", 26379), ("b", 2)), master="m", database=1),
        ),
        ("cluster://a,b?tls=true", RedisAddress("cluster", (("a", 6379), ("b", 6379)), tls=True)),
    ],
)
def test_each_kind_has_its_form(url: str, address: RedisAddress) -> None:
    assert parse_redis_address(url) == address


@for_each(
    ("url", "reason"),
    [
        ("http://h", "must begin with"),
        ("redis://user:pass@h", "no user or password"),
        ("redis://a,b", "several hosts"),
        ("redis://", "no host"),
        ("redis://h:0", "port 0"),
        ("redis://h:http", "no number"),
        ("redis://h/x", "number as its database"),
        ("redis://h?ssl=1", "unknown option 'ssl'"),
        ("sentinel://h", "master's name"),
        ("unix://", "socket's path"),
    ],
)
def test_a_wrong_form_is_told(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_redis_address(url)


@given(st.text(max_size=60))
def test_nothing_but_an_address_or_a_reason_comes_out(url: str) -> None:
    for text in (url, f"redis://{url}", f"sentinel://{url}", f"unix://{url}"):
        try:
            address = parse_redis_address(text)
        except ValueError:
            continue
        assert address.hosts or address.path


# Signatures as the specification has them, and what is not believed.


TEXT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SENT_AT = 1614265330
BODY = b'{"test": 2432232314}'
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_the_example_of_the_specification() -> None:
    headers = Secret.read(TEXT).headers(ID, SENT_AT, BODY)
    assert headers == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_what_was_signed_is_believed_for_five_minutes() -> None:
    secret = Secret.read(TEXT)
    headers = secret.headers(ID, SENT_AT, BODY)
    assert secret.fault(headers, BODY, now=SENT_AT + TOLERANCE_SECONDS) == ""
    assert "away from our clock" in secret.fault(headers, BODY, now=SENT_AT + TOLERANCE_SECONDS + 1)
    assert "away from our clock" in secret.fault(headers, BODY, now=SENT_AT - TOLERANCE_SECONDS - 1)


@for_each(
    ("change", "fault"),
    [
        ({"webhook-id": "msg_other"}, "does not fit"),
        ({"webhook-timestamp": "1614265331"}, "does not fit"),
        ({"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"}, "no Unix time"),
        ({"webhook-timestamp": "-1"}, "no Unix time"),
        ({"webhook-signature": "v1,AAAA"}, "does not fit"),
        ({"webhook-signature": "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}, "does not fit"),
        ({"webhook-signature": "é" * 10_000}, "does not fit"),
        ({"webhook-signature": ""}, "missing"),
        ({"webhook-id": ""}, "missing"),
    ],
)
def test_whatever_was_changed_is_not_believed(change: dict[str, str], fault: str) -> None:
    secret = Secret.read(TEXT)
    headers = secret.headers(ID, SENT_AT, BODY) | change
    assert fault in secret.fault(headers, BODY, now=SENT_AT)


def test_of_several_signatures_one_must_fit() -> None:
    secret, other = Secret.read(TEXT), Secret(b"another secret of a sender")
    both = secret.headers(ID, SENT_AT, BODY)
    theirs = other.headers(ID, SENT_AT, BODY)["webhook-signature"]
    both["webhook-signature"] = f"{theirs} {both['webhook-signature']}"
    assert secret.fault(both, BODY, now=SENT_AT) == ""
    assert "does not fit" in secret.fault(both, BODY + b" ", now=SENT_AT)


@for_each(
    "text", ["", "whsec_", "whsec_short", "whsec_" + base64.b64encode(b"x" * 65).decode(), "whsec_!!!!", "é"]
)
def test_what_is_no_secret_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(UnusableSecret) as refused:
        Secret.read(text)
    assert not text or text not in str(refused.value)


def test_a_secret_does_not_show_itself() -> None:
    assert "MfKQ9r8" not in repr(Secret.read(TEXT))
    assert "1\\xf2" not in repr(Secret.read(TEXT))


# Stages of a batch, written down for whoever follows it, and nothing at all where nobody does.


class Followed:
    """A batch whose first event has a trace."""

    def __init__(self, trail: Trail) -> None:
        self.trail = trail

    def headers(self, place: int) -> Headers:
        return (("traceparent", b"ours"),) if place == 0 else ()

    def settled(self, outcomes: object) -> None:
        raise AssertionError("nobody settles here")


async def test_stages_are_written_down_with_their_times_and_what_they_were_part_of() -> None:
    clock = FakeClock()
    followed = Followed(Trail(clock.ticks))
    with following(followed):
        with stage("distil"):
            await clock.sleep(1.0)
        with stage("compare"):
            await clock.sleep(2.0)
            with stage("facts"):
                await clock.sleep(3.0)
        with stage("publish"):
            pass
    told = [(it.name, it.within, round(it.began, 3), round(it.ended, 3)) for it in followed.trail.steps]
    assert told == [
        ("distil", None, 0.0, 1.0),
        ("compare", None, 1.0, 6.0),
        ("facts", 1, 3.0, 6.0),
        ("publish", None, 6.0, 6.0),
    ]


def test_an_outages_retries_do_not_push_out_what_comes_after() -> None:
    followed = Followed(Trail(FakeClock().ticks))
    with following(followed):
        for _ in range(1_000):
            with stage("hold"):
                pass
        with stage("publish"):
            pass
    assert [it.name for it in followed.trail.steps] == ["hold"] * STEPS_OF_A_NAME_MAX + ["publish"]
    assert followed.trail.untold == 1_000 - STEPS_OF_A_NAME_MAX


def test_facts_are_not_even_gathered_where_nobody_follows() -> None:
    def never() -> dict[int, dict[str, str | int]]:
        raise AssertionError("this costs something")

    note(never)
    with following(None), stage("distil"):
        note(never)


def test_a_batch_that_is_over_is_not_written_to() -> None:
    followed = Followed(Trail(FakeClock().ticks))
    with following(followed):
        pass
    with stage("distil"):
        note(lambda: {0: {"candidates": 1}})
    assert (followed.trail.steps, followed.trail.notes) == ([], {})


def test_only_what_the_followed_event_publishes_bears_its_headers() -> None:
    own = ("samehand-occurred-at", b"1.0")
    outcomes: list[Outcome] = [
        Published((Emit("accounts.banned", b"x:1", None, headers=(own,)), Emit("alerts", b"x:1", b"{}"))),
        Published((Emit("alerts", b"x:2", b"{}"),)),
        NOTHING,
        Dead("not-json"),
    ]
    first, *rest = carrying(Followed(Trail(FakeClock().ticks)), outcomes)
    assert isinstance(first, Published)
    assert [emit.headers for emit in first.emits] == [
        (own, ("traceparent", b"ours")),
        (("traceparent", b"ours"),),
    ]
    assert rest == outcomes[1:]
    assert carrying(None, outcomes) is outcomes


# Settings: read from an environment, refused in one clear line, never quoting a secret.


def refusal(**variables: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        load({f"{PREFIX}{name}": value for name, value in variables.items()})
    return caught.value.faults


def a_file(folder: Path, text: str, name: str = "secret") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_an_empty_environment_suits_one_machine() -> None:
    settings = load({})
    assert settings.kafka_brokers == ("127.0.0.1:9092",)
    assert (settings.likely, settings.possible) == (0.9, 0.5)
    assert settings.dedup_days > settings.remember_days


def test_an_empty_variable_is_an_absent_one() -> None:
    assert load({"SAMEHAND_WEB_PORT": "", "SAMEHAND_PEPPER_FILE": ""}) == load({})


def test_brokers_are_separated_by_commas() -> None:
    assert load({"SAMEHAND_KAFKA_BROKERS": "a:9092, [::1]:9093"}).kafka_brokers == ("a:9092", "[::1]:9093")


def test_bands_differ_by_policy() -> None:
    settings = load({"SAMEHAND_BANDS": '{"spam": {"likely": 0.95, "possible": 0.7}}'})
    assert settings.bands["spam"].likely == 0.95


def test_a_secret_comes_from_its_file_and_shows_nowhere(tmp_path: Path) -> None:
    settings = load(
        {
            "SAMEHAND_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "SAMEHAND_KAFKA_USERNAME": "worker",
            "SAMEHAND_KAFKA_PASSWORD_FILE": a_file(tmp_path, "hunter2\n"),
            "SAMEHAND_REDIS_PASSWORD_FILE": a_file(tmp_path, "hunter3", "redis"),
        }
    )
    assert (settings.kafka_secret(), settings.redis_secret()) == ("hunter2", "hunter3")
    assert "hunter" not in f"{settings!r} {settings}"


def test_the_password_file_may_vanish_later(tmp_path: Path) -> None:
    path = a_file(tmp_path, "x")
    settings = load({"SAMEHAND_REDIS_PASSWORD_FILE": path})
    Path(path).unlink()
    with pytest.raises(SettingsError, match="SAMEHAND_REDIS_PASSWORD_FILE: cannot be read"):
        settings.redis_secret()


def test_every_fault_is_told_at_once() -> None:
    faults = refusal(LIKELY="2", WEB_PORT="http", KAFKA_BROKERS="nowhere", REDIS_URL="http://x")
    assert set(faults) == {
        "SAMEHAND_LIKELY",
        "SAMEHAND_WEB_PORT",
        "SAMEHAND_KAFKA_BROKERS",
        "SAMEHAND_REDIS_URL",
    }


@for_each(
    ("variables", "reason"),
    [
        ({"LIKELY": "0.4"}, "POSSIBLE must not be above"),
        ({"DEDUP_DAYS": "10"}, "DEDUP_DAYS must not be below"),
        ({"KAFKA_SASL_MECHANISM": "PLAIN"}, "needs SAMEHAND_KAFKA_USERNAME"),
        ({"KAFKA_CERT_FILE": __file__, "KAFKA_TLS": "true"}, "must be set together"),
        ({"KAFKA_CA_FILE": __file__}, "need SAMEHAND_KAFKA_TLS=true"),
        ({"REDIS_CERT_FILE": __file__, "REDIS_URL": "rediss://r"}, "must be set together"),
        ({"REDIS_CERT_FILE": __file__, "REDIS_KEY_FILE": __file__}, "needs TLS"),
        (
            {"REDIS_SENTINEL_USERNAME": "samehand", "REDIS_URL": "sentinel://s/main"},
            "needs SAMEHAND_REDIS_SENTINEL_PASSWORD_FILE",
        ),
        ({"REDIS_SENTINEL_PASSWORD_FILE": __file__}, "needs sentinel://"),
        ({"BANDS": "{"}, "must be JSON"),
        ({"BANDS": '{"spam": {"likely": 0.5, "possible": 0.7}}'}, "possible must not be above likely"),
        ({"PEPPER_FILE": "/no/such/file"}, "does not point to a file"),
        ({"TOPIC_PREFIX": "a b"}, "match pattern"),
    ],
)
def test_what_does_not_fit_is_refused(variables: dict[str, str], reason: str) -> None:
    assert reason in " ".join(refusal(**variables).values())


def test_a_typing_error_is_seen_and_put_right() -> None:
    variables = {"SAMEHAND_SHADOWS": "1", "SAMEHAND_SHADOW": "1", "HOME": "/"}
    assert unknown_names(variables, Settings) == {"SAMEHAND_SHADOWS": "SAMEHAND_SHADOW"}


@for_each("url", ["http://collector:4318/v1/traces", "https://[::1]:4318/v1/traces", ""])
def test_traces_go_to_an_address(url: str) -> None:
    assert load({"SAMEHAND_TRACES_URL": url}).traces_url == url


@for_each("url", ["collector:4317", "http://me:hunter2@collector/v1/traces", "http://", "ftp://x"])
def test_traces_go_to_no_other_and_its_secret_is_not_told(url: str) -> None:
    faults = refusal(TRACES_URL=url)
    assert list(faults) == ["SAMEHAND_TRACES_URL"]
    assert "hunter2" not in str(faults)
