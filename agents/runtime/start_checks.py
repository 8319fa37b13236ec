"""What must be true of the store before a worker joins its group."""

from __future__ import annotations

from typing import Final

from agents.runtime.store_factory import store_of
from store.errors import Mismatch, StoreEmptied, StoreEvicts, StoreMismatch, StoreRefused, StoreUnavailable
from store.pepper.pepper import Peppers
from streams.faust_app.start_checks import StartFault
from streams.settings import PREFIX, Settings
from streams.supervision.exit_codes import EXIT_CONFIG, EXIT_REFUSED, EXIT_STORE

_ANOTHER: Final = f"or begin another store with a new {PREFIX}STORE_PREFIX and `samehand rebuild`"
_MOVE: Final = (
    "run the program that made it, or move to a second store: `samehand rebuild --into PREFIX` "
    "(docs/howto/keep.md)"
)
_CURES: Final[dict[Mismatch, str]] = {
    "pepper": f"set {PREFIX}PEPPER_FILE to the file that it was made with, {_ANOTHER}",
    "sizes": f"set {PREFIX}STORE_BANS and {PREFIX}STORE_REMEMBERED as when it was made, {_ANOTHER}",
    "layout": _MOVE,
    "folds": _MOVE,
}


async def store_fault(settings: Settings, peppers: Peppers, *, read_only: bool = False) -> StartFault | None:
    """Why the store cannot be used: it refuses us, evicts keys, or was made with other settings or pepper.

    A store that is away or was emptied is no fault: a worker waits until it is back. Where there is no store
    yet, one is laid out, as opening does, unless ``read_only``. Raises `SettingsError` for a password file
    that cannot be read.
    """
    store = store_of(settings, peppers, read_only=read_only)
    try:
        await store.open()
    except StoreMismatch as mismatch:
        return mismatched(mismatch)
    except StoreRefused as refusal:
        return refused_by_redis(settings, refusal, read_only=read_only)
    except StoreEvicts as eviction:
        return evicting(eviction)
    except (StoreEmptied, StoreUnavailable):
        return None
    finally:
        await store.close()
    return None


def mismatched(mismatch: StoreMismatch) -> StartFault:
    """The fault of a store that was laid out for another pepper, size or version."""
    return StartFault("store", str(mismatch), _CURES[mismatch.kind], EXIT_STORE)


def evicting(eviction: StoreEvicts) -> StartFault:
    """The fault of a Redis that is configured to evict keys when it is full."""
    cure = (
        "CONFIG SET maxmemory-policy noeviction, or so among the parameters of a managed Redis; "
        "if it has dropped any, `samehand rebuild`"
    )
    return StartFault("Redis", str(eviction), cure, EXIT_CONFIG)


def refused_by_redis(settings: Settings, refusal: StoreRefused, *, read_only: bool = False) -> StartFault:
    """The fault of a Redis that refuses the user or does not grant it a right."""
    cure = f"set {PREFIX}REDIS_USERNAME and {PREFIX}REDIS_PASSWORD_FILE as Redis knows them; " + (
        "deploy/redis/gate.acl has the rights that a gate needs"
        if read_only
        else "deploy/redis/users.acl has the rights that a worker needs"
    )
    return StartFault("Redis", f"{refusal} ({where_is(settings)})", cure, EXIT_REFUSED)


def where_is(settings: Settings) -> str:
    """The address of Redis, without name and password."""
    address = settings.redis
    return address.path or ", ".join(f"{host}:{port}" for host, port in address.hosts)
