"""The Lua scripts, read once from the files in ``lua/``."""

from __future__ import annotations

from hashlib import sha1
from importlib import resources
from typing import NamedTuple

_BESIDES = {
    **dict.fromkeys(("withdraw", "owed", "settle", "pairs", "reopen", "recall", "uncount"), ("outbox",)),
    **dict.fromkeys(("wave_note", "wave_look"), ("waves", "noting")),
    **dict.fromkeys(("wave_join", "wave_leave", "wave_decide", "wave_ids", "wave_members"), ("waves",)),
    **dict.fromkeys(("wave_mark", "wave_read", "waves_owed", "waves_settle", "wave_recall"), ("waves",)),
    "pair_check": ("checks",),
    "account_check": ("checks",),
    "propose": ("outbox", "proposing"),
    "admit": ("outbox", "checks", "proposing"),
    "ban_end": ("outbox",),
}
"""The files that a script includes beside common.lua, which all include."""

_GUARD = "if emptied() then return EMPTIED end"

READING = frozenset(
    {"about", "account_look", "held", "pair_look", "pairs", "shown"}
    | {"wave_ids", "wave_look", "wave_members", "wave_read"}
)
"""The scripts that write nothing. Sent as read-only, a user without write permission may run them."""


class LuaScript(NamedTuple):
    """A script's text, and the digest by which Redis knows it."""

    text: str
    digest: str


def _scripts() -> dict[str, LuaScript]:
    parts = {
        file.name.removesuffix(".lua"): file.read_text(encoding="utf-8")
        for file in resources.files("store.redis").joinpath("lua").iterdir()
    }
    included = {"common"}.union(*_BESIDES.values())
    texts = {
        name: "\n".join([parts["common"], _GUARD] + [parts[part] for part in (*_BESIDES.get(name, ()), name)])
        for name in sorted(parts.keys() - included)
    }
    return {
        name: LuaScript(text, sha1(text.encode(), usedforsecurity=False).hexdigest())
        for name, text in texts.items()
    }


SCRIPTS: dict[str, LuaScript] = _scripts()
