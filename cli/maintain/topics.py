"""``samehand topics``: topics, retention and rights, for those who set up Kafka by tools of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

import click

from agents.runtime import bridge
from cli import output
from cli.options import option
from deliver.process import GROUP_INFIX
from desk.settings import DeskSettings, load
from report.topics import FORMATS, Grant, TopicPlan
from streams.kafka import topics
from streams.kafka.mapped_topics import mappings_of
from streams.kafka.topics import PUBLISHED, TopicSpec

FEATURES: Final = ("desk", "gate", "deliver", "bridge", "appeals", "shadow", "sample")
PROCESSES: Final = ("worker", *FEATURES[:4], "platform", "moderation", "operator")

_OPERATED: Final = "scanned alerts verdicts appeals enrolled letters control"
"""What operators write beside events: scans, verdicts, and the records of dead letters again."""


def _names(given: str, known: Sequence[str]) -> list[str]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    if odd := sorted(set(names).difference(known)):
        raise click.BadParameter(f"{', '.join(odd)}: choose from {', '.join(known)}")
    return names


@click.command("topics")
@option("--format", "How to write them.", click.Choice(list(FORMATS)), "form", default="sh")
@option("--features", f"What you run beside workers, separated by commas: {', '.join(FEATURES)}.", default="")
@option(
    "--principal",
    "What Kafka calls a process; by default User:PROCESS.",
    multiple=True,
    metavar="PROCESS=NAME",
)
@output.json_option
def command(form: str, features: str, principal: tuple[str, ...]) -> int:
    """Write Kafka's topics and rights for the features that you run. Connects to nothing.

    Topics come with partitions, retention and compaction; rights are the least of worker, desk, gate, deliver
    and bridge, of the platform, which publishes events, of moderation, which reads alerts, and of the
    operator, who runs samehand's commands. Names, partitions and replicas are those of your settings; while
    SAMEHAND_TOPIC_CREATE is true, processes may create their topics. A bridge needs SAMEHAND_MAPPINGS.
    `terraform` is for the provider Mongey/kafka, `yaml` for Strimzi.

    \b
    Examples:
      samehand topics | sh -s -- --bootstrap-server kafka:9092
      samehand topics --format terraform --features desk,gate > topics.tf.json
      samehand topics --format yaml --principal worker=User:CN=worker
    """
    chosen = _names(features, FEATURES)
    called = {process: name for process, _, name in (each.partition("=") for each in principal)}
    _names(",".join(called), PROCESSES)
    settings = load()
    wanted = _wanted(settings, chosen)
    names = {spec.name for specs in wanted.values() for spec in specs}
    every = topics.every(settings)
    ours = [spec for spec in every.values() if spec.name in names]
    for process, read, write in (
        ("platform", "", PUBLISHED),
        ("moderation", "alerts waves", ""),
        ("operator", " ".join(every), f"{PUBLISHED} {_OPERATED}"),
    ):
        specs = topics.allowed(settings, read=read, write=write)
        wanted[process] = [spec for spec in specs if spec.name in names]
    grants = [grant for process, specs in wanted.items() for grant in _grants(process, specs, settings)]
    principals = {process: called.get(process, f"User:{process}") for process in wanted}
    written = FORMATS[form](TopicPlan(ours, settings.topic_replication, grants, principals))
    click.echo(json.dumps({"format": form, "written": written}) if output.wants_json() else written)
    return 0


def _wanted(settings: DeskSettings, chosen: Sequence[str]) -> dict[str, Sequence[TopicSpec]]:
    """Returns the topics that each running process needs, with its rights on them."""
    appeals = "appeals" in chosen
    shadow, sample = settings.shadow or "shadow" in chosen, settings.sample_share or float("sample" in chosen)
    workers = settings.model_copy(update={"shadow": shadow, "sample_share": sample})
    wanted: dict[str, Sequence[TopicSpec]] = {"worker": topics.wanted(workers)}
    if "desk" in chosen:
        wanted["desk"] = topics.wanted_by_desk(settings, appeals=appeals)
    if "gate" in chosen:
        wanted["gate"] = topics.wanted_by_gate(settings)
    if "deliver" in chosen:
        wanted["deliver"] = topics.wanted_by_deliver(settings, waves=True, appeals=appeals)
    if "bridge" in chosen:
        wanted["bridge"] = bridge.topics_of(settings, mappings_of(settings))
    return wanted


def _grants(process: str, specs: Sequence[TopicSpec], settings: DeskSettings) -> Iterator[Grant]:
    own = [] if process in ("platform", "moderation") else [spec for spec in specs if not spec.foreign]
    operations = {
        "Read": [spec for spec in specs if "READ" in spec.rights],
        "Write": [spec for spec in specs if "WRITE" in spec.rights],
        "DescribeConfigs": own,  # bans that are not compacted get lost: who starts looks
        "Create": own if settings.topic_create else [],
    }
    for operation, on in operations.items():
        yield from (Grant(process, operation, "topic", spec.name) for spec in on)
    group = settings.kafka_group
    groups = {
        "worker": group,
        "bridge": group + bridge.GROUP_SUFFIX,
        "deliver": group + GROUP_INFIX,  # and the endpoint's name
        "moderation": "moderation",
        "operator": group,
    }
    if process in groups:
        operation = "Describe" if process == "operator" else "Read"  # how far the workers are
        yield Grant(process, operation, "group", groups[process], prefixed=process == "deliver")
