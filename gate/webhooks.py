"""Foreign webhooks in: whose they are by their signature, what they become by the operator's mappings.

::

    [mastodon]                         # a topic of SAMEHAND_MAPPINGS; POST /v1/webhooks/mastodon
    signature = "x-hub-signature"      # or "x-discourse-event-signature", or "standard-webhooks"
    secret_file = "/run/secrets/mastodon_webhook"

    [coop]                             # moderators' actions in ROOST's Coop become verdicts; no mapping
    signature = "coop"
    public_key_file = "coop.pem"       # Coop: Settings → API Keys, webhook signature verification key
    secret_file = "/run/secrets/reviewers"  # of your own: keys the digests that stand for moderators
"""

from __future__ import annotations

import hmac
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal, get_args

from gate.coop import CoopActions, UnusableKey
from schemas.malformed import Malformed
from schemas.mapping.compiler import Mappings
from schemas.mapping.mapper import Mapped, NotMapped, TopicMapping
from streams.errors import SettingsError
from streams.outcomes import Arrival
from streams.settings import PREFIX
from streams.standard_webhooks import Secret, UnusableSecret

Signature = Literal["standard-webhooks", "x-hub-signature", "x-discourse-event-signature"]
"""Standard Webhooks, or the header that holds ``sha256=`` and the body's HMAC in hex."""
SIGNATURES: Final[tuple[Signature, ...]] = get_args(Signature)

VARIABLE: Final = f"{PREFIX}GATE_WEBHOOKS"
FILE_BYTES_MAX: Final = 256 * 1024
SECRET_BYTES_MIN: Final = 16
"""Mastodon makes 20; Discourse asks its administrator for one, and takes 12."""

_PREFIX: Final = "sha256="
_KEYS: Final = {"signature", "secret_file"}
_REPEATED: Final = "user_suspended"
"""Discourse's event that bans, and has no date. The body names the suspension's end, so that two differ."""
_REPEATED_SECONDS: Final = 3 * 3_600.0  # Discourse repeats a webhook for 156 minutes
_REPEATED_MAX: Final = 10_000  # suspensions in that time, 150 bytes each; a forum's moderators make hundreds
_COOP: Final = "coop"
_COOP_KEYS: Final = {*_KEYS, "public_key_file"}


@dataclass(frozen=True, slots=True)
class ForeignWebhook:
    """Who sends to one address, and what becomes of it."""

    mapping: TopicMapping
    signature: Signature
    secret: bytes
    first_seen: dict[bytes, float] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def __repr__(self) -> str:
        return f"ForeignWebhook({self.mapping.topic!r})"

    def signed(self, raw: bytes, headers: Mapping[str, str], *, now: float) -> bool:
        """Returns whether the sender knows the secret. ``headers`` by lower-case names; ``now`` in Unix
        seconds.
        """
        if self.signature == "standard-webhooks":
            return not Secret(self.secret).fault(headers, raw, now=now)
        given = headers.get(self.signature, "")
        made = _PREFIX + hmac.new(self.secret, raw, sha256).hexdigest()
        return hmac.compare_digest(given.encode("utf-8", "replace"), made.encode())

    def map(self, raw: bytes, headers: Mapping[str, str], *, now: float) -> Mapped | NotMapped | Malformed:
        """What becomes of a request. The same body is the same event, however often it is sent; Discourse
        names the event in a header, and the body may be that of another one."""
        named = (
            headers.get("x-discourse-event", "") if self.signature == "x-discourse-event-signature" else ""
        )
        digest = sha256(raw + named.encode("utf-8", "replace")).digest()
        # CloudEvents' attributes are `ce-type` over HTTP and `ce_type` in Kafka, whence mappings know them.
        record = Arrival(
            topic=self.mapping.topic,
            partition=0,
            offset=int.from_bytes(digest[:6]),
            key=None,
            value=raw,
            headers=tuple(
                (f"ce_{name[3:]}" if name.startswith("ce-") else name, value.encode())
                for name, value in headers.items()
            ),
            timestamp=self._first_seen(digest, now) if named == _REPEATED else now,
        )
        return self.mapping.map(record, now=now)

    def _first_seen(self, digest: bytes, now: float) -> float:
        """Returns when a request arrived first: a suspension that is repeated after its end must not seem
        to be a later one."""
        with self.lock:
            seen = self.first_seen
            while seen and (
                len(seen) >= _REPEATED_MAX or now - next(iter(seen.values())) > _REPEATED_SECONDS
            ):
                del seen[next(iter(seen))]
            return min(seen.setdefault(digest, now), now)


