"""What the desk asks platforms and gates, and what it does with whatever comes back."""

from __future__ import annotations

import asyncio
import io
import json
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from desk.profiles import source as source_module
from desk.profiles.source import ANSWER_BYTES_MAX, Profile, ProfileSource, profile_source, redrawn
from desk.related import ANSWER_BYTES_MAX as GATE_ANSWER_BYTES_MAX
from desk.related import GateAway, GateBusy, GateClient, gate_client
from schemas.internal.related import RelatedAccount, RelatedAnswer
from streams.errors import SettingsError
from streams.settings import load
from tests.deliver.receiver import SECRET, SECRET_TEXT, Answer, Receiver, Request, receiving
from tests.tables import for_each

# What the desk asks a platform about accounts, and what it does with whatever comes back.


PATIENCE_SECONDS = 60.0
"""A busy machine must not make a profile late."""

PROFILE = {"handle": "um4r", "name": "Ümar", "bio": "news, fast", "picture_url": None}


def a_picture(side: int = 600, kind: str = "PNG") -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (side, side), "green").save(drawn, kind)
    return drawn.getvalue()


@pytest.fixture
def platform() -> Iterator[Receiver]:
    with receiving() as receiver:
        receiver.answer = lambda request: Answer(200, body=json.dumps(PROFILE).encode())
        yield receiver


@pytest.fixture
async def source(
    platform: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ProfileSource]:
    monkeypatch.setattr(source_module, "TIMEOUT_SECONDS", PATIENCE_SECONDS)
    (tmp_path / "secret").write_text(SECRET_TEXT)
    made = profile_source(
        load(
            {
                "SAMEHAND_DESK_PROFILE_SOURCE": platform.url,
                "SAMEHAND_DESK_PROFILE_SOURCE_SECRET_FILE": str(tmp_path / "secret"),
                "SAMEHAND_DESK_PROFILE_SOURCE_NETWORKS": "127.0.0.0/8",
            }
        ),
        time.time,
    )
    assert made is not None
    yield made
    await made.close()


async def test_request_is_signed_and_names_the_account_in_its_body_alone(
    source: ProfileSource, platform: Receiver
) -> None:
    assert await source.profile("x", "1/2") == Profile("shown", "um4r", "Ümar", "news, fast")
    [request] = platform.requests
    assert request.json == {"platform": "x", "account_id": "1/2"}
    assert SECRET.fault(request.headers, request.body, now=time.time()) == ""
    assert request.path == "/hooks"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(404), "gone"),
        (Answer(500), "away"),
        (Answer(302, {"Location": "http://127.0.0.1:1/"}), "away"),
        (Answer(200, body=b"<html>"), "away"),
        (Answer(200, body=b'{"handle": 7}'), "away"),
        (Answer(200, body=b'{"bio": "' + b"x" * ANSWER_BYTES_MAX + b'"}'), "away"),
        (Answer(200, {"Content-Encoding": "gzip"}, zlib.compress(b"{}")), "away"),
    ],
)
async def test_answer_that_is_no_profile_shows_none(
    source: ProfileSource, platform: Receiver, answer: Answer, outcome: str
) -> None:
    platform.answer = lambda request: answer
    assert await source.profile("x", "1") == Profile(outcome)  # type: ignore[arg-type]  # of three words


async def test_source_that_answers_too_late_is_away(
    source: ProfileSource, platform: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "TIMEOUT_SECONDS", 0.2)
    platform.answer = lambda request: Answer(200, wait_seconds=1.0)
    assert await source.profile("x", "1") == Profile("away")


async def test_source_in_a_network_that_is_not_allowed_is_never_reached(
    platform: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(SECRET_TEXT)
    source = profile_source(
        load(
            {
                "SAMEHAND_DESK_PROFILE_SOURCE": platform.url.replace("http:", "https:"),
                "SAMEHAND_DESK_PROFILE_SOURCE_SECRET_FILE": str(tmp_path / "secret"),
            }
        ),
        time.time,
    )
    assert source is not None
    assert await source.profile("x", "1") == Profile("away")
    await source.close()
    assert platform.requests == []


async def test_picture_is_fetched_and_drawn_anew(source: ProfileSource, platform: Receiver) -> None:
    def answer(request: Request) -> Answer:
        return Answer(200, body=json.dumps({**PROFILE, "picture_url": picture_url}).encode())

    platform.answer = answer
    with receiving() as pictures:
        picture_url = pictures.url
        pictures.answer = lambda request: Answer(200, body=a_picture())
        shown = await source.profile("x", "1")
    assert shown.picture is not None
    with Image.open(io.BytesIO(shown.picture)) as drawn:
        assert (drawn.format, drawn.size) == ("WEBP", (256, 256))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://[::1", "ftp://127.0.0.1/", "http://0.0.0.0:1/"]
)
async def test_words_are_shown_without_a_picture_that_cannot_be_had(
    source: ProfileSource, platform: Receiver, url: str
) -> None:
    platform.answer = lambda request: Answer(200, body=json.dumps({**PROFILE, "picture_url": url}).encode())
    assert await source.profile("x", "1") == Profile("shown", "um4r", "Ümar", "news, fast", picture_away=True)


@for_each("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_picture_of_each_kind_is_drawn_anew(kind: str) -> None:
    drawn = await redrawn(a_picture(32, kind))
    assert drawn is not None
    assert drawn.startswith(b"RIFF")


async def test_metadata_does_not_survive() -> None:
    drawn = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.new("RGB", (64, 64)).save(drawn, "JPEG", exif=exif)
    redrawn_picture = await redrawn(drawn.getvalue())
    assert redrawn_picture is not None
    assert b"secret place" in drawn.getvalue()
    assert b"secret place" not in redrawn_picture


def a_bomb() -> bytes:
    """A picture of a few kilobytes that unpacks to a gigabyte."""
    header = b"\x00\x00\x80\x00" * 2 + b"\x08\x00\x00\x00\x00"
    rows = zlib.compress(b"\x00" * (1 << 24), 9)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in chunks
    )


@for_each("image", [b"", b"<svg/>", a_picture()[:200], a_picture(2_100), a_bomb(), b"%PDF-1.7"])
async def test_bytes_that_are_no_picture_are_drawn_by_nobody(image: bytes) -> None:
    assert await redrawn(image) is None


async def test_child_ends_with_the_wait_for_it() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await redrawn(a_picture(2_000))


# What the desk asks a gate, and what it does with whatever comes back.

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
        (Answer(200, body=b" " * GATE_ANSWER_BYTES_MAX + ANSWER), GateAway()),
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
