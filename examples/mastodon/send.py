"""Sends webhooks as a Mastodon server does, signed: ``python send.py SECRET_FILE URL [SAMPLE]``.

Stands for your server while you try; each line of the sample is one webhook. Only Python's own library.
"""

from __future__ import annotations

import hashlib
import hmac
import sys
from pathlib import Path
from urllib.request import Request, urlopen

SAMPLE = Path(__file__).with_name("sample.jsonl")
ANSWER_SECONDS = 30.0


def signed(secret: bytes, body: bytes) -> dict[str, str]:
    """The headers of Mastodon's webhooks."""
    digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Hub-Signature": f"sha256={digest}"}


if __name__ == "__main__":
    secret, url = Path(sys.argv[1]).read_bytes().strip(), sys.argv[2]
    for body in Path(sys.argv[3] if len(sys.argv) > 3 else SAMPLE).read_bytes().splitlines():
        request = Request(url, body, signed(secret, body))  # noqa: S310  # whoever types the URL reads it
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310  # as above
            sys.stdout.write(f"{answer.status}\n")
