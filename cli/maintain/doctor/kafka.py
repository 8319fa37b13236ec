"""What ``doctor`` sees of Kafka: what a worker asks before it joins its group, by the same code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import Final, ParamSpec

from agents.runtime.former_weights import former_weights_fault
from agents.runtime.store_factory import expected_epoch
from cli.maintain.doctor.events import look_at_events
from cli.maintain.doctor.findings import DoctorFinding, fine, is_wrong, of_start, warning, wrong
from report.text import visible
from streams.deadletters.control_topic import stopped_topics
from streams.deadletters.limit import bound_of
from streams.errors import BrokerRefused, StreamsError
from streams.faust_app.start_checks import BESIDE_CURE, beside, kafka_fault, refused_by_kafka
from streams.kafka import topics
from streams.settings import Settings

P = ParamSpec("P")
_CURES: Final[dict[str, str]] = {
    "partitions": "set SAMEHAND_TOPIC_PARTITIONS to what there is, or add partitions",
    "forbidden": "`samehand topics` writes the rights that each process needs",
    "not-compacted": "kafka-configs.sh --alter --entity-type topics --add-config cleanup.policy=compact",
    "compacted": "kafka-configs.sh --alter --entity-type topics --add-config cleanup.policy=delete",
    "retention": "set retention.ms, unless the difference is intended",
}


def _answering(find: Callable[P, Iterable[DoctorFinding]]) -> Callable[P, list[DoctorFinding]]:
    """Lists what a function finds on a broker; that it stops answering is the only finding then."""

    @wraps(find)
    def found(*args: P.args, **kwargs: P.kwargs) -> list[DoctorFinding]:
        try:
            return list(find(*args, **kwargs))
        except BrokerRefused as refusal:
            return [of_start(refused_by_kafka(refusal))]
        except (StreamsError, OSError) as fault:
            return [wrong("Kafka", str(fault), "accepted the login, then stopped answering: see its log")]

    return found


@_answering
def look_at_kafka(settings: Settings) -> Iterator[DoctorFinding]:
    """Checks whether a broker takes us, how topics differ from what they should be, and which stand still."""
    about_topics = look_at_topics(settings, None, "all there, set up as they should be")
    yield from about_topics
    if is_wrong(about_topics, "Kafka"):
        return
    if group_fault := topics.group_fault(settings):
        yield wrong("group", group_fault, "allow it, or set SAMEHAND_KAFKA_GROUP to one that is")
    if others := topics.other_workers(settings):
        state = wrong if settings.shadow else warning  # a worker in shadow would not start
        yield state("group", beside(others), BESIDE_CURE)
    yield from _of_stopped(settings)
    if (fault := former_weights_fault(settings)) is not None:
        yield of_start(fault)
    yield from look_at_events(settings)


@_answering
def look_at_topics(
    settings: Settings, wanted: Sequence[topics.TopicSpec] | None, words: str
) -> Iterator[DoctorFinding]:
    """Checks whether a broker takes us, and how topics that a process needs differ from what they should be.

    `wanted`: by default what a worker needs; `words`: what it may do with them if nothing differs.
    """
    if (fault := kafka_fault(settings)) is not None:
        yield of_start(fault)
        return
    checked = topics.check(settings, wanted)
    yield fine("Kafka", f"reachable at {', '.join(settings.kafka_brokers)}")
    yield from (of_topic(finding) for finding in checked if finding.kind != "missing")
    if missing := [finding for finding in checked if finding.kind == "missing"]:
        yield from of_missing(missing, settings)
    if not checked:
        yield fine("topics", words)


def noted_epoch(settings: Settings) -> str:
    """The epoch that the store should have by what Kafka knows.

    "" for none, or where Kafka does not answer, which another finding reports.
    """
    try:
        return expected_epoch(settings)
    except StreamsError:
        return ""


def _of_stopped(settings: Settings) -> Iterator[DoctorFinding]:
    """Topics on which a worker that starts would stand still."""
    bound = bound_of(settings).terms
    for topic, stop in stopped_topics(settings).items():
        if stop.bound == bound:
            cure = f"`samehand letters list --topic {topic}` says why; then `samehand letters resume {topic}`"
            yield wrong(f"topic {topic}", f"stopped: {visible(stop.why, 300)}", cure)
        else:
            words = "was stopped under another limit of dead letters; the next worker to start resumes it"
            yield warning(f"topic {topic}", words)


def of_topic(finding: topics.TopicFinding) -> DoctorFinding:
    """What is wrong with a topic, and how that is mended, by its kind."""
    state = wrong if finding.blocks else warning
    return state(f"topic {finding.topic}", finding.detail, _CURES.get(finding.kind, ""))


def of_missing(missing: Sequence[topics.TopicFinding], settings: Settings) -> Iterator[DoctorFinding]:
    """Topics that are not there: in one finding those of others, in another ours."""
    ours = set(vars(topics.names(settings)).values())
    if sources := ", ".join(finding.topic for finding in missing if finding.topic not in ours):
        cure = "nobody here creates them: correct their names, or wait until your platform created them"
        yield wrong("topics", f"missing: {sources}", cure)
    if called := ", ".join(finding.topic for finding in missing if finding.topic in ours):
        if settings.topic_create:
            cure = "the process that needs them creates them when it starts"
            yield warning("topics", f"not there yet: {called}", cure)
        else:
            cure = "create them (`samehand topics`), or set SAMEHAND_TOPIC_CREATE=true"
            yield wrong("topics", f"missing: {called}", cure)
