"""Appeals to the desk, which alone keeps a holder's words: each is relayed within its call.

The request to the desk is `POST /api/v1/appeals` under the headers of Standard Webhooks; a repeat is answered
as the first time, so that a caller who got no answer sends it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, get_args

import msgspec
import structlog
from msgspec import Struct

from gate.answers import Problem
from schemas.appeals import AppealMade, AppealTaken, Refusal
from schemas.wire import encode
from streams.outbound.session import ANYWHERE, REQUEST_FAULTS, Peer, UnexpectedAnswer, reason_of, whole
from streams.serving.token_bucket import Rates
from streams.settings import Settings
from streams.standard_webhooks import Secret

TIMEOUT_SECONDS: Final = 10.0
"""As for Kafka: a desk whose database has another leader answers within some five."""

CONNECTIONS_MAX: Final = 16
"""As many appeals as the desk stores at once; more wait their turn within the time of their call."""

ANSWER_BYTES_MAX: Final = 16 * 1024

ACCOUNT_APPEALS_MAX: Final = 5
ACCOUNT_APPEAL_SECONDS: Final = 60.0
"""Appeals of one account at once, as many as the desk takes of an alert, and until one more: a holder appeals
once, and a platform sends it again some times while the desk is away."""

ACCOUNTS_MAX: Final = 20_000
"""Accounts that are counted, the one that appealed last longest: 5 MB; the key's rate bounds the others."""

_REFUSED: Final = frozenset(get_args(Refusal))

log = structlog.get_logger("samehand.gate")


class _Refused(Struct, frozen=True):
    code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class RefusedAppeal:
    """The desk will not take this appeal: 404 or 409, and why."""

    status: int
    problem: Problem


@dataclass(slots=True)
class DeskRelay:
    """The desk that the settings name. Connects at the first appeal. `now` in Unix seconds.

    `fault`: why it took no appeal when it was last asked, "" where it did.
    """

    url: str
    key: Secret
    peer: Peer
    now: Callable[[], float]
    fault: str = ""

    async def relay(self, appeal: AppealMade) -> AppealTaken | RefusedAppeal | None:
        """Returns the desk's answer; None where it gave none: it may have stored the appeal or not."""
        try:
            answer = await self._relayed(encode(appeal), appeal.appeal_id)
        except REQUEST_FAULTS as fault:
            why = reason_of(fault)
            if why != self.fault:
                log.warning("the desk takes no appeals", why=why)
            self.fault = why
            return None
        self.fault = ""
        return answer

    async def _relayed(self, body: bytes, appeal_id: str) -> AppealTaken | RefusedAppeal:
        message_id = sha256(appeal_id.encode()).hexdigest()  # an appeal's own id need fit in no header
        headers = self.key.headers(message_id, int(self.now()), body)
        async with self.peer.post(f"{self.url}/api/v1/appeals", body, headers) as answer:
            content = await whole(answer, ANSWER_BYTES_MAX)
        try:
            if answer.status == 202:
                return msgspec.json.decode(content, type=AppealTaken)
            refused = msgspec.json.decode(content, type=_Refused)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise UnexpectedAnswer(f"answered {answer.status} in no form of ours") from None
        if answer.status not in (404, 409) or refused.code not in _REFUSED:
            raise UnexpectedAnswer(f"answered {answer.status} ({refused.code[:64]})")
        return RefusedAppeal(answer.status, Problem(reason=refused.code, detail=refused.message))


def account_rates() -> Rates:
    """How often holders of each account may appeal, in this process."""
    return Rates(burst=ACCOUNT_APPEALS_MAX, per_second=1 / ACCOUNT_APPEAL_SECONDS, known_max=ACCOUNTS_MAX)


def desk_relay(settings: Settings, now: Callable[[], float]) -> DeskRelay | None:
    """Returns the relay that the settings name, None where they name no desk. Raises `SettingsError`."""
    key = settings.gate_desk_key()
    if not settings.gate_desk_url or key is None:
        return None
    peer = Peer(
        ANYWHERE,
        ca_file=settings.gate_desk_ca_file,
        timeout_seconds=TIMEOUT_SECONDS,
        connections_max=CONNECTIONS_MAX,
    )
    return DeskRelay(settings.gate_desk_url, key, peer, now)
