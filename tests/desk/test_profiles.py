"""What the desk asks platforms and gates, and what it does with whatever comes back."""

from __future__ import annotations

import asyncio
import io
import json
import re
import ssl
import subprocess
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from desk.profiles import source as source_module
from desk.profiles.source import (
    ANSWER_BYTES_MAX,
    PICTURE_BYTES_MAX,
    Profile,
    ProfileSource,
    profile_source,
    redrawn,
)
from desk.related import ANSWER_BYTES_MAX as GATE_ANSWER_BYTES_MAX
from desk.related import GateAway, GateBusy, GateClient, gate_client
from desk.settings import load
from schemas.internal.related import RelatedAccount, RelatedAnswer
from streams.errors import SettingsError
from tests.certificates import make_certificates
from tests.deliver.receiver import SECRET, SECRET_TEXT, Answer, Receiver, receiving
from tests.house import ROOT
from tests.printed import blocks
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


def a_source(platform: Receiver, folder: Path, allowed: str, **more: str) -> ProfileSource:
    """The platform's endpoint on this machine, as a desk asks it."""
    (folder / "secret").write_text(SECRET_TEXT)
    made = profile_source(
        load(
            {
                "SAMEHAND_DESK_PROFILE_SOURCE": platform.url,
                "SAMEHAND_DESK_PROFILE_SOURCE_SECRET_FILE": str(folder / "secret"),
                "SAMEHAND_DESK_PROFILE_SOURCE_ALLOWED": allowed,
                **more,
            }
        ),
        time.time,
    )
    assert made is not None
    return made


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "TIMEOUT_SECONDS", PATIENCE_SECONDS)


@pytest.fixture
async def source(platform: Receiver, tmp_path: Path, patient: None) -> AsyncIterator[ProfileSource]:
    made = a_source(platform, tmp_path, "127.0.0.0/8")
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


