"""Records in: each checked as on its topic, and accepted once Kafka has acknowledged it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import msgspec
from msgspec.structs import replace

from gate.answers import Became, IntakeReport
from schemas.decoding import faults
from schemas.internal.related import RelatedAsked
from schemas.malformed import Malformed
from schemas.mapping.fields import TARGETS, Kind
from schemas.mapping.mapper import Mapped, NotMapped
from schemas.verdicts import VerdictGiven
from schemas.wire import Decoded, Decoder, decode_verdict, encode
from streams.delivery.publisher import Publisher
from streams.errors import BrokerRefused, BrokerUnavailable, RecordTooLarge, StreamsError, Transient
from streams.kafka.mapped_topics import topic_of
from streams.kafka.topics import Names
from streams.outcomes import Emit

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

RECORDS_MAX: Final = 1_000
"""Of one request: of plain sign-ups a MiB holds two thousand, which take a tenth of a second to check."""

CHECKED_AT_ONCE: Final = 20
"""Records between which calls to score have their turn: some two milliseconds of their 150."""

PUBLISH_SECONDS: Final = 10.0
"""How long a request waits for Kafka at most, with all of its records; a new leader takes some five."""

Away = Literal["kafka-away", "kafka-refuses"]

_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_TOO_MANY: Final = Malformed("too-many", "$", f"more than {RECORDS_MAX} records")
_TOO_LARGE: Final = Malformed("too-large", "$", "Kafka takes no record of this size on its topic")
_AGAIN: Final = "Kafka did not confirm it in time: send it again"
_NOBODY: Final = Malformed("empty", "$", "no record")
NOT_ALLOWED: Final = Malformed(
    "not-allowed", "$.platform", "the key may not publish this kind of event for it"
)


@dataclass(frozen=True, slots=True)
class IntakeOutcome:
    """What became of a request's records; ``away`` where Kafka does not take some that could be read."""

    report: IntakeReport
    away: Away | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """Publishes the events of a request. ``now`` is in Unix seconds."""

    publisher: Publisher
    topics: Names
    now: Callable[[], float]
    of_kind: dict[Kind, str] = field(init=False)

    def __post_init__(self) -> None:
        """Where each kind of record goes."""
        object.__setattr__(self, "of_kind", topic_of(self.topics))

    async def events(
        self,
        kind: Kind,
        raw: bytes,
        counted: Callable[[int], None] = lambda records: None,
        may: Callable[[str], bool] = lambda platform: True,
    ) -> IntakeOutcome | Malformed:
        """Publishes one event or an array of them; a value says why the body is neither.

        `counted` gets the number of records before any is published, and raises to refuse them all;
        `may` says for which platforms the caller publishes.
        """
        topic = self.of_kind[kind]

        def emit(event: Any) -> Emit | None:
            return Emit(topic, event.key.encode(), encode(event)) if may(event.platform) else None

        return await self._taken(raw, TARGETS[kind].decode, emit, counted)

    async def verdicts(self, raw: bytes, counted: Callable[[int], None]) -> IntakeOutcome | Malformed:
        """The same of verdicts. Those on one alert keep their order."""
        topic = self.topics.verdicts

        def emit(verdict: VerdictGiven) -> Emit:
            return Emit(topic, verdict.alert_id.encode(), encode(verdict))

        return await self._taken(raw, decode_verdict, emit, counted)

    async def decided(self, verdict: VerdictGiven) -> IntakeOutcome:
        """A verdict that was made of somebody's webhook."""
        emit = Emit(self.topics.verdicts, verdict.alert_id.encode(), encode(verdict))
        return await self._published([(_accepted(Decoded(verdict)), emit)])

    async def noted(self, asked: RelatedAsked) -> Away | None:
        """Publishes that a question was asked. Returns why Kafka has no record of it, None where it has."""
        emit = Emit(self.topics.gate_audit, asked.key.encode(), encode(asked))
        outcome = await self._published([(_accepted(Decoded(asked)), emit)])
        return None if outcome.report.accepted else outcome.away or "kafka-refuses"

    async def mapped(self, result: Mapped | NotMapped | Malformed) -> IntakeOutcome | Malformed:
        """What a mapping made of a foreign record."""
        if isinstance(result, Malformed):
            return result
        if isinstance(result, NotMapped):
            return IntakeOutcome(IntakeReport(accepted=0, refused=0, records=()))
        record = result.found.record
        emit = Emit(self.of_kind[result.kind], record.key.encode(), encode(record))
        return await self._published([(_accepted(result.found), emit)])

    async def _taken(
        self,
        raw: bytes,
        decode: Decoder[Any],
        emit: Callable[[Any], Emit | None],
        counted: Callable[[int], None],
    ) -> IntakeOutcome | Malformed:
        several = _several(raw)
        if isinstance(several, Malformed):
            return several
        counted(len(several))
        now = self.now()
        whole = []
        for place, element in enumerate(several):
            if place and place % CHECKED_AT_ONCE == 0:
                await asyncio.sleep(0)
            whole.append(decode(element, now=now))
        records: list[tuple[Became, Emit | None]] = []
        for outcome in whole:
            if isinstance(outcome, Malformed):
                records.append((_refused(outcome), None))
            elif (message := emit(outcome.record)) is None:
                records.append((_refused(NOT_ALLOWED), None))
            else:
                records.append((_accepted(outcome), message))
        return await self._published(records)

    async def _published(self, records: Sequence[tuple[Became, Emit | None]]) -> IntakeOutcome:
        """Each record for itself: one that Kafka refuses costs the others of its request nothing."""
        fates = iter(await self._fates([emit for _, emit in records if emit is not None]))
        became: list[Became] = []
        away: Away | None = None
        for answer, emit in records:
            match None if emit is None else next(fates):
                case None:
                    became.append(answer)
                case RecordTooLarge():
                    became.append(_refused(_TOO_LARGE))
                case fault:
                    away = "kafka-refuses" if isinstance(fault, BrokerRefused) else "kafka-away"
                    became.append(replace(answer, accepted=False, reason=away, detail=_AGAIN))
        accepted = sum(record.accepted for record in became)
        return IntakeOutcome(
            IntakeReport(accepted=accepted, refused=len(became) - accepted, records=tuple(became)), away
        )

    async def _fates(self, emits: Sequence[Emit]) -> list[StreamsError | None]:
        """What became of each, None where Kafka has it; for all of them within `PUBLISH_SECONDS`."""
        fates: list[StreamsError | None] = [
            BrokerUnavailable("was not sent, or not confirmed in time")
        ] * len(emits)
        waiting: dict[asyncio.Future[object], int] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(PUBLISH_SECONDS):
                for place, emit in enumerate(emits):
                    try:
                        waiting[asyncio.ensure_future(await self.publisher.send(emit))] = place
                    except BrokerRefused as fault:
                        fates[place] = fault
                    except Transient:
                        break  # nor would it take the rest, and each would wait for as long
                await asyncio.gather(*waiting, return_exceptions=True)
        for confirmation, place in waiting.items():
            if confirmation.cancelled():
                continue
            failure = confirmation.exception()
            if failure is not None and not isinstance(failure, (Transient, BrokerRefused)):
                raise failure
            fates[place] = failure
        return fates


def _several(raw: bytes) -> Sequence[bytes] | Malformed:
    """The records of a body, each as its bytes."""
    if not raw.strip():
        return _NOBODY
    if not raw.lstrip().startswith(b"["):
        return [raw]
    try:
        raw.decode()
        elements = _ELEMENTS.decode(raw)
    except UnicodeDecodeError:
        return Malformed("not-utf8", "$", "not UTF-8")
    except RecursionError:
        return Malformed("nested-too-deep", "$", "nested too deep")
    except msgspec.MsgspecError:
        return faults.from_syntax(raw)
    if not elements:
        return _NOBODY
    return _TOO_MANY if len(elements) > RECORDS_MAX else [bytes(element) for element in elements]


def _accepted(decoded: Decoded[Any]) -> Became:
    event_id: str | None = getattr(decoded.record, "event_id", None)
    unusable = tuple(f"{value.field}: {value.reason}" for value in decoded.unusable)
    return Became(accepted=True, event_id=event_id, unusable=unusable)


def _refused(fault: Malformed) -> Became:
    return Became(accepted=False, reason=fault.reason, path=fault.path, detail=fault.detail)
