"""Who is at the desk and what each role may do. Code asks for a capability, never for a role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from desk.errors import Forbidden

Role = Literal["moderator", "lead", "auditor", "counsel"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

Capability = Literal[
    "read",  # open the queue and alerts
    "decide",
    "settle",  # decide where two readers disagree
    "take-back",
    "figures",  # the lead's pages
    "organise",  # name who reads which policies
    "case",  # print a case file
    "related",  # ask who is like an account
    "request",  # enter lawful requests, and note what came of them
    "approve",  # approve requests that somebody else entered, or refuse any
    "audit",  # answer for the audit: acknowledge what a restore lost of it
]

_MAY: Final[dict[str, frozenset[Capability]]] = {
    "moderator": frozenset({"read", "decide"}),
    "lead": frozenset({"read", "decide", "settle", "take-back", "figures", "organise", "case", "related"}),
    # An auditor sees all and decides nothing.
    "auditor": frozenset({"read", "figures", "case", "audit"}),
    "counsel": frozenset({"read", "case", "request", "approve"}),
}


def may(role: str, capability: Capability) -> bool:
    """Returns True if a role grants a capability; an unknown role grants none."""
    return capability in _MAY.get(role, frozenset())


@dataclass(frozen=True, slots=True)
class Reader:
    """A person, by the opaque id that alone leaves the desk; `initials` are shown to colleagues."""

    user_id: str
    initials: str
    role: str

    def may(self, capability: Capability) -> bool:
        return may(self.role, capability)

    def need(self, capability: Capability) -> None:
        """Raises `Forbidden` unless the role grants the capability."""
        if not self.may(capability):
            raise Forbidden(f"this takes the right to {capability}, which a {self.role} does not have")

    @property
    def sees_requests(self) -> bool:
        """True if lawful requests and their holds are shown: to those who answer them, and to auditors."""
        return self.may("request") or self.may("audit")

    @property
    def sees_disputes(self) -> bool:
        """True if the queue shows disputed alerts: leads settle it, those who decide nothing see all."""
        return self.may("settle") or not self.may("decide")
