"""Stands for your platform while you try: signs and sends the webhooks of a sample.

``python send.py --header X-Hub-Signature SECRET_FILE URL SAMPLE``; each line of the sample is a body, or a
record of ``kcat -J``, whose headers are sent along. Only Python's own library.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sys
from pathlib import Path
from urllib.request import Request, urlopen

ANSWER_SECONDS = 30.0


def read(line: bytes) -> tuple[bytes, dict[str, str]]:
    """The body of a line, and the headers that go with it."""
    record = json.loads(line)
    if "payload" not in record:
        return line, {}
    return record["payload"].encode(), dict(zip(record["headers"][::2], record["headers"][1::2], strict=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--header", required=True, help="which holds the signature, such as X-Hub-Signature")
    parser.add_argument("secret_file", type=Path)
    parser.add_argument("url")
    parser.add_argument("sample", type=Path)
    given = parser.parse_args()
    secret = given.secret_file.read_bytes().strip()
    for line in given.sample.read_bytes().splitlines():
        body, headers = read(line)
        signature = f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"
        headers |= {"Content-Type": "application/json", given.header: signature}
        request = Request(given.url, body, headers)  # noqa: S310  # the URL is the reader's own
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310  # as above
            sys.stdout.write(f"{answer.status}\n")
