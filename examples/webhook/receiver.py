"""Prints what `samehand deliver` sends, and refuses what is not signed: ``python receiver.py [PORT]``.

The file `hook-secret`, or that of ``HOOK_SECRET_FILE``, holds the endpoint's secret (`whsec_` and base64).
Nothing but Python's own library, so that it can be read, and written again in any language.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

BODY_BYTES_MAX = 1024 * 1024
"""No alert is as large."""

SECRET_FILE = Path(os.environ.get("HOOK_SECRET_FILE", "hook-secret"))

OLD_SECONDS = 300
"""Whoever sends an old message again has copied it."""


def signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Returns whether somebody who knows the secret sent these bytes within the last minutes."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    told, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > OLD_SECONDS:
        return False
    digest = hmac.new(key, f"{told}.{stamp}.".encode() + body, hashlib.sha256).digest()
    ours = f"v1,{base64.b64encode(digest).decode()}"
    return any(hmac.compare_digest(ours, one) for one in headers.get("webhook-signature", "").split())


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to what is signed."""

    def do_POST(self) -> None:
        """One message."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if 0 < length <= BODY_BYTES_MAX else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        genuine = signed(SECRET_FILE.read_text("utf-8").strip(), headers, body)
        self.send_response(204 if genuine else 401)
        self.end_headers()
        if genuine:
            sys.stdout.write(line(json.loads(body)))
            sys.stdout.flush()


def line(message: dict[str, dict[str, str]]) -> str:
    """A message in one line; names are written out so that no terminal obeys them."""
    alert = message["data"]
    return ascii(f"{message['type']}: {alert['platform']}:{alert['account_id']} {alert['band']}")[1:-1] + "\n"


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Receiver).serve_forever()
