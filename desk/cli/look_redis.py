"""What ``doctor`` sees of Redis and of the store in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.opening import endpoint_of
from desk.cli.findings import Finding, fine, warning, wrong
from desk.cli.wiring import closing_store
from samehand.normal.fold import FOLD_VERSION
from store.addresses import Addresses
from store.base import StoreFacts
from store.errors import StoreEmptied, StoreMismatch, StoreUnavailable
from store.pepper import Peppers
from store.redis.layout import Layout, Sizes
from store.redis.link import Link
from streams.errors import SettingsError
from streams.settings import Settings

_REFILL = "samehand rebuild"
_MISMATCH = (
    "set SAMEHAND_STORE_SHARDS, _BANS and _REMEMBERED as when it was made; "
    "or begin another with a new SAMEHAND_STORE_PREFIX and `samehand rebuild`"
)
_NO_STORE = warning("store", "nothing was enrolled in it yet", "samehand enrol FILE, or samehand rebuild")
_FULL_SHARE = 0.8  # of maxmemory: above it a busy day may fill the rest


async def look_at_redis(settings: Settings, peppers: Peppers | None) -> list[Finding]:
    """Whether Redis answers and keeps what it is told, and how the store stands."""
    try:
        link = Link(endpoint_of(settings))
    except SettingsError as fault:
        return [wrong(name, reason, "set it right") for name, reason in fault.faults.items()]
    try:
        findings = await _server(link, settings)
        if any(finding.state == "wrong" and finding.about == "Redis" for finding in findings):
            return findings
        if peppers is None:
            return [*findings, warning("store", "not looked at: it needs the pepper file")]
        # Opening a store that is not there would write down its layout, and with it these settings.
        if not await _exists(link, settings, peppers):
            return [*findings, _NO_STORE]
    finally:
        await link.close()
    return findings + await _store(settings, peppers)


async def _exists(link: Link, settings: Settings, peppers: Peppers) -> bool:
    layout = Layout(Sizes(), Addresses(peppers.identity), settings.store_prefix)
    try:
        return bool(await link.command("EXISTS", layout.meta))
    except StoreUnavailable:
        return True  # opening it says what is wrong


async def _server(link: Link, settings: Settings) -> list[Finding]:
    try:
        await link.command("PING")
    except StoreUnavailable as fault:
        cure = "start Redis, or set SAMEHAND_REDIS_URL, SAMEHAND_REDIS_USERNAME and _PASSWORD_FILE"
        return [wrong("Redis", str(fault), cure)]
    findings = [fine("Redis", f"reachable ({settings.redis.kind})")]
    if settings.redis.kind == "cluster":
        return [*findings, warning("Redis", "each node's configuration is to be looked at by hand")]
    configured = {name: await _config(link, name) for name in ("maxmemory-policy", "appendonly", "save")}
    return findings + _configuration(configured)


async def _config(link: Link, name: str) -> str | None:
    """One directive; ``None`` where the server does not tell (managed services, a careful ACL)."""
    try:
        answer: Any = await link.command("CONFIG", "GET", name)
    except StoreUnavailable:
        return None
    # One directive is asked for: RESP3 answers a map of it, RESP2 a list.
    values = list(answer.values()) if isinstance(answer, Mapping) else list(answer[1::2])
    if not values:
        return None
    return values[0].decode() if isinstance(values[0], bytes) else str(values[0])


def _configuration(configured: Mapping[str, str | None]) -> list[Finding]:
    policy, appended, saved = (configured[name] for name in ("maxmemory-policy", "appendonly", "save"))
    findings = []
    if policy is None or appended is None:
        return [warning("Redis", "does not tell its configuration", "see to noeviction and appendonly")]
    if policy != "noeviction":
        words = f"maxmemory-policy is {policy}: when it is full, fingerprints vanish without a word"
        findings.append(wrong("Redis memory", words, "CONFIG SET maxmemory-policy noeviction"))
    else:
        findings.append(fine("Redis memory", "noeviction"))
    if appended == "yes":
        findings.append(fine("Redis persistence", "appends every write"))
    else:
        kept = "snapshots alone: the last minutes go with a crash" if saved else "none: a restart empties it"
        findings.append(warning("Redis persistence", kept, "CONFIG SET appendonly yes (and in redis.conf)"))
    return findings


async def _store(settings: Settings, peppers: Peppers) -> list[Finding]:
    async with closing_store(settings, peppers) as store:
        try:
            await store.open()
            fault = await store.ready()
            if fault:
                cure = "free memory or disk, or see to the rights of the Redis user"
                return [wrong("store", fault, cure)]
            return _standing(await store.figures())
        except StoreEmptied as emptied:
            return [wrong("store", str(emptied), _REFILL)]
        except StoreMismatch as mismatch:
            return [wrong("store", str(mismatch), _MISMATCH)]
        except StoreUnavailable as outage:
            return [wrong("store", str(outage), "see what Redis says in its log")]


def _standing(figures: StoreFacts) -> list[Finding]:
    if figures.epoch is None:
        return [_NO_STORE]
    words = f"writable; {figures.fingerprints:,} banned and {figures.remembered:,} remembered accounts"
    findings = [fine("store", words)]
    foreign = set(figures.fold_versions) - {FOLD_VERSION, FOLD_VERSION - 1}
    if foreign:
        listed = ", ".join(map(str, sorted(foreign)))
        words = f"holds fold version {listed}, which this program does not read"
        findings.append(wrong("store", words, _REFILL))
    used, limit = figures.memory_bytes, figures.memory_limit_bytes
    if used is not None and limit and used > _FULL_SHARE * limit:
        findings.append(warning("store", f"uses {used / limit:.0%} of maxmemory", "raise maxmemory"))
    return findings
