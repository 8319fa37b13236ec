"""Writes `docs/asyncapi.json` anew: every topic as an AsyncAPI 3 document, from records and settings.

Run ``python -m tools.asyncapi``; a test fails while the file is not what this would write. Names, partitions,
clean-up and retention are those of the default settings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec

from schemas.alert_headers import ALERT_HEADERS
from schemas.examples import EXAMPLES
from schemas.generate import RECORDS
from streams.kafka.topics import TopicSpec, allowed, names, wanted, wanted_by_gate
from streams.settings import load

FILE: Final = Path(__file__).parent.parent / "docs" / "asyncapi.json"

_CALLED: Final = names(load({}))

DESCRIPTIONS: Final = {
    _CALLED.created: "New accounts, as the platform publishes them: scored, then remembered.",
    _CALLED.updated: "Changes of accounts: scored again.",
    _CALLED.remembered: "Accounts that were there before: remembered without a look-up.",
    _CALLED.scanned: "Accounts of a list: scored, and neither remembered nor counted.",
    _CALLED.deleted: "Accounts that are gone: forgotten.",
    _CALLED.banned: "Bans; without a value: the ban of this key is forgotten. The store is made from here.",
    _CALLED.reinstated: "Bans that were lifted: forgotten, and their alerts withdrawn.",
    _CALLED.actioned: "What platforms did about accounts: of one `event_id` the latest holds. Desks read it.",
    _CALLED.alerts: "What moderators judge: upsert by `alert_id` and `revision`. Headers say where.",
    _CALLED.shadow: "The same while SAMEHAND_SHADOW is on: for nobody to act on.",
    _CALLED.sample: "Pairs below the bands, drawn by chance to be read blind: they tell what is missed.",
    _CALLED.state: "Which alerts are open, and which were dismissed: what a rebuilt store knows again.",
    _CALLED.waves: "New accounts that resemble each other: upsert by `wave_id` and `revision`.",
    _CALLED.verdicts: "What moderators decided: of one alert the latest by `decided_at` holds.",
    _CALLED.appeals: "What came of account holders' appeals: ids and codes alone.",
    _CALLED.enrolled: "Word from enrolment to look-back, between workers.",
    _CALLED.letters: "Records that could not be processed, with their address and the reason.",
    _CALLED.gate_audit: "What leads asked a gate, by whom and why: published before it is answered.",
    _CALLED.control: "Words of workers and operators to each other. Internal: its form may change.",
}

_TOMBSTONES: Final = {
    _CALLED.banned: "Tombstone",
    _CALLED.state: "AlertForgotten",
    _CALLED.waves: "WaveForgotten",
}
_FORGETS: Final = {_CALLED.banned: "ban", _CALLED.state: "alert", _CALLED.waves: "wave"}
_CONTROL: Final = "ControlWord"

_TRACE_HEADERS: Final = {
    "traceparent": "W3C trace context, where the event that led to it was followed.",
    "tracestate": "W3C trace state, beside `traceparent`.",
}


def document() -> dict[str, Any]:
    settings = load({"SAMEHAND_SHADOW": "true", "SAMEHAND_SAMPLE_SHARE": "1"})
    gates = [topic for topic in wanted_by_gate(settings) if not topic.foreign]
    writers = {topic.name: "A worker" for topic in wanted(settings)}
    writers |= {topic.name: "A gate" for topic in gates}
    writers |= {_CALLED.actioned: "The desk", _CALLED.appeals: "The desk"}
    desks = allowed(settings, read="actioned", write="appeals")
    topics = {topic.name: topic for topic in (*gates, *wanted(settings), *desks)}
    types = {record for records in RECORDS.values() for record in records}
    _, schemas = msgspec.json.schema_components(
        sorted(types, key=lambda record: record.__name__), ref_template="#/components/schemas/{name}"
    )
    return {
        "asyncapi": "3.0.0",
        "id": "urn:samehand",
        "info": {
            "title": "samehand",
            "version": version("samehand"),
            "description": "Finds accounts written in the same hand as a banned one."
            " Resemblance, not identity; a person decides.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": {"host": ",".join(load({}).kafka_brokers), "protocol": "kafka"}},
        "channels": {name: _channel(topic) for name, topic in topics.items()},
        "operations": {
            f"{action}.{name}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{name}"},
                "summary": f"{writers[name]} {does} {name}.",
            }
            for name, topic in topics.items()
            for right, action, does in (("READ", "receive", "reads"), ("WRITE", "send", "writes to"))
            if right in topic.rights
        },
        "components": {"messages": _messages(), "schemas": dict(sorted(schemas.items()))},
    }


def _channel(topic: TopicSpec) -> dict[str, Any]:
    configs: dict[str, Any] = {"cleanup.policy": [topic.configs["cleanup.policy"]]}
    if "retention.ms" in topic.configs:
        configs["retention.ms"] = int(topic.configs["retention.ms"])
    return {
        "address": topic.name,
        "description": DESCRIPTIONS[topic.name],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _messages_of(topic.name)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": configs,
                "bindingVersion": "0.5.0",
            }
        },
    }


def _messages_of(topic: str) -> list[str]:
    if topic == _CALLED.control:
        return [_CONTROL]
    names = [record.__name__ for record in RECORDS[_CALLED.alerts if topic == _CALLED.shadow else topic]]
    return [*names, _TOMBSTONES[topic]] if topic in _TOMBSTONES else names


def _messages() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for topic, records in RECORDS.items():
        headers = dict(ALERT_HEADERS) if topic in (_CALLED.alerts, _CALLED.sample) else {}
        for record in records:
            examples = [
                example for several in EXAMPLES.values() for example in several if type(example) is record
            ]
            made[record.__name__] = {
                "title": record.__name__,
                "summary": (record.__doc__ or "").strip().splitlines()[0],
                "headers": _headers(headers | _TRACE_HEADERS),
                "payload": {"$ref": f"#/components/schemas/{record.__name__}"},
                "bindings": _key(topic),
                "examples": [{"payload": payload} for payload in msgspec.to_builtins(examples)],
            }
    for topic, name in _TOMBSTONES.items():
        made[name] = {
            "title": name,
            "summary": f"Forgets the {_FORGETS[topic]} of its key.",
            "payload": {"type": "null"},
            "bindings": _key(topic),
        }
    made[_CONTROL] = {
        "title": _CONTROL,
        "summary": "Internal: a word to a stopped topic, of the store's epoch, or about a suspect record.",
        "payload": {"type": ["object", "null"]},
    }
    return made


def _headers(meanings: Mapping[str, str]) -> dict[str, Any]:
    """Kafka's headers, whose values are UTF-8."""
    return {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": meaning} for name, meaning in meanings.items()
        },
    }


def _key(topic: str) -> dict[str, Any]:
    """The partition key: all records of one account keep their order."""
    meaning = {
        _CALLED.letters: "The topic of the record.",
        _CALLED.state: "The `alert_id`.",
        _CALLED.waves: "The `wave_id`.",
        _CALLED.verdicts: "Any; usually the `alert_id`.",
        _CALLED.appeals: "The `alert_id`.",
    }.get(topic, "The account, `platform:account_id`.")
    return {"kafka": {"key": {"type": "string", "description": meaning}, "bindingVersion": "0.5.0"}}


def render() -> str:
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    FILE.write_text(render(), "utf-8")


if __name__ == "__main__":
    main()