def test_command_of_the_documentation_is_a_signed_request(platform: Receiver, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "desk.md").read_text("utf-8")
    (script,) = (block for block in blocks(page) if "webhook-signature" in block)
    (tmp_path / "profiles.secret").write_text(SECRET_TEXT)
    script = script.replace("https://x.example/profiles", platform.url)
    asked = subprocess.run(["sh", "-euc", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    [request] = platform.requests
    assert SECRET.fault(request.headers, request.body, now=time.time()) == ""
    (shown,) = (json.loads(text) for text in re.findall(r"^```json\n(.*\"bio\".*)\n```$", page, re.MULTILINE))
    assert list(json.loads(asked.stdout)) == list(shown)


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
    at = platform.url.replace("http:", "https:")
    source = a_source(platform, tmp_path, "cdn.example.org", SAMEHAND_DESK_PROFILE_SOURCE=at)
    assert await source.profile("x", "1") == Profile("away")
    await source.close()
    assert platform.requests == []


# Whose pictures are fetched: a stranger may have chosen the address, so that its host must be named.


@dataclass
class Pictures:
    """A desk that asks for a profile and its picture, of `receiver` or of names that resolve as `names` says.

    `asked`: the names that the last profile made the desk resolve.
    """

    platform: Receiver
    receiver: Receiver
    folder: Path
    names: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def shown(self, url: str, allowed: str) -> Profile:
        """The profile whose `picture_url` is this."""
        self.asked.clear()
        self.receiver.requests.clear()
        answer = json.dumps({**PROFILE, "picture_url": url}).encode()
        self.platform.answer = lambda request: Answer(200, body=answer)
        source = a_source(self.platform, self.folder, f"127.0.0.0/8, {allowed}")
        try:
            return await source.profile("x", "1")
        finally:
            await source.close()

    async def refusal(self, url: str, allowed: str) -> str | None:
        """Why its picture is not shown; the words are."""
        profile = await self.shown(url, allowed)
        assert (profile.outcome, profile.name) == ("shown", "Ümar")
        assert (profile.picture is None) == (profile.picture_refused is not None)
        return profile.picture_refused

    @property
    def here(self) -> str:
        """The origin of this machine's pictures."""
        return f"http://127.0.0.1:{self.receiver.port}"


@pytest.fixture
def pictures(
    platform: Receiver, tmp_path: Path, patient: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pictures]:
    with receiving() as receiver:
        receiver.answer = lambda request: Answer(200, body=a_picture())
        made = Pictures(platform, receiver, tmp_path)

        async def resolve(_resolver: object, host: str, port: int, family: int) -> list[dict[str, Any]]:
            made.asked.append(host)
            at = made.names[host]
            return [{"hostname": host, "host": at, "port": port, "family": family, "proto": 0, "flags": 0}]

        monkeypatch.setattr("streams.outbound.session.ThreadedResolver.resolve", resolve)
        yield made


async def test_picture_is_fetched_and_drawn_anew(pictures: Pictures) -> None:
    shown = await pictures.shown(f"{pictures.here}/1.png", pictures.here)
    assert shown.picture is not None
    with Image.open(io.BytesIO(shown.picture)) as drawn:
        assert (drawn.format, drawn.size) == ("WEBP", (256, 256))


async def test_picture_under_tls_is_fetched_from_the_port_that_is_named(
    platform: Receiver, tmp_path: Path, patient: None
) -> None:
    certificates = make_certificates(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.of("server"), certificates.key_of("server"))
    with receiving(tls) as receiver:
        receiver.answer = lambda request: Answer(200, body=a_picture())
        answer = json.dumps({**PROFILE, "picture_url": receiver.url}).encode()
        platform.answer = lambda request: Answer(200, body=answer)
        allowed = f"127.0.0.0/8, 127.0.0.1:{receiver.port}"
        authority = str(certificates.authority)
        source = a_source(platform, tmp_path, allowed, SAMEHAND_DESK_PROFILE_SOURCE_CA_FILE=authority)
        shown = await source.profile("x", "1")
        await source.close()
    assert shown.picture is not None


NAMED = "cdn.example.org, *.media.example.org, img.example.org:8443"


@for_each(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "url"),
        ("http://[::1", "url"),
        ("https:cdn.example.org/1.png", "url"),
        ("/1.png", "url"),
        ("https://cdn.example.org\\@evil.example/1.png", "url"),
        ("https://cdn.example.org:99999/1.png", "url"),
        ("https://a@cdn.example.org/1.png", "url"),
        ("https://:b@cdn.example.org/1.png", "url"),
        ("https://cdn.example.org@evil.example/1.png", "url"),
        ("http://cdn.example.org/1.png", "url"),
        ("http://cdn.example.org:443/1.png", "url"),
        ("ftp://cdn.example.org/1.png", "url"),
        ("//cdn.example.org/1.png", "url"),
        ("https://cdn.example.org:8443/1.png", "port"),
        ("https://cdn.example.org:0/1.png", "port"),
        ("https://img.example.org/1.png", "port"),
        ("https://img.example.org:443/1.png", "port"),
        ("https://a.media.example.org:22/1.png", "port"),
        ("https://evil-cdn.example.org/1.png", "host"),
        ("https://cdn.example.org.evil.example/1.png", "host"),
        ("https://evil.example/cdn.example.org/1.png", "host"),
        ("https://evil.example#@cdn.example.org/1.png", "host"),
        ("https://evil.example?@cdn.example.org/1.png", "host"),
        ("https://a.cdn.example.org/1.png", "host"),
        ("https://cdn.example.org./1.png", "host"),
        ("https://cdn%2eexample.org/1.png", "host"),
        ("https://cdn.exämple.org/1.png", "host"),
        ("https://cdn.еxample.org/1.png", "host"),  # a Cyrillic letter
        ("https://media.example.org/1.png", "host"),
        ("https://evilmedia.example.org/1.png", "host"),
        ("https://a.b.media.example.org/1.png", "host"),
        ("https://a.media.example.org./1.png", "host"),
        ("https://127.0.0.1/1.png", "host"),
        ("https://2130706433/1.png", "host"),
        ("https://0x7f.1/1.png", "host"),
        ("https://[::1]/1.png", "host"),
        ("https://[::ffff:127.0.0.1]/1.png", "host"),
    ],
)
async def test_picture_of_another_origin_is_refused_and_nobody_is_asked(
    pictures: Pictures, url: str, reason: str
) -> None:
    assert (await pictures.refusal(url, NAMED), pictures.asked) == (reason, [])


