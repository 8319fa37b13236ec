"""What ``doctor`` sees of Redis and of the store in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from agents.runtime.start_checks import evicting, mismatched, refused_by_redis, where_is
from agents.runtime.store_factory import endpoint_of
from cli.maintain.doctor.findings import DoctorFinding, fine, is_wrong, of_settings, of_start, warning, wrong
from cli.opening import closing_store
from store.common.key_digests import Addresses
from store.errors import StoreEmptied, StoreEvicts, StoreMismatch, StoreMoving, StoreRefused, StoreUnavailable
from store.pepper.pepper import Peppers
from store.redis.client import NO_EVICTION
from store.redis.layout import Layout, Sizes
from store.redis.server_info import Inspection, RedisServer
from store.redis.store_meta import NEVER_FILLED, UNFILLED
from streams.errors import SettingsError
from streams.settings import Settings

_REFILL = "samehand rebuild"
_START = "start Redis, or set SAMEHAND_REDIS_URL to where it is"
_CURES: Final[dict[str, str]] = {
    "MISCONF": "Redis cannot save to its disk, and takes no writes: make room there, or see to its rights "
    "(its log says which), then BGSAVE",
    "OutOfMemoryError": "raise its maxmemory, or lower SAMEHAND_REMEMBER_MEGABYTES",
    "ReadOnlyError": "it is a replica: set SAMEHAND_REDIS_URL to its master, or to Sentinels",
    "BusyLoadingError": "it is reading its files after a start: wait",
}
NO_STORE = warning("store", "nothing was enrolled in it yet", "samehand enrol FILE, or samehand rebuild")
_EMPTIED = "it was emptied: by the record on Kafka bans were enrolled, but Redis holds none"
_KEPT: Final[dict[bool | None, str]] = {
    True: "snapshots only: a crash loses the last minutes",
    False: "none: a restart loses everything",
    None: "not every write is appended: a crash loses the last minutes, or everything",
}
_APPEND = "CONFIG SET appendonly yes (and in redis.conf)"
_FULL_SHARE = 0.8  # of maxmemory: above it a busy day may fill the rest


async def look_at_redis(settings: Settings, peppers: Peppers | None, epoch: str = "") -> list[DoctorFinding]:
    """Checks that Redis answers and keeps what is written, and the state of the store.

    ``epoch`` is the store's as Kafka has it: without it, an emptied store looks like one not yet begun.
    """
    try:
        inspection = Inspection(endpoint_of(settings))
    except SettingsError as fault:
        return of_settings(fault)
    try:
        findings = await _servers(inspection, settings)
        if is_wrong(findings, "Redis"):
            return findings
        if peppers is None:
            return [*findings, warning("store", "not checked: this needs the pepper file")]
        # Opening a store that is not there would write down its layout, and with it these settings.
        layout = Layout(Sizes(), Addresses(peppers.identity), settings.store_prefix)
        try:
            if not await inspection.exists(layout.meta):
                await inspection.write(f"{layout.root(0)}probe:doctor")
                lost = wrong("store", NEVER_FILLED if epoch == UNFILLED else _EMPTIED, _REFILL)
                return [*findings, lost if epoch else NO_STORE]
        except StoreUnavailable as outage:
            return [*findings, of_outage(outage, settings)]
    finally:
        await inspection.close()
    return findings + await _store(settings, peppers, epoch)


def of_outage(outage: StoreUnavailable, settings: Settings, *, read_only: bool = False) -> DoctorFinding:
    """Each way in which Redis fails, with its own cure; ``read_only``: to who may write nothing there."""
    match outage:
        case StoreRefused():
            return of_start(refused_by_redis(settings, outage, read_only=read_only))
        case StoreEvicts():
            return of_start(evicting(outage))
        case StoreMoving():
            return wrong("store", str(outage), "docs/howto/keep.md (Upgrade) says how it goes on")
    reason = str(outage)
    cure = next((cure for word, cure in _CURES.items() if word in reason), "")
    if not cure:
        cure = _START if "cannot be reached" in reason else "see what Redis says in its log"
    return wrong("Redis", f"{reason} ({where_is(settings)})", cure)


async def _servers(inspection: Inspection, settings: Settings) -> list[DoctorFinding]:
    try:
        servers = await inspection.servers()
        await inspection.check_eviction()
    except StoreUnavailable as outage:
        return [of_outage(outage, settings)]
    findings = [fine("Redis", f"reachable ({settings.redis.kind})")]
    if settings.redis.kind == "cluster":
        findings.append(_cluster(servers))
    several: dict[DoctorFinding, list[str]] = {}
    for server in servers:
        for finding in _configuration(server):
            several.setdefault(finding, []).append(server.address)
    return findings + [
        finding
        if len(where) == len(servers)
        else finding._replace(finding=f"{finding.finding} ({', '.join(where)})")
        for finding, where in several.items()
    ]


def _cluster(servers: Sequence[RedisServer]) -> DoctorFinding:
    """What matters of a cluster as a whole."""
    alone = [server.address for server in servers if server.replicas == 0]
    if not alone:
        return fine("Redis Cluster", f"{len(servers)} masters, each with a replica")
    words = f"no replica would take over for {', '.join(alone)}"
    return warning("Redis Cluster", words, "give each master a replica")


def _configuration(server: RedisServer) -> Iterator[DoctorFinding]:
    if not server.tells_history:
        words = "its replication history cannot be read: a failover could lose the last minutes"
        yield warning("Redis failover", words, "allow INFO to the Redis user")
    if server.policy is None or server.appends is None:
        words = "how it evicts and persists cannot be read"
        yield warning("Redis", words, "allow INFO to the Redis user; noeviction and appendonly")
        return
    if server.policy == NO_EVICTION:
        yield fine("Redis memory", NO_EVICTION)
    else:  # with a limit it is refused: see check_eviction
        words = f"maxmemory-policy is {server.policy}: a full Redis deletes fingerprints silently"
        yield warning("Redis memory", words, f"CONFIG SET maxmemory-policy {NO_EVICTION}")
    if server.appends:
        yield fine("Redis persistence", "appends every write")
    else:
        yield warning("Redis persistence", _KEPT[server.saves], _APPEND)


async def _store(settings: Settings, peppers: Peppers, epoch: str) -> list[DoctorFinding]:
    async with closing_store(settings, peppers, known_epoch=epoch) as store:
        try:
            await store.open()
            if fault := await store.ready():
                return [of_outage(StoreUnavailable(fault), settings)]
            figures = await store.figures()
            if figures.epoch is None:
                return [NO_STORE]
            words = (
                f"writable; {figures.fingerprints:,} banned and {figures.remembered:,} remembered accounts"
            )
            findings = [fine("store", words)]
            used, limit = figures.memory_bytes, figures.memory_limit_bytes
            if used is not None and limit and used > _FULL_SHARE * limit:
                findings.append(warning("store", f"uses {used / limit:.0%} of maxmemory", "raise maxmemory"))
            return findings
        except StoreEmptied as emptied:
            return [wrong("store", str(emptied), _REFILL)]
        except StoreMismatch as mismatch:
            return [of_start(mismatched(mismatch))]
        except StoreUnavailable as outage:
            return [of_outage(outage, settings)]
