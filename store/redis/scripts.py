"""The Lua scripts, read once from the files in ``lua/``."""

from __future__ import annotations

from hashlib import sha1
from importlib import resources
from typing import NamedTuple

_LUA = resources.files("store.redis").joinpath("lua")
_BESIDES = {
    **dict.fromkeys(("remember", "remembered_read", "forget"), ("generations",)),
    **dict.fromkeys(("withdraw", "owed", "settle", "pairs", "reopen", "recall", "uncount"), ("outbox",)),
    **dict.fromkeys(("wave_note", "wave_look"), ("waves", "noting")),
    **dict.fromkeys(("wave_join", "wave_leave", "wave_decide", "wave_ids", "wave_members"), ("waves",)),
    **dict.fromkeys(("wave_mark", "wave_read", "waves_owed", "waves_settle", "wave_recall"), ("waves",)),
    "pair_check": ("checks",),
    "account_check": ("checks",),
    "propose": ("outbox", "proposing"),
    "admit": ("outbox", "checks", "proposing"),
    "ban_write": ("outbox", "calendar"),
}
"""The files that a script includes beside common.lua, which all include."""
_NAMES = (
    "ban_write",
    "ban_read",
    "entries",
    "rest",
    "compact",
    "expiring",
    "heads",
    "frames",
    "quotes",
    "remember",
    "remembered_read",
    "forget",
    "book",
    "count",
    "pair_check",
    "account_check",
    "account_look",
    "about",
    "withdraw",
    "propose",
    "admit",
    "confirm",
    "owed",
    "settle",
    "pairs",
    "pair_look",
    "founder",
    "decide",
    "held",
    "joined",
    "family",
    "descents",
    "reopen",
    "uncount",
    "recall",
    "release",
    "walk",
    "free",
    "dump",
    "restore",
    "history",
    "wave_note",
    "wave_look",
    "wave_join",
    "wave_leave",
    "wave_decide",
    "wave_mark",
    "wave_ids",
    "wave_members",
    "wave_read",
    "waves_owed",
    "waves_settle",
    "wave_recall",
)


READING = frozenset(
    {"account_look", "ban_read", "frames", "heads", "held", "pair_look", "pairs", "quotes"}
    | {"about", "remembered_read", "wave_ids", "wave_look", "wave_members", "wave_read"}
)
"""The scripts that write nothing. Sent as read-only, a user without write permission may run them."""


class LuaScript(NamedTuple):
    """A script's text, and the digest by which Redis knows it."""

    text: str
    digest: str


def _read(name: str) -> LuaScript:
    parts = ["common", *_BESIDES.get(name, ()), name]
    text = "\n".join(_LUA.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in parts)
    return LuaScript(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


SCRIPTS: dict[str, LuaScript] = {name: _read(name) for name in _NAMES}