@for_each(
    ("url", "host"),
    [
        ("https://cdn.example.org/1.png", "cdn.example.org"),
        ("https://cdn.example.org:443/1.png?size=2", "cdn.example.org"),
        ("HTTPS://CDN.Example.ORG/1.png", "cdn.example.org"),
        ("https://@cdn.example.org/1.png", "cdn.example.org"),
        ("https://a.media.example.org/1.png", "a.media.example.org"),
        ("https://img.example.org:8443/1.png", "img.example.org"),
    ],
)
async def test_host_that_is_named_is_asked_unless_its_address_is_private(
    pictures: Pictures, url: str, host: str
) -> None:
    pictures.names[host] = "10.0.0.7"
    assert (await pictures.refusal(url, NAMED), pictures.asked) == ("address", [host])


async def test_name_that_comes_to_stand_for_a_private_address_is_refused_from_then_on(
    pictures: Pictures,
) -> None:
    """Of DNS rebinding: each connection goes to an address that was checked for it."""
    port = pictures.receiver.port
    answer = json.dumps({**PROFILE, "picture_url": f"https://cdn.example.org:{port}/1.png"}).encode()
    pictures.platform.answer = lambda request: Answer(200, body=answer)
    source = a_source(pictures.platform, pictures.folder, f"127.0.0.0/8, cdn.example.org:{port}")
    pictures.names["cdn.example.org"] = "127.0.0.1"
    before = await source.profile("x", "1")
    pictures.names["cdn.example.org"] = "169.254.169.254"
    after = await source.profile("x", "1")
    await source.close()
    assert (before.picture_refused, after.picture_refused) == ("away", "address")  # no TLS is spoken there


@for_each("where", ["/2.png", "{here}/2.png", "http://127.0.0.1:1/2.png", "https://evil.example/2.png"])
async def test_redirect_is_not_followed(pictures: Pictures, where: str) -> None:
    pictures.receiver.answer = lambda request: Answer(302, {"Location": where.format(here=pictures.here)})
    assert await pictures.refusal(f"{pictures.here}/1.png", pictures.here) == "redirect"
    assert ([it.path for it in pictures.receiver.requests], pictures.asked) == (["/1.png"], [])


@for_each(
    ("answer", "reason"),
    [
        (Answer(404), "away"),
        (Answer(204), "away"),
        (Answer(200, body=b"<svg/>"), "unusable"),
        (Answer(200, body=b"x" * (PICTURE_BYTES_MAX + 1)), "unusable"),
    ],
)
async def test_answer_that_is_no_picture_is_refused(pictures: Pictures, answer: Answer, reason: str) -> None:
    pictures.receiver.answer = lambda request: answer
    assert await pictures.refusal(f"{pictures.here}/1.png", pictures.here) == reason


@for_each(
    "allowed",
    [
        "10.0.0.1/8",
        "*",
        "*.org",
        "a.*.example.org",
        "cdn.example.org/a",
        "http://cdn.example.org",
        "a b.example",
        "http://127.0.0.1",
        "http://127.0.0.1.evil.example:80",
        "a@cdn.example.org",
        "cdn.exämple.org",
    ],
)
def test_what_is_neither_host_nor_network_is_a_fault_of_the_settings(allowed: str) -> None:
    with pytest.raises(SettingsError, match="DESK_PROFILE_SOURCE_ALLOWED"):
        load({"SAMEHAND_DESK_PROFILE_SOURCE_ALLOWED": f"cdn.example.org, {allowed}"})


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
