"""The numbers that the desk works by, as the operator set them."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from samehand.watchlist.entry import UNNAMED, is_unquoted
from samehand.watchlist.platforms import is_list
from schemas.alerts import MirrorAlert, without_basis
from schemas.basis_rights import ALL_RIGHTS, RightsTable


@dataclass(frozen=True, slots=True)
class Policy:
    """Shares in [0, 1], lengths in seconds.

    key             of the draws: with it one can predict which alerts are shown blind
    blind_share     of alerts, shown without score, band, weights or an order that tells
    second_share    of decided alerts, read by a second person
    undo_seconds    that a verdict waits before it is sent
    claim_seconds   that a read stays in somebody's hands without a sign of life
    goal_seconds    by rank, within which an alert is to be decided
    skip_seconds    that a skipped read is not shown again to who skipped it
    basis_rights    which bases statements may quote, and case files hold
    """

    key: bytes = field(repr=False)
    blind_share: float = 0.15
    second_share: float = 0.05
    undo_seconds: float = 10.0
    claim_seconds: float = 120.0
    goal_seconds: tuple[float, float] = (3600.0, 86_400.0)
    skip_seconds: float = 1800.0
    basis_rights: RightsTable = ALL_RIGHTS

    def quotable(self, alert: MirrorAlert) -> MirrorAlert:
        """The alert as a statement may quote it. Alerts are made so; the right may have ended since."""
        return self._limited(alert, self.basis_rights.of(alert.matched.basis).may_be_quoted)

    def exportable(self, alert: MirrorAlert) -> MirrorAlert:
        """The alert as a case file may hold it."""
        rights = self.basis_rights.of(alert.matched.basis)
        return self._limited(alert, rights.may_be_quoted and rights.may_be_exported)

    def _limited(self, alert: MirrorAlert, whole: bool) -> MirrorAlert:
        if whole:
            return alert
        listed = is_list(alert.matched.platform)
        limited = without_basis(alert, listed=listed)
        if listed and not is_unquoted(alert.matched.account_id):
            unnamed = replace(limited.matched, account_id=UNNAMED, root_id=None)
            limited = replace(limited, matched=unnamed)
        return limited

    def due_at(self, rank: int, waits_since: float) -> float:
        """By when a read is to be decided, in Unix seconds."""
        return waits_since + self.goal_seconds[min(rank, len(self.goal_seconds) - 1)]
