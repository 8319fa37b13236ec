"""What the desk asks a gate, and what it does with whatever comes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from desk.related import ANSWER_BYTES_MAX, GateAway, GateBusy, GateClient, gate_client
from schemas.internal.related import RelatedAccount, RelatedAnswer
from streams.errors import SettingsError
from streams.settings import load
from tests.deliver.receiver import Answer, Receiver, receiving

LIKE = {"platform": "x", "account_id": "7", "standing": "banned", "agrees": ["device"], "probability": 0.02}
ANSWER = json.dumps({"standing": "remembered", "related": [LIKE]}).encode()


@pytest.fixture
def gate() -> Iterator[Receiver]:
    with receiving() as receiver:
        receiver.answer = lambda request: Answer(200, body=ANSWER)
        yield receiver


@pytest.fixture
async def client(gate: Receiver, tmp_path: Path) -> AsyncIterator[GateClient]:
    (tmp_path / "key").write_text("samehand_key\n")
    address = urlsplit(gate.url)
    made = gate_client(
        load(
            {
                "SAMEHAND_DESK_GATE_URL": f"http://{address.netloc}/",
                "SAMEHAND_DESK_GATE_KEY_FILE": str(tmp_path / "key"),
            }
        )
    )
    assert made is not None
    yield made
    await made.close()


async def test_question_names_reader_and_purpose_under_the_desks_key(
    client: GateClient, gate: Receiver
) -> None:
    found = await client.related("x", "1/2", "appeal", "u-1")
    like = RelatedAccount(
        platform="x", account_id="7", standing="banned", agrees=("device",), probability=0.02
    )
    assert found == RelatedAnswer(standing="remembered", related=(like,))
    [request] = gate.requests
    assert (request.path, request.headers["authorization"]) == ("/v1/related", "Bearer samehand_key")
    assert request.json == {"platform": "x", "account_id": "1/2", "purpose": "appeal", "reader": "u-1"}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(429, {"Retry-After": "90"}), GateBusy(90)),
        (Answer(429, {"Retry-After": "soon"}), GateBusy(1)),
        (Answer(429, {"Retry-After": "9" * 9}), GateBusy(3_600)),
        (Answer(401), GateAway()),
        (Answer(503, {"Retry-After": "5"}), GateAway()),
        (Answer(302, {"Location": "http://127.0.0.1:1/"}), GateAway()),
        (Answer(200, body=b"<html>"), GateAway()),
        (Answer(200, body=b'{"standing": "friend", "related": []}'), GateAway()),
        (Answer(200, body=b" " * ANSWER_BYTES_MAX + ANSWER), GateAway()),
    ],
)
async def test_answer_that_is_none_shows_nobody(
    client: GateClient, gate: Receiver, answer: Answer, outcome: GateBusy | GateAway
) -> None:
    gate.answer = lambda request: answer
    assert await client.related("x", "1", "appeal", "u-1") == outcome


def test_gate_without_a_key_is_a_fault_of_the_settings() -> None:
    assert gate_client(load({})) is None
    with pytest.raises(SettingsError, match="DESK_GATE_KEY_FILE"):
        gate_client(load({"SAMEHAND_DESK_GATE_URL": "http://gate:6070"}))