def webhooks_of(path: Path, mappings: Mappings | None) -> dict[str, ForeignWebhook | CoopActions]:
    """The webhooks of a file, by the name in their address; without ``mappings`` those of Coop alone.

    Raises `SettingsError` with every fault.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
        if len(raw) > FILE_BYTES_MAX:
            raise SettingsError({VARIABLE: f"{path}: is over {FILE_BYTES_MAX // 1024} KiB"})
        read = tomllib.loads(raw.decode())
    except OSError as fault:
        raise SettingsError({VARIABLE: f"{path}: {fault.strerror or 'cannot be read'}"}) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as fault:
        why = str(fault)[:200] if isinstance(fault, tomllib.TOMLDecodeError) else type(fault).__name__
        raise SettingsError({VARIABLE: f"{path}: is no TOML: {why}"}) from None
    made: dict[str, ForeignWebhook | CoopActions] = {}
    wrong = []
    for name, table in read.items():
        webhook = _webhook(name, table, mappings, path)
        if isinstance(webhook, str):
            wrong.append(f"{path}: [{name}]: {webhook}")
        else:
            made[name] = webhook
    if wrong:
        raise SettingsError({VARIABLE: "\n".join(wrong)})
    return made


def _webhook(
    name: str, table: Any, mappings: Mappings | None, path: Path
) -> ForeignWebhook | CoopActions | str:
    if isinstance(table, dict) and table.get("signature") == _COOP:
        return _coop(table, path)
    if mappings is None:
        return f"needs {PREFIX}MAPPINGS, which is not set"
    mapping = mappings.topics.get(name)
    if mapping is None:
        return f"is no topic of {PREFIX}MAPPINGS; there are {', '.join(mappings.topics)}"
    if not isinstance(table, dict) or set(table) != _KEYS:
        return "must have `signature` and `secret_file`, and nothing else"
    if table["signature"] not in SIGNATURES:
        return f"signature must be one of {', '.join((*SIGNATURES, _COOP))}"
    if not isinstance(table["secret_file"], str):
        return "secret_file must be a path"
    where = path.parent / table["secret_file"]
    secret = _content(where)
    if isinstance(secret, str):
        return secret
    if table["signature"] == "standard-webhooks":
        try:
            secret = Secret.read(secret.decode("ascii", "replace")).key
        except UnusableSecret as fault:
            return f"{where}: {fault}"
    if len(secret) < SECRET_BYTES_MIN:
        return f"{where}: is shorter than {SECRET_BYTES_MIN} bytes"
    return ForeignWebhook(mapping, table["signature"], secret)


def _coop(table: dict[str, Any], path: Path) -> CoopActions | str:
    if set(table) != _COOP_KEYS or not all(isinstance(value, str) for value in table.values()):
        return "must have `signature`, `public_key_file` and `secret_file`, and nothing else"
    where = path.parent / table["public_key_file"]
    pem, secret = _content(where), _content(path.parent / table["secret_file"])
    if isinstance(pem, str) or isinstance(secret, str):
        return pem if isinstance(pem, str) else str(secret)
    if len(secret) < SECRET_BYTES_MIN:
        return f"{path.parent / table['secret_file']}: is shorter than {SECRET_BYTES_MIN} bytes"
    try:
        return CoopActions.read(pem, secret)
    except UnusableKey as fault:
        return f"{where}: {fault}"


def _content(path: Path) -> bytes | str:
    """What a file holds, or why it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES_MAX).strip()
    except OSError as fault:
        return f"{path}: {fault.strerror or 'cannot be read'}"
