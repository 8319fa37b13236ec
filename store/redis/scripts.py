"""The Lua scripts, read once from the files in ``lua/``."""

from __future__ import annotations

from hashlib import sha1
from importlib import resources
from typing import NamedTuple

_BESIDES = {
    **dict.fromkeys(("remember", "remembered_read", "forget"), ("generations",)),
    **dict.fromkeys(("wave_note", "wave_look"), ("noting",)),
}
"""The files that a script includes beside common.lua, which all include."""

_GUARD = "if emptied() then return redis.error_reply('EMPTIED') end"
_UNGUARDED = "history"
"""The only script that answers in a store whose epoch is another one."""

READING = frozenset(
    {"ban_read", "frames", "heads", "quotes", "remembered_read", "standing", "step", "wave_look"}
)
"""The scripts that need not write. Sent as read-only, a user without write permission may run them."""


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
        name: "\n".join(
            [parts["common"], "" if name == _UNGUARDED else _GUARD]
            + [parts[part] for part in (*_BESIDES.get(name, ()), name)]
        )
        for name in sorted(parts.keys() - included)
    }
    return {
        name: LuaScript(text, sha1(text.encode(), usedforsecurity=False).hexdigest())
        for name, text in texts.items()
    }


SCRIPTS: dict[str, LuaScript] = _scripts()
