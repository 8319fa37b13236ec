"""`samehand deliver` on a real broker, with alerts to send and receivers that get them."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from msgspec.structs import replace

from local.ports import LOOPBACK, take_port
from local.processes import Child
from schemas.alerts import MirrorAlert
from schemas.examples import ALERT
from schemas.wire import encode
from streams.deadletters.admin import Wanted, list_letters
from streams.kafka.client import writer
from streams.kafka.topics import check, names
from streams.settings import Settings, load
from tests.cli.running import Ran, ran_in
from tests.deliver.receiver import SECRET_TEXT, Receiver
from tests.journeys.conftest import Waiting


class Delivering(Waiting):
    """Publishes alerts, runs the process, and tells what its receivers got."""

    def __init__(
        self,
        folder: Path,
        broker: str,
        receivers: dict[str, Receiver],
        *,
        environment: Mapping[str, str] | None = None,
        administrator: Settings | None = None,
        **more: str,
    ) -> None:
        """``more`` are further lines of an endpoint's table, by its name.

        ``environment`` are further settings of the process; ``administrator`` is who sends and looks.
        """
        unique = uuid.uuid4().hex[:12]
        self.folder = folder
        (folder / "secret").write_text(SECRET_TEXT)
        file = folder / "endpoints.toml"
        file.write_text(
            "\n".join(
                f'[endpoints.{name}]\nurl = "{receiver.url}"\nsecret_file = "{folder / "secret"}"\n'
                f'allow_networks = ["127.0.0.0/8"]\ntimeout_seconds = 2\n{more.get(name, "")}\n'
                for name, receiver in receivers.items()
            )
        )
        self._port = take_port()
        self.environment = {
            "SAMEHAND_KAFKA_BROKERS": broker,
            "SAMEHAND_TOPIC_PREFIX": f"{unique}.",
            "SAMEHAND_KAFKA_GROUP": unique,
            "SAMEHAND_TOPIC_PARTITIONS": "2",
            "SAMEHAND_ENDPOINTS": str(file),
            "SAMEHAND_WEB_HOST": LOOPBACK,
            "SAMEHAND_WEB_PORT": str(self._port.number),
            **(environment or {}),
        }
        self.settings = administrator or load(self.environment)
        self.topics = names(self.settings)
        self._children: list[Child] = []
        if administrator is None:
            check(self.settings, create=True)

    def start(self) -> Child:
        """The process, perhaps not yet ready."""
        log = self.folder / f"deliver-{len(self._children)}.log"
        child = Child([sys.executable, "-m", "cli", "deliver"], log, self.environment)
        child.start()
        self._children.append(child)
        return child

    def close(self) -> None:
        """Ends what runs."""
        for child in self._children:
            child.kill()
        self._port.release()

    def send(self, alerts: Iterable[MirrorAlert]) -> None:
        """Alerts, in order, each confirmed."""
        with writer(self.settings) as out:
            sent = [
                out.send(self.topics.alerts, key=it.key.encode(), value=encode(it), headers=[])
                for it in alerts
            ]
            for confirmation in sent:
                confirmation.get(timeout=60.0)

    def page(self, path: str) -> tuple[int, str]:
        """A page of the process, 0 where it does not answer."""
        try:
            with urlopen(f"http://{LOOPBACK}:{self._port.number}{path}", timeout=30.0) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as fault:
            return fault.code, fault.read().decode()
        except (URLError, OSError):
            return 0, ""

    def metric(self, series: str) -> float | None:
        """The value of one series, written as `/metrics` has it."""
        rows = self.page("/metrics")[1].splitlines()
        return next((float(row.split()[-1]) for row in rows if row.startswith(f"{series} ")), None)

    def letters(self) -> list[tuple[str, str]]:
        """Endpoint and reason of each open dead letter."""
        found = list_letters(self.settings, Wanted())
        return sorted((it.record.endpoint or "", it.record.reason) for it in found)

    def samehand(self, *words: str) -> Ran:
        """A command, with the same settings."""
        return ran_in(self.folder, words, self.environment)

    def last(self) -> Child | None:
        return self._children[-1] if self._children else None


def alerts(accounts: int, revisions: int = 1) -> list[MirrorAlert]:
    """So many accounts with so many revisions of one alert each, in the order in which they were told."""
    return [
        replace(ALERT, account_id=str(account), alert_id=f"{account:032x}", revision=revision)
        for revision in range(1, revisions + 1)
        for account in range(accounts)
    ]


def got(receiver: Receiver) -> list[tuple[str, int]]:
    """Account and revision of each request, in the order in which they came."""
    told = [request.json["data"] for request in receiver.requests]
    return [(it["account_id"], it["revision"]) for it in told]


def judge(receiver: Receiver, sent: Sequence[MirrorAlert], repeats_max: int) -> None:
    """Nothing is lost; without repeats each account's alerts came in order; repeats bear the same id."""
    came = got(receiver)
    firsts = list(dict.fromkeys(came))
    assert set(firsts) == {(it.account_id, it.revision) for it in sent}
    last: dict[str, int] = {}
    for account, revision in firsts:
        assert revision == last.get(account, 0) + 1, f"alert {revision} of {account} overtook"
        last[account] = revision
    assert len(came) - len(firsts) <= repeats_max
    assert len({it.message_id for it in receiver.requests}) == len(firsts)
