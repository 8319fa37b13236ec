"""The kind of browser or phone that the user agent names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from samehand.account import Account
from samehand.keys import Key, KeyKind
from samehand.normalize.user_agent import agent_family
from samehand.signals.base import Example, Keyer
from samehand.signals.digest import DigestSignal


class AgentSignal(DigestSignal):
    """Both accounts were made with the same model of phone or browser, which many people use."""

    name = "agent"
    code = 8
    kind = KeyKind.AGENT
    owned = False
    sentences: Mapping[str, str] = {
        "same": "Both accounts were made with the same model of phone or browser."
    }

    def distil(self, account: Account, keyer: Keyer) -> bytes | None:
        """The keyed family: browser, system and model, without version numbers."""
        family = agent_family(account.user_agent) if account.user_agent else None
        return keyer("agent", family.encode()) if family else None

    def keys(self, trait: bytes) -> Iterable[Key]:
        """No keys: the value is far too common to find candidates by."""
        return ()

    @property
    def examples(self) -> tuple[Example, ...]:
        """One model with two versions of a browser, and two models."""
        galaxy = "Mozilla/5.0 (Linux; Android 13; SM-A536B) Chrome/{}.0.0.0 Mobile Safari/537.36"
        iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Safari/604.1"
        return (
            Example(_made_with(galaxy.format(120)), _made_with(galaxy.format(121)), "same"),
            Example(_made_with(galaxy.format(120)), _made_with(iphone), None),
        )


def _made_with(user_agent: str) -> Account:
    return Account(platform="x", account_id="1", user_agent=user_agent)


AGENT: Final = AgentSignal()
