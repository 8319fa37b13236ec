"""docs/mastodon.md, with its very commands: from Mastodon's webhooks to an alert in a webhook."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

import pytest

from tests.house import ROOT
from tests.journeys.test_first_alert import Newcomer, held_port, newcomer, own_broker

pytestmark = pytest.mark.journey
__all__ = ["newcomer", "own_broker"]

PAGE = (ROOT / "docs" / "mastodon.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
SECRET = "what Mastodon shows on its page"


def status_of(url: str, signature: str) -> int:
    """What a webhook is answered with."""
    request = urllib.request.Request(url, b"{}", {"X-Hub-Signature": signature})  # our own
    try:
        with urllib.request.urlopen(request, timeout=10.0) as answer:  # our own
            return int(answer.status)
    except urllib.error.HTTPError as fault:
        return fault.code
    except OSError:
        return 0


def test_the_page_leads_from_mastodon_to_an_alert_in_a_webhook(newcomer: Newcomer) -> None:
    sample, pepper, keys, worker, gate, deliver, receiver, send = COMMANDS
    assert "5 records: 4 map, 1 have nothing to say" in newcomer.types(sample)
    newcomer.types(pepper)
    keys_file = {"SAMEHAND_GATE_KEYS": str(newcomer.folder / "keys.json")}
    newcomer.environment.update(keys_file)
    assert "samehand_" in newcomer.types(keys)
    [webhooks] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (newcomer.folder / "webhooks.toml").write_text(webhooks)
    (newcomer.folder / "mastodon-secret").write_text(SECRET)
    ports = {
        name: newcomer.stack.enter_context(held_port())
        for name in ("worker", "gate", "calls", "deliver", "hook")
    }
    endpoints = newcomer.folder / "endpoints.toml"
    shown = (ROOT / "examples/webhook/endpoints.toml").read_text("utf-8")
    endpoints.write_text(shown.replace("9000", ports["hook"]))
    heard = newcomer.folder / "receiver.log"
    newcomer.starts("receiver", receiver.replace("9000", ports["hook"]))
    newcomer.starts("worker", worker, SAMEHAND_WEB_PORT=ports["worker"])
    newcomer.starts("gate", gate, SAMEHAND_WEB_PORT=ports["gate"], SAMEHAND_GATE_PORT=ports["calls"])
    newcomer.starts("deliver", deliver, SAMEHAND_WEB_PORT=ports["deliver"], SAMEHAND_ENDPOINTS=str(endpoints))
    url = f"http://127.0.0.1:{ports['calls']}/v1/webhooks/mastodon.webhooks"
    newcomer.waits(lambda: status_of(url, "sha256=0") == 401, "a gate that refuses what is not signed")
    health = f"http://127.0.0.1:{ports['worker']}/health/ready"
    newcomer.waits(lambda: answers(health), "a worker that is ready")
    statuses = newcomer.types(send.replace("6070", ports["calls"])).split()
    assert statuses == ["202", "202", "202", "200", "202"]
    [printed] = re.findall(r"^alert\.opened: .*$", PAGE, re.MULTILINE)
    newcomer.waits(lambda: printed in heard.read_text("utf-8"), f"{printed} at the receiver")
    assert "umar" not in (newcomer.folder / "gate.log").read_text("utf-8")


def answers(url: str) -> bool:
    """Whether a process of ours is ready."""
    try:
        with urllib.request.urlopen(url, timeout=10.0):  # our own
            return True
    except OSError:
        return False


def test_every_command_of_the_page_is_run_above() -> None:
    assert len(COMMANDS) == 8
    assert all(re.match(r"([A-Z_]+=\S+ )*(samehand|python) ", line) for line in COMMANDS)
