"""When a Redis counts as ready."""

from __future__ import annotations

from local.ports import take_port
from local.redis import EmbeddedRedis, answers_ping


def test_nobody_there_is_not_ready() -> None:
    port = take_port()
    assert not answers_ping(port.number)
    port.release()


def test_one_with_a_password_is_ready() -> None:
    with EmbeddedRedis() as server:
        with server.administrator() as administrator:
            administrator.acl_setuser("default", enabled=True, reset_passwords=True, passwords="+a-test's")
        assert answers_ping(server.port)
