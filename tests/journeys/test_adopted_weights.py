"""What a lead adopts at the desk is what a worker weighs by, as it runs and from its first event on."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from local.ports import LOOPBACK, take_port
from local.processes import Child
from samehand.scoring.weights import default_weights
from tests.cli.running import ran_in
from tests.desk.weighing import an_alert_of, is_mirror
from tests.journeys.conftest import Platform
from tests.makers import a_ban, a_sign_up, a_verdict

pytestmark = pytest.mark.journey

NOW = datetime.now(UTC).replace(microsecond=0)
AGO = NOW - timedelta(hours=2)
DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0dacc7"


def version_of(platform: Platform, account_id: str) -> str:
    """Signs a mirror up, and returns which table its alert was made by."""
    mirror = a_sign_up(account_id, handle=f"umar_media_{account_id[1:]}", device_id=DEVICE, at=NOW)
    platform.publish(platform.topics.created, mirror)
    platform.until(lambda: platform.alerts_on(account_id), "the alert")
    return platform.alerts_on(account_id)[0].weights_version


class Desk:
    """A desk as a process, and a lead who has signed in there."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self._platform, self._port, self._watched = platform, take_port(), take_port()
        self._environment = {
            **platform.environment,
            "SAMEHAND_DATABASE_URL": f"sqlite:///{folder / 'desk.db'}",
            "SAMEHAND_DESK_HOST": LOOPBACK,
            "SAMEHAND_DESK_PORT": str(self._port.number),
            "SAMEHAND_WEB_PORT": str(self._watched.number),
            "SAMEHAND_DESK_SHADOW_HOURS": "0",
        }
        command = [sys.executable, "-m", "cli", "desk"]
        self.log = folder / "desk.log"
        self._process = Child(command, self.log, self._environment)
        hiring = ["desk", "users", "add", "amina", "--role", "lead", "--link"]
        hired = ran_in(folder, hiring, {**self._environment, "COLUMNS": "300"})
        (self._link,) = re.findall(r"/link/\S+", hired.out + hired.err)
        self.client = httpx.Client(base_url=f"http://{LOOPBACK}:{self._port.number}", follow_redirects=True)

    def open(self) -> None:
        """Starts it, and signs in."""
        self._process.start()
        self._platform.until(self._there, "the desk")
        assert self.client.post(self._link).status_code == 200

    def _there(self) -> bool:
        try:
            return httpx.get(f"http://{LOOPBACK}:{self._watched.number}/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def page(self) -> str:
        """The page of weights, as the lead sees it now."""
        answer = self.client.get("/weights")
        assert answer.status_code == 200, answer.text
        return answer.text

    def press(self, where: str, **said: str) -> None:
        """Sends one form of the page with what it holds, and what the lead says."""
        form = re.search(rf'action="/weights/{where}".*?</form>', self.page(), re.DOTALL)
        assert form is not None, self.page()
        held = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
        answer = self.client.post(f"/weights/{where}", data={**held, **said})
        assert answer.status_code == 200, answer.text

    def close(self) -> None:
        """Ends it."""
        self.client.close()
        self._process.stop(60.0)
        self._port.release()
        self._watched.release()


@pytest.fixture
def desk(platform: Platform, tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(platform, tmp_path)
    try:
        opened.open()
        yield opened
    finally:
        opened.close()


def weighs(platform: Platform, stage: str) -> str:
    """The table that the worker has in a stage, "" for none."""
    series = rf'^samehand_weights{{stage="{stage}",weights_version="(.*)"}} 1'
    return "".join(re.findall(series, platform.page("/metrics"), re.MULTILINE))


def test_a_lead_tries_what_verdicts_teach_puts_it_in_force_for_good_and_rolls_it_back(
    platform: Platform, desk: Desk
) -> None:
    ours = default_weights().version
    platform.publish(
        platform.topics.banned, a_ban("b1", handle="umar_media", device_id=DEVICE, at=AGO, banned_at=AGO)
    )
    assert version_of(platform, "n1") == ours
    alerts = [an_alert_of(number, detected_at=NOW) for number in range(60)]
    platform.publish(platform.topics.alerts, *alerts)
    platform.publish(
        platform.topics.verdicts,
        *(
            replace(
                a_verdict(one.alert_id, "mirror" if is_mirror(one) else "not_mirror"),
                decided_at=NOW,
                blind=True,
                verdict_id=f"verdict-{one.alert_id}",
            )
            for one in alerts
        ),
    )
    platform.until(lambda: 'action="/weights/try"' in desk.page(), "a proposal")
    desk.press("try", reason="the device tells more than the table says")
    platform.until(lambda: "+learned." in weighs(platform, "shadow"), "the worker to count beside")
    learned = weighs(platform, "shadow")
    assert (weighs(platform, "live"), version_of(platform, "n2")) == (ours, ours)
    counted = 'samehand_shadow_weights_total{band="likely",shadow_band="likely"}'
    platform.until(lambda: platform.metric(counted) >= 1.0, "the mirror to be counted by either table")

    desk.press("adopt", reason="it held on new verdicts")
    platform.until(lambda: weighs(platform, "live") == learned, "the worker to weigh by it")
    platform.until(lambda: weighs(platform, "shadow") == "", "nothing in shadow")
    platform.worker.stop(60.0)
    platform.open()
    assert version_of(platform, "n3") == learned

    desk.press("back")
    platform.until(lambda: weighs(platform, "live") == ours, "the worker to weigh as before")
    assert version_of(platform, "n4") == ours
    assert "cannot be used" not in platform.log.read_text("utf-8")
