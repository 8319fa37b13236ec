"""docs/mastodon.md and docs/discourse.md, with their very commands: from webhooks to an alert."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.journeys.newcomer import Newcomer, answers, commands, held_port, newcomer, own_broker
from tests.tables import for_each

pytestmark = pytest.mark.journey
__all__ = ["newcomer", "own_broker"]

SECRET = "what Mastodon shows on its page"


@dataclass(frozen=True)
class Page:
    """One page, and the header of its signatures."""

    name: str
    header: str

    @property
    def text(self) -> str:
        return (ROOT / "docs" / f"{self.name}.md").read_text("utf-8")

    @property
    def typed(self) -> list[str]:
        return commands(self.text)


PAGES = (Page("mastodon", "X-Hub-Signature"), Page("discourse", "X-Discourse-Event-Signature"))


def status_of(url: str, header: str) -> int:
    """The answer to a webhook with a wrong signature."""
    request = urllib.request.Request(url, b"{}", {header: "sha256=0"})  # our own
    try:
        with urllib.request.urlopen(request, timeout=60.0) as answer:  # our own
            return int(answer.status)
    except urllib.error.HTTPError as fault:
        return fault.code
    except OSError:
        return 0


def test_the_pages_lead_from_webhooks_to_an_alert_in_a_webhook(newcomer: Newcomer) -> None:
    """One gate takes the webhooks of both; what both pages say is typed once."""
    samples, [pepper, *_], keys, workers, gates, deliver, receiver, sends = zip(
        *(page.typed for page in PAGES), strict=True
    )
    for sample in samples:
        assert "5 records: 4 map, 1 have nothing to say" in newcomer.types(sample)
    newcomer.types(pepper)
    newcomer.environment["SAMEHAND_GATE_KEYS"] = str(newcomer.folder / "keys.json")
    assert "samehand_" in newcomer.types(keys[0])
    for page in PAGES:
        [webhooks] = re.findall(r"```toml\n(.*?)```", page.text, re.DOTALL)
        with (newcomer.folder / "webhooks.toml").open("a") as both:
            both.write(webhooks)
        with (newcomer.folder / "mappings.toml").open("a") as both:
            both.write((newcomer.folder / f"examples/{page.name}/mappings.toml").read_text("utf-8"))
        (newcomer.folder / f"{page.name}-secret").write_text(SECRET)
    ports = {
        name: newcomer.stack.enter_context(held_port())
        for name in ("worker", "gate", "calls", "deliver", "hook")
    }
    newcomer.edits("webhook/endpoints.toml", _9000=ports["hook"])
    heard = newcomer.folder / "receiver.log"
    newcomer.starts("receiver", receiver[0].replace("9000", ports["hook"]))
    newcomer.starts("worker", workers[0], SAMEHAND_WEB_PORT=ports["worker"])
    [of_both] = {gate.replace(f"examples/{page.name}/", "") for gate, page in zip(gates, PAGES, strict=True)}
    newcomer.starts("gate", of_both, SAMEHAND_WEB_PORT=ports["gate"], SAMEHAND_GATE_PORT=ports["calls"])
    newcomer.starts("deliver", deliver[0], SAMEHAND_WEB_PORT=ports["deliver"])
    health = f"http://127.0.0.1:{ports['worker']}/health/ready"
    newcomer.waits(lambda: answers(health), "a worker that is ready")
    for page, send in zip(PAGES, sends, strict=True):
        url = f"http://127.0.0.1:{ports['calls']}/v1/webhooks/{page.name}.webhooks"
        newcomer.waits(partial(refuses, url, page.header), "a gate that refuses what is not signed")
        statuses = newcomer.types(send.replace("6070", ports["calls"])).split()
        assert statuses == ["202", "202", "202", "200", "202"]
        [printed] = re.findall(r"^alert\.opened: .*$", page.text, re.MULTILINE)
        newcomer.waits(partial(holds, heard, printed), f"{printed} at the receiver")
    assert "umar" not in (newcomer.folder / "gate.log").read_text("utf-8")


def holds(path: Path, text: str) -> bool:
    return text in path.read_text("utf-8")


def refuses(url: str, header: str) -> bool:
    return status_of(url, header) == 401


@for_each("page", PAGES)
def test_every_command_of_the_page_is_run_above(page: Page) -> None:
    assert len(page.typed) == 8
    assert all(re.match(r"([A-Z_]+=\S+ )*(samehand|python) ", line) for line in page.typed)
