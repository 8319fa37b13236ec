"""What ``doctor`` sees of Redis and of the store in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agents.opening import endpoint_of
from desk.cli.findings import Finding, fine, warning, wrong
from desk.cli.wiring import closing_store
from store.addresses import Addresses
from store.base import StoreFacts
from store.errors import StoreEmptied, StoreMismatch, StoreUnavailable
from store.pepper import Peppers
from store.redis.inspection import Inspection, Server
from store.redis.layout import Layout, Sizes
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
        inspection = Inspection(endpoint_of(settings))
    except SettingsError as fault:
        return [wrong(name, reason, "set it right") for name, reason in fault.faults.items()]
    try:
        findings = await _servers(inspection, settings)
        if any(finding.state == "wrong" and finding.about == "Redis" for finding in findings):
            return findings
        if peppers is None:
            return [*findings, warning("store", "not looked at: it needs the pepper file")]
        # Opening a store that is not there would write down its layout, and with it these settings.
        if not await _exists(inspection, settings, peppers):
            return [*findings, _NO_STORE]
    finally:
        await inspection.close()
    return findings + await _store(settings, peppers)


async def _exists(inspection: Inspection, settings: Settings, peppers: Peppers) -> bool:
    layout = Layout(Sizes(), Addresses(peppers.identity), settings.store_prefix)
    try:
        return await inspection.exists(layout.meta)
    except StoreUnavailable:
        return True  # opening it says what is wrong


async def _servers(inspection: Inspection, settings: Settings) -> list[Finding]:
    try:
        servers = await inspection.servers()
    except StoreUnavailable as fault:
        cure = "start Redis, or set SAMEHAND_REDIS_URL, SAMEHAND_REDIS_USERNAME and _PASSWORD_FILE"
        return [wrong("Redis", str(fault), cure)]
    findings = [fine("Redis", f"reachable ({settings.redis.kind})")]
    if settings.redis.kind == "cluster":
        findings += _of_cluster(servers, settings.store_shards)
    several: dict[Finding, list[str]] = {}
    for server in servers:
        for finding in _configuration(server):
            several.setdefault(finding, []).append(server.address)
    return findings + [
        finding
        if len(where) == len(servers)
        else replace(finding, words=f"{finding.words} ({', '.join(where)})")
        for finding, where in several.items()
    ]


def _of_cluster(servers: Sequence[Server], shards: int) -> list[Finding]:
    """What matters of a cluster as a whole."""
    findings = []
    if shards < len(servers):
        words = f"{len(servers)} masters and {shards} shards: some masters hold nothing"
        findings.append(warning("Redis Cluster", words, "lay the store out for more shards: a rebuild"))
    alone = [server.address for server in servers if server.replicas == 0]
    if alone:
        words = f"nobody takes over for {', '.join(alone)}"
        findings.append(warning("Redis Cluster", words, "give each master a replica"))
    return findings or [fine("Redis Cluster", f"{len(servers)} masters, each with a replica")]


def _configuration(server: Server) -> list[Finding]:
    told = server.directives
    policy, appended, saved = (told[name] for name in ("maxmemory-policy", "appendonly", "save"))
    findings = []
    if not server.tells_history:
        words = "does not tell its replication history: after a failover the last minutes do not come back"
        findings.append(warning("Redis failover", words, "allow INFO to the Redis user"))
    if policy is None or appended is None:
        return [
            *findings,
            warning("Redis", "does not tell its configuration", "see to noeviction and appendonly"),
        ]
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
    used, limit = figures.memory_bytes, figures.memory_limit_bytes
    if used is not None and limit and used > _FULL_SHARE * limit:
        findings.append(warning("store", f"uses {used / limit:.0%} of maxmemory", "raise maxmemory"))
    return findings
