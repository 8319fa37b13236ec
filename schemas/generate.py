"""JSON Schema of each topic's records, written to `schemas/json/` by `python -m schemas.generate`.

The files are for other people's producers and consumers; our own decoders use the structs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from schemas.examples import EXAMPLES
from schemas.record import Record

FOLDER: Final = Path(__file__).parent / "json"

RECORDS: Final[dict[str, tuple[type[Record], ...]]] = {
    topic: tuple(dict.fromkeys(map(type, examples))) for topic, examples in EXAMPLES.items()
}
"""Records by topic (without prefix), each of which has an example."""


def schema(topic: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what a message of `topic` may be."""
    references, definitions = msgspec.json.schema_components(RECORDS[topic], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:samehand:{topic}:1",
        "title": topic,
        "anyOf": list(references),
        "$defs": dict(sorted(definitions.items())),
        "examples": msgspec.to_builtins(EXAMPLES[topic]),
    }


def render(topic: str) -> bytes:
    """The schema as the bytes of its file."""
    return msgspec.json.format(msgspec.json.encode(schema(topic)), indent=2) + b"\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for topic in RECORDS:
        (FOLDER / f"{topic}.json").write_bytes(render(topic))


if __name__ == "__main__":
    main()
