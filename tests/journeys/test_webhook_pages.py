"""docs/mastodon.md and docs/discourse.md, with their very commands: from webhooks to an alert."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass

import pytest

from tests.house import ROOT
from tests.journeys.newcomer import Newcomer, answers, commands, held_port, newcomer, own_broker

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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_leads_from_webhooks_to_an_alert_in_a_webhook(newcomer: Newcomer, page: Page) -> None:
    sample, pepper, keys, worker, gate, deliver, receiver, send = page.typed
    assert "5 records: 4 map, 1 have nothing to say" in newcomer.types(sample)
    newcomer.types(pepper)
    keys_file = {"SAMEHAND_GATE_KEYS": str(newcomer.folder / "keys.json")}
    newcomer.environment.update(keys_file)
    assert "samehand_" in newcomer.types(keys)
    [webhooks] = re.findall(r"```toml\n(.*?)```", page.text, re.DOTALL)
    (newcomer.folder / "webhooks.toml").write_text(webhooks)
    (newcomer.folder / f"{page.name}-secret").write_text(SECRET)
    ports = {
        name: newcomer.stack.enter_context(held_port())
        for name in ("worker", "gate", "calls", "deliver", "hook")
    }
    newcomer.edits("webhook/endpoints.toml", _9000=ports["hook"])
    heard = newcomer.folder / "receiver.log"
    newcomer.starts("receiver", receiver.replace("9000", ports["hook"]))
    newcomer.starts("worker", worker, SAMEHAND_WEB_PORT=ports["worker"])
    newcomer.starts("gate", gate, SAMEHAND_WEB_PORT=ports["gate"], SAMEHAND_GATE_PORT=ports["calls"])
    newcomer.starts("deliver", deliver, SAMEHAND_WEB_PORT=ports["deliver"])
    url = f"http://127.0.0.1:{ports['calls']}/v1/webhooks/{page.name}.webhooks"
    newcomer.waits(lambda: status_of(url, page.header) == 401, "a gate that refuses what is not signed")
    health = f"http://127.0.0.1:{ports['worker']}/health/ready"
    newcomer.waits(lambda: answers(health), "a worker that is ready")
    statuses = newcomer.types(send.replace("6070", ports["calls"])).split()
    assert statuses == ["202", "202", "202", "200", "202"]
    [printed] = re.findall(r"^alert\.opened: .*$", page.text, re.MULTILINE)
    newcomer.waits(lambda: printed in heard.read_text("utf-8"), f"{printed} at the receiver")
    assert "umar" not in (newcomer.folder / "gate.log").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_the_page_is_run_above(page: Page) -> None:
    assert len(page.typed) == 8
    assert all(re.match(r"([A-Z_]+=\S+ )*(samehand|python) ", line) for line in page.typed)
