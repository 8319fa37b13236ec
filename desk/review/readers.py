"""Who is at the desk."""

from __future__ import annotations

from dataclasses import dataclass

from desk.review.errors import Forbidden
from desk.review.roles import Capability, may


@dataclass(frozen=True, slots=True)
class Reader:
    """A person, by the opaque id that alone leaves the desk; `initials` are shown to colleagues."""

    user_id: str
    initials: str
    role: str

    def may(self, capability: Capability) -> bool:
        """Whether the role brings it."""
        return may(self.role, capability)

    def need(self, capability: Capability) -> None:
        """Raises `Forbidden` where the role does not bring it."""
        if not self.may(capability):
            raise Forbidden(f"this takes the right to {capability}, which a {self.role} does not have")
