"""Prometheus and Alertmanager as processes, under what we ship but for addresses and pace."""

from __future__ import annotations

import json
import math
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Self

import yaml  # type: ignore[import-untyped]  # PyYAML ships no types

from local.ports import LOOPBACK, take_port
from local.processes import Child
from tests.house import ROOT

READY_SECONDS_MAX = 60.0
DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus" / "rules" / "samehand.yaml"
PACE = "2s"
"""Of scrapes and rules: a test need not wait for what an operator's graph may."""


class Watcher:
    """A process with an HTTP address that says when it is ready."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.port = take_port()
        self.address = f"{LOOPBACK}:{self.port.number}"
        self.child = Child([*command, f"--web.listen-address={self.address}"], folder / "log")

    def __enter__(self) -> Self:
        self.child.start()
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not self._answers("/-/ready"):
            assert self.child.pid is not None, self.child.last_words()
            assert time.monotonic() < deadline, self.child.last_words()
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self.child.stop(60.0)
        self.port.release()

    def get(self, path: str, **query: str) -> Any:
        """What a JSON address answers."""
        url = f"http://{self.address}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=30.0) as answer:
            return json.loads(answer.read())

    def _answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=1.0):
                return True
        except (urllib.error.URLError, OSError):
            return False


class Prometheus(Watcher):
    """Scrapes one worker and evaluates our rules."""

    def __init__(self, binary: str, folder: Path, target: str, alertmanager: str) -> None:
        (folder / "rules").mkdir()
        rules = re.sub(r"^( +interval:) \w+$", rf"\1 {PACE}", RULES.read_text("utf-8"), flags=re.MULTILINE)
        (folder / "rules" / RULES.name).write_text(rules)
        config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text("utf-8"))
        config["global"] = {"scrape_interval": PACE, "evaluation_interval": PACE}
        config["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
        config["alerting"]["alertmanagers"][0]["static_configs"] = [{"targets": [alertmanager]}]
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        command = [
            binary,
            f"--config.file={folder / 'prometheus.yaml'}",
            f"--storage.tsdb.path={folder / 'data'}",
        ]
        super().__init__([*command, "--enable-feature=exemplar-storage"], folder)

    def values(self, expr: str) -> list[float]:
        """Every value that an expression has now; NaN is none."""
        found = self.get("/api/v1/query", query=expr)["data"]["result"]
        values = [float(series["value"][1]) for series in found]
        return [value for value in values if not math.isnan(value)]

    def until(self, expr: str, seconds: float) -> list[float]:
        """The values once there are any; none when there are none in time."""
        deadline = time.monotonic() + seconds
        while not (values := self.values(expr)) and time.monotonic() < deadline:
            time.sleep(1.0)
        return values


class Alertmanager(Watcher):
    """Routes as we ship it, to a pager of the test."""

    def __init__(self, binary: str, folder: Path, pager: str) -> None:
        config = (DEPLOY / "alertmanager" / "alertmanager.yaml").read_text("utf-8")
        config = config.replace("http://127.0.0.1:9095", pager).replace("group_wait: 10s", "group_wait: 1s")
        config = config.replace("group_interval: 1m", "group_interval: 1s")
        (folder / "alertmanager.yaml").write_text(config)
        command = [
            binary,
            f"--config.file={folder / 'alertmanager.yaml'}",
            f"--storage.path={folder / 'data'}",
        ]
        super().__init__([*command, "--cluster.listen-address="], folder)
