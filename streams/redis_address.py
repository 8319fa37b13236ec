"""Parses the URL that says where Redis is.

* `redis://host:6379/0`, `rediss://host:6380/0` (TLS), `unix:///run/redis.sock?db=0`: standalone
* `sentinel://s1:26379,s2:26379/mymaster?db=0`: Sentinel, with the master's name
* `cluster://n1:6379,n2:6379`: Cluster, any of its nodes

`?tls=true` turns TLS on for Cluster, and for Sentinels and the servers that they name. User name and password
have settings of their own, so that a URL can be logged; one that holds a password is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

Kind = Literal["standalone", "unix", "sentinel", "cluster"]

_PORTS: Final = {"redis": 6379, "rediss": 6379, "sentinel": 26379, "cluster": 6379}
_KINDS: Final[dict[str, Kind]] = {
    "redis": "standalone",
    "rediss": "standalone",
    "unix": "unix",
    "sentinel": "sentinel",
    "cluster": "cluster",
}


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """One Redis: `hosts` as name and port, `path` of a Unix socket, `master` as Sentinel calls it."""

    kind: Kind
    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    master: str = ""
    database: int = 0
    tls: bool = False


def parse_redis_address(url: str) -> RedisAddress:
    """Raises `ValueError` with the reason, quoting nothing of the URL but its scheme."""
    parts = urlsplit(url)
    if parts.scheme not in _KINDS:
        raise ValueError("must begin with redis://, rediss://, unix://, sentinel:// or cluster://")
    if "@" in parts.netloc:
        raise ValueError(
            "must hold no user or password; set SAMEHAND_REDIS_USERNAME and SAMEHAND_REDIS_PASSWORD_FILE"
        )
    kind = _KINDS[parts.scheme]
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := options.keys() - {"db", "tls"}:
        raise ValueError(f"has an unknown option {min(unknown)!r}; known are db and tls")
    tls = parts.scheme == "rediss" or options.get("tls") == "true"
    path = unquote(parts.path)
    if kind == "unix":
        database = _database(options.get("db", ""))
        if not path:
            raise ValueError("needs the socket's path, as in unix:///run/redis.sock")
        return RedisAddress("unix", path=path, database=database)
    default_port = _PORTS[parts.scheme]
    hosts = tuple(_host(part.strip(), default_port) for part in parts.netloc.split(",") if part.strip())
    if not hosts:
        raise ValueError("names no host")
    if kind == "sentinel":
        master = path.strip("/")
        if not master or "/" in master:
            raise ValueError("needs the master's name, as in sentinel://host1,host2/mymaster")
        database = _database(options.get("db", ""))
        return RedisAddress("sentinel", hosts, master=master, database=database, tls=tls)
    if kind == "cluster":
        return RedisAddress("cluster", hosts, tls=tls)
    if len(hosts) > 1:
        raise ValueError("names several hosts; use sentinel:// or cluster://")
    database = _database(path.strip("/") or options.get("db", ""))
    return RedisAddress("standalone", hosts, database=database, tls=tls)


def _database(text: str) -> int:
    if text and not (text.isascii() and text.isdigit()):
        raise ValueError("needs a number as its database, as in redis://host:6379/0")
    return int(text or 0)


def _host(part: str, default_port: int) -> tuple[str, int]:
    try:
        split = urlsplit(f"//{part}")
        name, port = split.hostname, split.port
    except ValueError as fault:
        raise ValueError("has a port that is no number from 1 to 65535") from fault
    if not name or port == 0:
        raise ValueError("has a host without a name or with port 0")
    return name, port or default_port
