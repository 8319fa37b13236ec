"""A stand-in for the DSA Transparency Database on loopback, which answers as its application does.

`POST /…/api/v1/statements` takes all statements or none. It answers in the application's order: 401 without
the token, 422 for a request that is no list of 1 to 100, 422 with faults by place, 422 with the puids that it
has, 201. Each path before `/api/v1` is a database of its own.
"""

from __future__ import annotations

import gzip
import json
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal, Self

from desk.commission.rules import BATCH_MAX, violations
from local.ports import LOOPBACK

TOKEN: Final = "7|ybqkCFX7ZkIFoLxtI0VAk1JBzMR9jVk4c4EU"  # as its documentation shows one

NOT_UNIQUE: Final = "The platform identifier(s) are not all unique within this call."
CREATE: Final = "/api/v1/statements"
EXISTING: Final = "/api/v1/statement/existing-puid/"

Step = Literal["arrived", "stored"]
"""Moments of a request: before it is looked at, and before the answer to what was stored."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; status 0: the connection is closed without any."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class TransparencyDatabase:
    """Listens on a free port while it is entered.

    `planned`: answers that come instead of the next ones; `locked`: puids of which it says that it has them,
    since another request holds their locks; `at`: is called at each step of each request.
    """

    planned: list[Reply] = field(default_factory=list)
    locked: set[str] = field(default_factory=set)
    at: Callable[[Step, str], None] = lambda step, path: None
    stored: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    requests: list[int] = field(default_factory=list)
    url: str = ""

    def __enter__(self) -> Self:
        database, turn = self, threading.Lock()

        class Answers(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                with turn:
                    reply = database.reply(self.path, self.headers["Authorization"] or "", content)
                self._send(reply)

            def do_GET(self) -> None:
                name, _, puid = self.path.partition(EXISTING)
                found = any(one["puid"] == puid for one in database.stored[name])
                words = f"statement of reason {'' if found else 'not '}found"
                self._send(Reply(302 if found else 404, {"message": words, "puid": puid}))

            def _send(self, reply: Reply) -> None:
                if not reply.status:
                    self.close_connection = True
                    return
                content = (
                    reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode()
                )
                headers = dict(reply.headers)
                if "gzip" in self.headers["Accept-Encoding"]:  # as a proxy before it may
                    content, headers["Content-Encoding"] = gzip.compress(content), "gzip"
                self.send_response(reply.status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Says nothing: what matters is kept."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Answers)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply(self, path: str, authorization: str, content: bytes) -> Reply:
        """Answers a request to create statements."""
        name, _, rest = path.partition(CREATE)
        if rest:
            return Reply(404, {"message": "Not Found"})
        self.at("arrived", name)
        if authorization != f"Bearer {TOKEN}":
            return Reply(401, {"message": "Unauthenticated."})
        planned = self.planned.pop(0) if self.planned else None
        if planned is not None and planned.status != 0:
            return planned
        statements = json.loads(content).get("statements")
        if not isinstance(statements, list) or not 1 <= len(statements) <= BATCH_MAX:
            words = "The statements field must have between 1 and 100 items."
            return Reply(422, {"message": words, "errors": {"statements": [words]}})
        self.requests.append(len(statements))
        reply = self._stored(name, statements)
        self.at("stored", name)
        return reply if planned is None else planned

    def _stored(self, name: str, statements: list[dict[str, Any]]) -> Reply:
        faults = {
            f"statement_{place}": {
                field: [f"The selected {field.replace('_', ' ')} is invalid."] for field in broken
            }
            for place, statement in enumerate(statements)
            if (broken := violations(statement))
        }
        if faults:
            return Reply(422, {"errors": faults})
        puids = Counter(one["puid"] for one in statements)
        known = {one["puid"] for one in self.stored[name]}
        for existing in (
            [puid for puid, count in puids.items() if count > 1],
            sorted(self.locked & set(puids))[:1],  # it stops at the first that it cannot lock
            [puid for puid in puids if puid in known],
        ):
            if existing:
                errors = {"puid": [NOT_UNIQUE], "existing_puids": existing}
                return Reply(422, {"message": NOT_UNIQUE, "errors": errors})
        made = [{**one, "uuid": str(uuid.uuid4())} for one in statements]
        self.stored[name] += made
        return Reply(201, {"statements": made})
