"""Asks a gate who is like an account: the desk has neither store nor pepper.

One request with the desk's own key; the gate publishes who asks and why before it answers. Nothing of the
answer is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from desk.settings import DeskSettings
from schemas.internal.related import Purpose, RelatedAnswer, RelatedQuestion
from schemas.wire import encode
from streams.errors import SettingsError
from streams.outbound.session import ANYWHERE, REQUEST_FAULTS, Peer, reason_of, whole
from streams.settings.fields import PREFIX

ANSWER_BYTES_MAX: Final = 256 * 1024
"""Fifty accounts with the longest ids and every trait take some 50 KB."""

TIMEOUT_SECONDS: Final = 20.0
"""The gate waits 10 s for Kafka and 5 s for the store at most."""

CONNECTIONS_MAX: Final = 4
"""As many questions as a gate answers at once."""

WAIT_SECONDS_MAX: Final = 3_600
"""Of what a gate says; nobody waits for more than the hour that is counted."""

log = structlog.get_logger("samehand.desk.related")


@dataclass(frozen=True, slots=True)
class GateBusy:
    """The gate refuses this reader for so many seconds: they have asked often enough in an hour."""

    wait_seconds: int


@dataclass(frozen=True, slots=True)
class GateAway:
    """The gate does not answer, or not as agreed; its log or ours says why."""


class GateClient:
    """The gate that the settings name. Connects at the first request."""

    def __init__(self, settings: DeskSettings, key: str) -> None:
        self._url = settings.desk_gate_url
        self._key = key
        self._peer = Peer(
            ANYWHERE,
            ca_file=settings.desk_gate_ca_file,
            timeout_seconds=TIMEOUT_SECONDS,
            connections_max=CONNECTIONS_MAX,
        )
        self.close = self._peer.close

    async def related(
        self, platform: str, account_id: str, purpose: Purpose, reader: str
    ) -> RelatedAnswer | GateBusy | GateAway:
        """Returns what the gate answers to a reader."""
        question = RelatedQuestion(platform=platform, account_id=account_id, purpose=purpose, reader=reader)
        headers = {"Authorization": f"Bearer {self._key}"}
        try:
            async with self._peer.post(f"{self._url}/v1/related", encode(question), headers) as response:
                if response.status == 429:
                    wait = response.headers.get("Retry-After", "")
                    seconds = int(wait) if wait.isascii() and wait.isdigit() else 1
                    return GateBusy(max(1, min(seconds, WAIT_SECONDS_MAX)))
                if response.status != 200:
                    log.warning("the gate refuses to say who is related", status=response.status)
                    return GateAway()
                content = await whole(response, ANSWER_BYTES_MAX)
            return msgspec.json.decode(content, type=RelatedAnswer)
        except (*REQUEST_FAULTS, msgspec.MsgspecError) as fault:
            log.warning("the gate does not say who is related", why=reason_of(fault))
            return GateAway()


def gate_client(settings: DeskSettings) -> GateClient | None:
    """Returns the gate that the settings name, None where they name none. Raises `SettingsError`."""
    key = settings.desk_gate_key()
    if not settings.desk_gate_url:
        return None
    if not key:
        raise SettingsError(
            {f"{PREFIX}DESK_GATE_KEY_FILE": "is not set: the gate answers nobody without a key"}
        )
    return GateClient(settings, key)
