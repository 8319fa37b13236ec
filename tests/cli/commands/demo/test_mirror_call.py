"""The call that the demo shows is one that a shell takes, and its account a mirror that the gate can read."""

from __future__ import annotations

import shlex

from cli.commands.demo.mirror_call import curl
from schemas.wire import Decoded, decode_created
from simulate.sample import sample
from tests.makers import NOON


def test_it_is_a_command_that_scores_a_sign_up() -> None:
    events = list(sample(7, 200, ends_at=NOON))
    words = shlex.split(curl("http://127.0.0.1:6070", "secret", events, NOON))
    assert words[:3] == ["curl", "-s", "http://127.0.0.1:6070/v1/score"]
    assert "Authorization: Bearer secret" in words
    found = decode_created(words[-1].encode(), now=NOON.timestamp())
    assert isinstance(found, Decoded)
    assert (found.record.account.account_id, found.record.account.handle is not None) == ("made-by-you", True)


def test_without_a_ban_there_is_nothing_to_show() -> None:
    assert curl("http://127.0.0.1:6070", "secret", [], NOON) == ""
