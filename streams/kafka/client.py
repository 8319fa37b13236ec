"""Clients of kafka-python, for everything synchronous: topics, letters, enrolment, rebuilding.

kafka-python ships no types, so the parts that are used are typed here as protocols.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final, Generic, Protocol, TypeVar, cast

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
from kafka.consumer import fetcher as kafka_fetcher  # type: ignore[import-untyped]  # ships no types
from kafka.errors import KafkaError  # type: ignore[import-untyped]  # kafka-python ships no types

from streams.errors import BrokerRefused, BrokerUnavailable, BrokerUnreachable
from streams.kafka.access_tokens import BlockingTokens, tokens_of
from streams.kafka.bounded_batches import bound_batches
from streams.outcomes import Arrival
from streams.settings import Settings

ANSWER_MS: Final = 10_000
"""A broker that does not answer for so long is reported, not waited for: a person is watching."""

REACH_SECONDS: Final = 3.0
"""For all addresses together to accept a connection, at least one second each. kafka-python would try for
:data:`ANSWER_MS`, and name neither address nor reason."""

OFFSETS_MS: Final = 3 * ANSWER_MS
"""For offsets, three requests: on a busy machine the first may be cut off (:data:`ANSWER_MS`)."""

POLL_MS: Final = 500

RECONNECT_MS_MAX: Final = 1_000
"""Between two tries to reach a broker that is away. By default kafka-python comes to wait half a minute, and
so long after it was back nobody would have noticed."""

T = TypeVar("T")

bound_batches(kafka_fetcher)


class KafkaAdmin(Protocol):
    """What is used of `KafkaAdminClient`."""

    def create_topics(self, new_topics: Mapping[str, Any], *, raise_errors: bool) -> dict[str, Any]:
        """Create topics; the answer lists each with its error code."""
        ...

    def describe_topics(self, topics: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Partitions of topics; an unknown one has an error code."""
        ...

    def describe_configs(self, config_resources: Sequence[Any], *, config_filter: str) -> dict[str, Any]:
        """Configuration by kind and name."""
        ...

    def describe_groups(self, group_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """State of consumer groups, and what we may do with them; one that never was is `Dead`."""
        ...

    def list_groups(self) -> list[dict[str, Any]]:
        """The groups that we may see, by their `group_id`."""
        ...

    def close(self) -> None: ...


class Confirmation(Protocol):
    """A record on its way."""

    def get(self, timeout: float) -> Any:
        """Wait until the broker has it; raises when it has not after `timeout` seconds."""
        ...


class Writer(Protocol):
    """What is used of `KafkaProducer`."""

    def send(
        self, topic: str, *, value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes]]
    ) -> Confirmation: ...

    def close(self) -> None: ...


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context for brokers; None for plain text. Raises `OSError` for unusable certificates."""
    if not settings.kafka_tls:
        return None
    trusted = str(settings.kafka_ca_file) if settings.kafka_ca_file else None
    context = ssl.create_default_context(cafile=trusted)
    if settings.kafka_cert_file:
        context.load_cert_chain(settings.kafka_cert_file, settings.kafka_key_file)
    return context


def login_options(settings: Settings) -> dict[str, Any]:
    """How an aiokafka client identifies itself. Raises `SettingsError`, `OSError` for certificates."""
    context = tls_context(settings)
    transport = "PLAINTEXT" if context is None else "SSL"
    options: dict[str, Any] = {
        "client_id": settings.kafka_group,
        "ssl_context": context,
        "security_protocol": transport,
    }
    if settings.kafka_sasl_mechanism is not None:
        options |= {
            "security_protocol": f"SASL_{transport}",
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_secret(),
            "sasl_oauth_token_provider": tokens_of(settings),
        }
    return options


def client_options(settings: Settings) -> dict[str, Any]:
    """What every kafka-python client needs to connect."""
    login = login_options(settings)
    if tokens := login.get("sasl_oauth_token_provider"):
        login["sasl_oauth_token_provider"] = BlockingTokens(tokens)
    return {
        **login,
        "bootstrap_servers": list(settings.kafka_brokers),
        "bootstrap_timeout_ms": ANSWER_MS,
        "request_timeout_ms": ANSWER_MS,
        "reconnect_backoff_max_ms": RECONNECT_MS_MAX,
    }


@contextmanager
def translated() -> Iterator[None]:
    """Turn what kafka-python raises into `BrokerUnavailable` or `BrokerRefused`, quoting no record."""
    try:
        yield
    except (KafkaError, OSError) as fault:
        refused = isinstance(fault, KafkaError) and not fault.retriable
        kind = BrokerRefused if refused else BrokerUnavailable
        raise kind(f"Kafka: {type(fault).__name__}") from fault


def _reach(settings: Settings) -> None:
    """Returns once one of the addresses accepts a connection. Raises `BrokerUnreachable`."""
    addresses, faults = settings.kafka_brokers, []
    for address in addresses:
        host, _, port = address.rpartition(":")
        try:
            share = max(1.0, REACH_SECONDS / len(addresses))
            socket.create_connection((host.strip("[]"), int(port)), share).close()
        except OSError as fault:
            faults.append(f"{address} ({fault.strerror or 'no answer'})")
        else:
            return
    raise BrokerUnreachable(f"Kafka: nothing listens at {', '.join(faults)}")


@contextmanager
def admin(settings: Settings) -> Iterator[KafkaAdmin]:
    """An admin client, closed afterwards. Raises `BrokerUnavailable`."""
    _reach(settings)
    with translated():
        client = cast(KafkaAdmin, kafka.KafkaAdminClient(**client_options(settings)))
        try:
            yield client
        finally:
            client.close()


@contextmanager
def writer(settings: Settings) -> Iterator[Writer]:
    """A producer whose records are on all replicas once confirmed. Raises `BrokerUnavailable`."""
    _reach(settings)
    with translated():
        client = cast(
            Writer,
            kafka.KafkaProducer(
                **client_options(settings),
                acks="all",
                allow_auto_create_topics=False,
                enable_idempotence=True,
                delivery_timeout_ms=2 * ANSWER_MS,
                max_block_ms=ANSWER_MS,
            ),
        )
        try:
            yield client
        finally:
            client.close()


class TopicReader:
    """Reads topics from start to their present end. It joins no group and commits nothing.

    ``grouped``: whether it names the workers' group, whose commits :meth:`committed` reads; a program that
    only reads records needs no right to the group.
    """

    def __init__(self, settings: Settings, *, grouped: bool = False) -> None:
        self._client: Any = kafka.KafkaConsumer(
            **client_options(settings),
            group_id=settings.kafka_group if grouped else None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
        )

    def partitions(self, topic: str) -> list[int]:
        """The partitions of a topic; empty when there is no such topic."""
        return sorted(self._client.partitions_for_topic(topic) or ())

    def end(self, topic: str, partition: int) -> int:
        """The offset after the last record. Raises `BrokerRefused` for a partition that does not exist."""
        if partition not in self.partitions(topic):
            raise BrokerRefused(f"there is no partition {partition} of {topic}")
        where = kafka.TopicPartition(topic, partition)
        return int(self._client.end_offsets([where], OFFSETS_MS)[where])

    def committed(self, topic: str, partition: int) -> int:
        """The offset up to which the workers' group has acknowledged a partition, 0 for nothing yet."""
        return int(self._client.committed(kafka.TopicPartition(topic, partition)) or 0)

    def ends(self, topic: str) -> dict[int, int]:
        """The offsets after the last records, by partition; empty when there is no such topic."""
        places = [kafka.TopicPartition(topic, partition) for partition in self.partitions(topic)]
        return {
            place.partition: int(end) for place, end in self._client.end_offsets(places, OFFSETS_MS).items()
        }

    def acknowledged(self, topic: str) -> dict[int, int]:
        """The offsets up to which no record waits for the workers' group: they are read, or expired."""
        places = [kafka.TopicPartition(topic, partition) for partition in self.partitions(topic)]
        firsts = self._client.beginning_offsets(places, OFFSETS_MS)
        return {
            place.partition: max(int(firsts[place]), self.committed(topic, place.partition))
            for place in places
        }

    def offset_at(self, topic: str, partition: int, moment: float) -> int:
        """The offset of the first record written at a moment (Unix seconds) or later, else the end."""
        where = kafka.TopicPartition(topic, partition)
        times = {where: int(moment * 1000)}
        first = self._client.offsets_for_times(times, OFFSETS_MS).get(where)
        return self.end(topic, partition) if first is None else int(first.offset)

    def read(self, topic: str, partition: int, since: int | None = None) -> Iterator[Arrival]:
        """The records from offset `since` (by default the earliest kept) up to the present end, in order.

        Raises `BrokerUnavailable` where none comes any more: kafka-python polls on for ever, and neither a
        worker's start nor a desk's stop would end.
        """
        where = kafka.TopicPartition(topic, partition)
        end = self.end(topic, partition)
        first = int(self._client.beginning_offsets([where], OFFSETS_MS)[where])
        position = max(first, since or 0)
        self._client.assign([where])
        self._client.seek(where, position)
        moved_at = time.monotonic()
        while position < end:
            for record in self._client.poll(timeout_ms=POLL_MS).get(where, ()):
                if record.offset < end:
                    yield arrival_of(record)
            # A compacted or transactional topic has offsets without records; the position passes them.
            before, position = position, int(self._client.position(where))
            if position > before:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > 2 * ANSWER_MS / 1000:  # a request, and another one
                raise BrokerUnavailable(f"Kafka: no record of {topic} came for {2 * ANSWER_MS / 1000:g} s")

    def close(self) -> None:
        self._client.close()


