"""The demo's own platform: answers the desk's questions about the accounts of the sample (docs/desk.md)."""

from __future__ import annotations

import base64
import io
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
import numpy as np
from PIL import Image

from local.ports import LOOPBACK
from schemas.accounts import Account, AccountBanned, AccountCreated, AccountDeleted, AccountUpdated
from schemas.keys import account_key
from simulate.timeline.events import SimulatedEvent
from streams.standard_webhooks import SECRET_PREFIX, Secret

REQUEST_BYTES_MAX: Final = 4_096  # a platform and an account id
WAIT_SECONDS_MAX: Final = 5.0

_FREQUENCIES: Final = 16  # of PDQ, each way
_SIDE: Final = 64
_PICTURES: Final = "/pictures/"


class _Question(msgspec.Struct, frozen=True):
    platform: str
    account_id: str


def shown_accounts(events: Iterable[SimulatedEvent]) -> dict[str, Account]:
    """Returns the accounts by key, each as its last event shows it; deleted ones are gone."""
    shown: dict[str, Account] = {}
    for event in events:
        if isinstance(event.value, AccountCreated | AccountUpdated | AccountBanned):
            shown[event.key] = event.value.account
        elif isinstance(event.value, AccountDeleted):
            shown.pop(event.key, None)
    return shown


@contextmanager
def profile_server(accounts: Mapping[str, Account], folder: Path) -> Iterator[dict[str, str]]:
    """Serves profiles of these accounts. Yields the settings by which a desk asks for them."""
    key = secrets.token_bytes(32)
    secret = folder / "profiles.secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET_PREFIX + base64.b64encode(key).decode(), encoding="utf-8")
    server = _Server(accounts, Secret(key))
    thread = threading.Thread(target=server.serve_forever, name="profiles", daemon=True)
    thread.start()
    try:
        yield {
            "SAMEHAND_DESK_PROFILE_SOURCE": server.url,
            "SAMEHAND_DESK_PROFILE_SOURCE_SECRET_FILE": str(secret),
            "SAMEHAND_DESK_PROFILE_SOURCE_ALLOWED": f"{LOOPBACK}, http://{LOOPBACK}:{server.server_port}",
        }
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def __init__(self, accounts: Mapping[str, Account], secret: Secret) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.accounts = accounts
        self.secret = secret
        self.url = f"http://{LOOPBACK}:{self.server_port}/profiles"


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = WAIT_SECONDS_MAX

    def do_POST(self) -> None:
        """Answers with the profile of an account, to a signed question alone."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal() and int(length) <= REQUEST_BYTES_MAX):
            return self._say(HTTPStatus.BAD_REQUEST)
        body = self.rfile.read(int(length))
        given = {name.lower(): value for name, value in self.headers.items()}
        if self.server.secret.fault(given, body, now=time.time()):
            return self._say(HTTPStatus.UNAUTHORIZED)
        try:
            question = msgspec.json.decode(body, type=_Question)
        except msgspec.MsgspecError:
            return self._say(HTTPStatus.BAD_REQUEST)
        account = self.server.accounts.get(account_key(question.platform, question.account_id))
        if account is None:
            return self._say(HTTPStatus.NOT_FOUND)
        answer = {"handle": account.handle, "name": account.display_name, "bio": account.bio}
        if account.avatar is not None and account.avatar.pdq is not None:
            parts = urlsplit(self.server.url)
            answer["picture_url"] = f"{parts.scheme}://{parts.netloc}{_PICTURES}{account.avatar.pdq}"
        return self._say(HTTPStatus.OK, msgspec.json.encode(answer), "application/json")

    def do_GET(self) -> None:
        pdq = self.path.removeprefix(_PICTURES)
        if len(pdq) != 64 or not set(pdq) <= set("0123456789abcdef"):
            return self._say(HTTPStatus.NOT_FOUND)
        return self._say(HTTPStatus.OK, drawn(pdq), "image/png")

    def _say(self, status: HTTPStatus, body: bytes = b"", kind: str = "text/plain") -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # the desk waited long enough, and has gone

    def log_message(self, *_: object) -> None: ...  # the terminal shows alerts


def drawn(pdq: str) -> bytes:
    """Returns a picture (PNG) whose PDQ hash resembles this one, of 64 hexadecimal digits.

    Each bit is the sign of one frequency, as PDQ reads it: pictures with similar hashes look alike, and those
    of a mirrored picture are mirrored. Colours come from the same bits, read from their end.
    """
    signs = 1.0 - 2.0 * np.unpackbits(np.frombuffer(bytes.fromhex(pdq), np.uint8))
    square = signs.reshape(_FREQUENCIES, _FREQUENCIES)
    frequency = np.arange(1, _FREQUENCIES + 1)
    strength = np.add.outer(frequency, frequency) ** -1.6  # as in photos: the finer, the fainter
    waves = np.cos(np.pi / _SIDE * np.outer(frequency, np.arange(_SIDE) + 0.5))
    layers = []
    for coefficients, contrast in ((square, 60), (square[::-1, ::-1], 24), (square[::-1, ::-1].T, 24)):
        layer = waves.T @ (coefficients * strength) @ waves
        level = np.clip(128 + contrast * layer / layer.std(), 0, 255).astype(np.uint8)
        layers.append(Image.fromarray(level, "L"))
    picture = Image.merge("YCbCr", layers).convert("RGB").resize((256, 256), Image.Resampling.BICUBIC)
    png = io.BytesIO()
    picture.save(png, "PNG")
    return png.getvalue()
