"""Who may do what. Code asks for a capability, never for a role."""

from __future__ import annotations

from typing import Final, Literal, get_args

Role = Literal["moderator", "lead", "auditor"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

Capability = Literal[
    "read",  # open the queue and alerts
    "decide",
    "settle",  # decide where two readers disagree
    "take-back",
    "golden",  # set what exercises expect
    "figures",  # the lead's pages
    "weights",  # try weights in shadow, put them in force, take them back
    "case",  # print a case file
    "audit",  # answer for the audit: acknowledge what a restore lost of it
]

_MAY: Final[dict[str, frozenset[Capability]]] = {
    "moderator": frozenset({"read", "decide"}),
    "lead": frozenset({"read", "decide", "settle", "take-back", "golden", "figures", "weights", "case"}),
    # An auditor sees all and decides nothing.
    "auditor": frozenset({"read", "figures", "case", "audit"}),
}


def may(role: str, capability: Capability) -> bool:
    """Whether a role brings a capability; one that we do not know brings none."""
    return capability in _MAY.get(role, frozenset())