@contextmanager
def reader(settings: Settings, *, grouped: bool = False) -> Iterator[TopicReader]:
    """A `Reader`, closed afterwards. Raises `BrokerUnavailable`."""
    _reach(settings)
    with translated():
        opened = TopicReader(settings, grouped=grouped)
        try:
            yield opened
        finally:
            opened.close()


class Closing(Protocol):
    """A client that can be closed."""

    def close(self) -> None: ...


Client = TypeVar("Client", bound=Closing)


class Kept(Generic[Client]):
    """A client for a question that is asked again and again: its connections stay.

    It is made with the first question, and anew with the one after a failure. May be asked from any thread;
    questions wait for each other.
    """

    def __init__(self, make: Callable[[], Client]) -> None:
        self._make = make
        self._turn = Lock()
        self._client: Client | None = None

    def ask(self, question: Callable[[Client], T]) -> T:
        """The answer. Raises `BrokerUnavailable`, `BrokerRefused`."""
        with self._turn, translated():
            if self._client is None:
                self._client = self._make()
            try:
                return question(self._client)
            except Exception:
                self._hang_up()
                raise

    def close(self) -> None:
        """Disconnect, once a question that is being asked has its answer. The next one connects again."""
        with self._turn:
            self._hang_up()

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def kept_admin(settings: Settings) -> Kept[KafkaAdmin]:
    return Kept(lambda: cast(KafkaAdmin, kafka.KafkaAdminClient(**client_options(settings))))


def kept_reader(settings: Settings) -> Kept[TopicReader]:
    """A reader that is kept. A question must read its records before it returns."""
    return Kept(lambda: TopicReader(settings))


def config_resource(topic: str) -> Any:
    """What `describe_configs` wants for a topic."""
    return kafka.admin.ConfigResource(kafka.admin.ConfigResourceType.TOPIC, topic)


def error_name(code: int) -> str:
    """Kafka's name of an error code, "" for none."""
    lookup = cast(Callable[[int], Any], kafka.errors.for_code)
    return "" if code == 0 else str(lookup(code).__name__)


def arrival_of(record: Any) -> Arrival:
    """A record of kafka-python as ours."""
    return Arrival(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers or ()),
        timestamp=record.timestamp / 1000.0,
    )
