"""Servers that come and go together."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

import pytest

from local.group import ServerGroup
from local.server import DidNotStart
from tests.local.test_server import SERVE, Script


class Pair(ServerGroup):
    """Two scripts."""

    name: ClassVar[str] = "pair"

    def __init__(self, folder: Path | None = None, second: str = SERVE) -> None:
        super().__init__(folder)
        self.pair = [Script(folder=self.folder / "1"), Script(second, folder=self.folder / "2")]

    @property
    def servers(self) -> list[Script]:
        return self.pair

    def start(self) -> Self:
        self.start_each(self.pair)
        return self


def test_they_start_and_go_together() -> None:
    with Pair() as pair:
        assert all(server.pid for server in pair.servers)
    assert not any(server.pid for server in pair.servers)
    assert not pair.folder.exists()


def test_one_that_fails_takes_the_other_along() -> None:
    pair = Pair(second="exit(1)")
    with pytest.raises(DidNotStart), pair:
        pass
    assert not any(server.pid for server in pair.servers)
    assert not pair.folder.exists()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_all_can_be_ended_and_started_again(tmp_path: Path, end: str) -> None:
    with Pair(tmp_path) as pair:
        getattr(pair, end)()
        assert not any(server.pid for server in pair.servers)
        pair.start()
        assert all(server.pid for server in pair.servers)
