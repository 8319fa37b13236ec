"""What one would write in a day instead of samehand, run as a process by :mod:`bench.in_a_day`.

quixstreams reads sign-ups. E-mail, number, device and card are looked up in Redis as they are; the 64 most
similar handles and display names in PostgreSQL, by ``pg_trgm``. A ban scores two for each shared value and
the similarity of each name; the best one is an alert if it scores at least 1. Nothing expires, is removed or
explained.

quixstreams pins releases older than samehand's, so this module runs in an environment of its own, which
`make bench` makes, and imports nothing of samehand's.
"""

from __future__ import annotations

import importlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import psycopg
import redis

if TYPE_CHECKING:
    from schemas.accounts import Account

DATABASE: Final = "IN_A_DAY_DATABASE_URL"
SERVER: Final = "IN_A_DAY_REDIS_URL"
CREATED, ALERTS, GROUP, BROKERS = "IN_A_DAY_CREATED", "IN_A_DAY_ALERTS", "IN_A_DAY_GROUP", "IN_A_DAY_BROKERS"
"""The environment variables of the process."""

_EXACT: Final = ("email", "phone", "device_id", "payment_token")
_NAMES: Final = ("handle", "display_name")
_KEEP: Final = 64
_AT_ONCE: Final = 5_000
_COMMIT_SECONDS: Final = 0.5
_EXACT_SCORE: Final = 2.0
_SCORE_MIN: Final = 1.0


class InADay:
    """The bans as raw values in Redis and names in PostgreSQL, and what a sign-up shares with them."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self._database = psycopg.connect(database_url, autocommit=True)
        self._redis: Any = redis.Redis.from_url(redis_url)

    def fill(self, bans: Iterable[Account]) -> None:
        self._database.execute("CREATE EXTENSION pg_trgm")
        for name in _NAMES:
            self._database.execute(f"CREATE TABLE {name} (account text, name text)".encode())
        remaining = iter(bans)
        while some := list(islice(remaining, _AT_ONCE)):
            self._fill(some)
        for name in _NAMES:
            self._database.execute(f"CREATE INDEX ON {name} USING gin (name gin_trgm_ops)".encode())
            self._database.execute(f"VACUUM ANALYZE {name}".encode())

    def _fill(self, bans: list[Account]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for ban in bans:
            for name in _EXACT:
                if value := getattr(ban, name):
                    pipeline.sadd(f"{name}:{value}", ban.account_id)
        pipeline.execute()
        for name in _NAMES:
            with self._database.cursor().copy(f"COPY {name} FROM STDIN".encode()) as rows:
                for ban in bans:
                    if value := getattr(ban, name):
                        rows.write_row((ban.account_id, _written(value)))

    def close(self) -> None:
        self._database.close()
        self._redis.close()

    def look_up(self, account: dict[str, Any]) -> dict[str, float]:
        """What each banned account scores."""
        pipeline = self._redis.pipeline(transaction=False)
        for name in _EXACT:
            if value := account.get(name):
                pipeline.smembers(f"{name}:{value}")
        scores = defaultdict[str, float](float)
        for several in pipeline.execute():
            for banned in several:
                scores[banned.decode()] += _EXACT_SCORE
        for name in _NAMES:
            if value := account.get(name):
                for score, banned in self._similar(name, _written(value)):
                    scores[banned] += score
        return scores

    def _similar(self, name: str, value: str) -> list[tuple[float, str]]:
        query = (
            f"SELECT similarity(name, %(value)s), account FROM {name} WHERE name %% %(value)s"
            f" ORDER BY similarity(name, %(value)s) DESC LIMIT {_KEEP}"
        )
        return self._database.execute(query.encode(), {"value": value}, prepare=True).fetchall()

    def alerts(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """One for the best match, if any."""
        account = event["account"]
        scores = self.look_up(account)
        banned = max(scores, key=scores.__getitem__, default="")
        if banned and scores[banned] >= _SCORE_MIN:
            yield {"account_id": account["account_id"], "banned_id": banned, "score": scores[banned]}


def _written(name: str) -> str:
    """In lower case, without the one character that PostgreSQL does not store."""
    return name.lower().replace("\0", "")


def main() -> None:
    """Runs until a signal ends it."""
    quixstreams = importlib.import_module("quixstreams")
    given = os.environ
    matching = InADay(given[DATABASE], given[SERVER])
    application = quixstreams.Application(
        broker_address=given[BROKERS],
        consumer_group=given[GROUP],
        auto_offset_reset="earliest",
        commit_interval=_COMMIT_SECONDS,
        auto_create_topics=False,
        loglevel="WARNING",
    )
    events = application.dataframe(application.topic(given[CREATED], value_deserializer="json"))
    alerts = application.topic(given[ALERTS], value_serializer="json")
    events.apply(lambda event: list(matching.alerts(event)), expand=True).to_topic(alerts)
    application.run()


if __name__ == "__main__":
    main()
