"""JSON Schema of each topic's records, written to `schemas/json/` by `python -m schemas.generate`.

The files are for other people's producers and consumers; our own decoders use the structs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from schemas.accounts import (
    AccountBanned,
    AccountCreated,
    AccountDeleted,
    AccountReinstated,
    AccountRemembered,
    AccountScanned,
    AccountUpdated,
)
from schemas.actions import AccountActioned
from schemas.alert_state import AlertState
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.appeals import AppealDecided
from schemas.examples import EXAMPLES
from schemas.internal.enrolled import BanEnrolled
from schemas.internal.quarantine import ValueQuarantined
from schemas.internal.related import RelatedAsked
from schemas.internal.weights import WeightsAdopted
from schemas.letters import DeadLetter
from schemas.record import Record
from schemas.verdicts import VerdictGiven
from schemas.waves import WaveAlert

FOLDER: Final = Path(__file__).parent / "json"

RECORDS: Final[dict[str, tuple[type[Record], ...]]] = {
    "accounts.created": (AccountCreated,),
    "accounts.updated": (AccountUpdated,),
    "accounts.remembered": (AccountRemembered,),
    "accounts.scanned": (AccountScanned,),
    "accounts.deleted": (AccountDeleted,),
    "accounts.banned": (AccountBanned,),
    "accounts.reinstated": (AccountReinstated,),
    "accounts.actioned": (AccountActioned,),
    "alerts": (MirrorAlert, AlertSummary),
    "alerts.sample": (MirrorAlert,),
    "alerts.state": (AlertState,),
    "alerts.verdicts": (VerdictGiven,),
    "alerts.waves": (WaveAlert,),
    "appeals.decided": (AppealDecided,),
    "fingerprints.enrolled": (BanEnrolled,),
    "gate.audit": (RelatedAsked,),
    "deadletters": (DeadLetter,),
    "quarantine": (ValueQuarantined,),
    "weights": (WeightsAdopted,),
}
"""Records by topic (without prefix)."""


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
