"""The Lua scripts, read once from the files in ``lua/``; each includes common.lua."""

from __future__ import annotations

from hashlib import sha1
from importlib import resources
from typing import NamedTuple

_GUARD = "if emptied() then return EMPTIED end"

READING = frozenset({"step", "noting"})
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
    common = parts.pop("common")
    texts = {name: "\n".join((common, _GUARD, own)) for name, own in parts.items()}
    return {
        name: LuaScript(text, sha1(text.encode(), usedforsecurity=False).hexdigest())
        for name, text in texts.items()
    }


SCRIPTS: dict[str, LuaScript] = _scripts()
