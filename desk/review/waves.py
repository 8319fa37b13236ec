"""Waves as a person sees and decides them: as a whole, with exceptions.

A verdict on a wave is about the wave alone. It is no verdict on an alert of a member, and shows nobody one:
what is sealed of an alert stays sealed on the page of a wave that its account is in.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from msgspec import structs

from desk.database import audit, users, verdicts, waves
from desk.database.filters import WaveState
from desk.database.schema import VerdictRow, WaveRow
from desk.database.verdicts import RESTORED, TAKE_BACK
from desk.database.waves import BY_VERDICT, KIND
from desk.errors import Conflict, Forbidden, NotFound, UnusableInput
from desk.review.arrivals import DECIDED
from desk.review.deciding.claim import has_decided
from desk.review.deciding.decide import DecisionMade
from desk.review.deciding.leads import TAKEN_BACK, decided_verdict, repeat, restorable
from desk.review.deciding.review import Review
from desk.review.forgetting import FORGOTTEN
from desk.review.views import VerdictView, verdict_views
from schemas.decoding.dates import from_seconds
from schemas.malformed import Malformed
from schemas.verdicts import EXCEPTIONS_MAX
from schemas.waves import WaveAlert, WavePattern
from schemas.wire import decode_wave

OF_ACCOUNT_MAX: Final = 20
"""Waves of one account that are shown; it is in one at a time."""


@dataclass(frozen=True, slots=True)
class WaveDecision:
    """What a person said about a wave as it stood at `revision`; `exceptions`: members that are left out."""

    revision: int
    verdict: str
    reason_code: str
    exceptions: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class WaveLine:
    """One line of the list of waves. `began_at`: Unix seconds; `verdict`: the one that decides it, if any."""

    wave_id: str
    state: WaveState
    withdrawn_reason: str | None
    began_at: float
    members: int
    handle_pattern: str | None
    pattern: tuple[WavePattern, ...]
    verdict: VerdictView | None


@dataclass(frozen=True, slots=True)
class WaveView:
    """One wave as a person may see it.

    `banned`: members
    that were banned since, as far as alerts of this desk say and this person may know; `hides`:
    whether what others said of a member must not be known; `may_decide`: whether it waits, and not only for
    others.
    """

    wave: WaveAlert
    state: WaveState
    banned: tuple[str, ...]
    hides: bool
    verdicts: tuple[VerdictView, ...]
    may_decide: bool

    @property
    def decided(self) -> VerdictView | None:
        """The verdict that decides it."""
        return _deciding(self.verdicts)

    @property
    def taken_back(self) -> bool:
        """True if a verdict was taken back, and nothing was decided since."""
        return any(verdict.holds and verdict.kind == TAKE_BACK for verdict in self.verdicts)


async def listed(
    review: Review, state: WaveState | None, *, limit: int, before: float | None, after_wave: str
) -> list[WaveLine]:
    """Returns waves, the newest first. ``before``, ``after_wave``: as in `desk.database.waves.page`."""
    rows = await waves.page(
        review.connection, review.reader.user_id, state, limit=limit, before=before, after_wave=after_wave
    )
    return await _lines(review, rows)


async def of_account(review: Review, key: str) -> list[WaveLine]:
    """Returns the waves that an account is in, the newest first."""
    user_id = review.reader.user_id
    rows = await waves.of_account(review.connection, key, OF_ACCOUNT_MAX, user_id=user_id)
    return await _lines(review, rows)


async def wave_view(review: Review, wave_id: str) -> WaveView:
    """Returns one wave. Raises `NotFound`."""
    row = await _find(review, wave_id)
    wave = wave_of(row)
    given = await verdicts.of_alert(review.connection, wave_id)
    said = (await _said(review, {wave_id: given}))[wave_id]
    accounts = [member.account for member in wave.members]
    banned = await waves.banned_since(
        review.connection, accounts, user_id=review.reader.user_id, lifted=FORGOTTEN
    )
    banned |= {member.account for member in wave.members if member.banned}
    # A ban tells what somebody decided about an alert that this person has yet to read.
    hidden = await review.hidden_accounts(accounts)
    banned -= hidden
    wave = structs.replace(
        wave,
        members=tuple(
            structs.replace(member, banned=False) if member.account in hidden else member
            for member in wave.members
        ),
    )
    state = _state(row, said)
    return WaveView(
        wave=wave,
        state=state,
        banned=tuple(account for account in accounts if account in banned),
        hides=bool(hidden),
        verdicts=said,
        may_decide=state == "waiting"
        and bool(wave.members)
        and review.reader.may("decide")
        and not has_decided(review, given),
    )


async def decide(review: Review, wave_id: str, decision: WaveDecision) -> DecisionMade:
    """Keeps a verdict on a wave, and lays it out to be sent once it can no longer be undone."""
    review.reader.need("decide")
    if decision.verdict not in ("mirror", "not_mirror", "unsure"):
        raise UnusableInput("verdict", "is mirror, not_mirror or unsure")
    if not decision.reason_code:
        raise UnusableInput("reason_code", "say why, by one of the codes")
    await audit.lock(review.connection)  # of two who decide at once the second finds the first one's verdict
    row = await _find(review, wave_id)
    given = await verdicts.of_alert(review.connection, wave_id)
    holds = verdicts.holding_of(given)
    if _state(row, (await _said(review, {wave_id: given}))[wave_id]) != "waiting":
        reviewer = None if holds is None else holds.reviewer
        raise Conflict("it was decided, or withdrawn, a moment ago", await review.initials(reviewer))
    if has_decided(review, given):
        raise Forbidden("who has decided a wave does not read it a second time")
    if row.revision != decision.revision:
        raise Conflict("the wave has changed meanwhile: look again")
    members = {member.account for member in wave_of(row).members}
    if not members:
        raise Conflict("it was written by a version that this one cannot read")
    exceptions = _exceptions(members, decision.exceptions)
    verdict = VerdictRow(
        verdict_id=secrets.token_hex(16),
        alert_id=wave_id,
        revision=row.revision,
        verdict=decision.verdict,
        reason_code=decision.reason_code,
        policy=None,
        reviewer=review.reader.user_id,
        # A clock set back must not let an earlier verdict hold over this one.
        decided_at=max([review.now, *(earlier.decided_at + 1e-3 for earlier in given if earlier.may_hold)]),
        blind=False,
        kind=KIND,
        batch=secrets.token_hex(16),
        independent=False,
    )
    until = review.now + review.policy.undo_seconds
    await review.keep_verdicts([verdict], not_before=until, exceptions=exceptions)
    await review.note(
        "decided",
        wave_id,
        verdict_id=verdict.verdict_id,
        verdict=verdict.verdict,
        reason_code=verdict.reason_code,
        kind=KIND,
        revision=row.revision,
        members=row.members,
        exceptions=exceptions,
    )
    waited = (KIND, max(0.0, review.now - row.began_at))
    return DecisionMade(decision.verdict, verdict.batch or "", (waited,))


async def take_back(review: Review, wave_id: str, reason_code: str) -> None:
    """Takes back the verdict that decides a wave, which then waits for others; `Conflict` if none does."""
    row, given = await _for_leads(review, wave_id)
    holds = decided_verdict(given)
    taken_back = replace(holds, verdict=TAKEN_BACK, reason_code=reason_code)
    verdict_id = await repeat(review, taken_back, row.revision, kind=TAKE_BACK, after=holds)
    await review.note(
        "taken-back", wave_id, verdict_id=verdict_id, of=holds.verdict_id, reason_code=reason_code
    )


async def restore(review: Review, wave_id: str) -> None:
    """Repeats the verdict that was taken back last, with its exceptions. Raises `Conflict` if anything was
    decided since then."""
    row, given = await _for_leads(review, wave_id)
    former, taken_back = restorable(given)
    exceptions = (await waves.exceptions_of(review.connection, [former.verdict_id]))[former.verdict_id]
    await verdicts.undo(review.connection, [taken_back.verdict_id], now=review.now)
    verdict_id = await repeat(
        review, former, row.revision, kind=RESTORED, after=taken_back, exceptions=exceptions
    )
    await review.note("restored", wave_id, verdict_id=verdict_id, of=taken_back.verdict_id)


def wave_of(row: WaveRow) -> WaveAlert:
    """Returns the record of a wave; without members where a later version wrote it that this one cannot
    read."""
    decoded = decode_wave(row.payload, now=math.inf)  # the clock may have been set back since it was kept
    if isinstance(decoded, Malformed):
        began_at = from_seconds(row.began_at)
        return WaveAlert(
            wave_id=row.wave_id,
            revision=row.revision,
            status="withdrawn" if row.status == "withdrawn" else "open",
            began_at=began_at,
            changed_at=began_at,
            members=(),
        )
    return decoded.record


async def _find(review: Review, wave_id: str) -> WaveRow:
    row = await waves.find(review.connection, wave_id, user_id=review.reader.user_id)
    if row is None:
        raise NotFound("there is no such wave")
    return row


async def _for_leads(review: Review, wave_id: str) -> tuple[WaveRow, Sequence[VerdictRow]]:
    """Returns a wave and its verdicts. Of two who change what holds the second finds what the first did."""
    review.reader.need("take-back")
    await audit.lock(review.connection)
    return await _find(review, wave_id), await verdicts.of_alert(review.connection, wave_id)


def _exceptions(members: set[str], named: Collection[str]) -> list[str]:
    """Returns whom a verdict leaves out, sorted. Raises `UnusableInput`."""
    exceptions = sorted(set(named))
    if len(exceptions) > EXCEPTIONS_MAX:
        raise UnusableInput("exceptions", f"at most {EXCEPTIONS_MAX} are left out of one verdict")
    if not members.issuperset(exceptions):
        raise UnusableInput("exceptions", "one of the accounts left out is not in the wave")
    if exceptions and len(exceptions) == len(members):
        raise UnusableInput("exceptions", "a verdict that leaves out every member says nothing")
    return exceptions


async def _lines(review: Review, rows: Sequence[WaveRow]) -> list[WaveLine]:
    given = await verdicts.of_alerts(review.connection, [row.wave_id for row in rows])
    said = await _said(review, given)
    lines = []
    for row in rows:
        wave, wave_verdicts = wave_of(row), said[row.wave_id]
        lines.append(
            WaveLine(
                wave_id=row.wave_id,
                state=_state(row, wave_verdicts),
                withdrawn_reason=row.withdrawn_reason,
                began_at=row.began_at,
                members=row.members,
                handle_pattern=wave.handle_pattern,
                pattern=wave.pattern,
                verdict=_deciding(wave_verdicts),
            )
        )
    return lines


async def _said(
    review: Review, given: Mapping[str, Sequence[VerdictRow]]
) -> dict[str, tuple[VerdictView, ...]]:
    """Returns the verdicts on each wave as they are shown."""
    names = await users.initials(review.connection)
    ids = [verdict.verdict_id for rows in given.values() for verdict in rows]
    exceptions = await waves.exceptions_of(review.connection, ids)
    return {wave_id: verdict_views(rows, names, exceptions) for wave_id, rows in given.items()}


def _deciding(said: Sequence[VerdictView]) -> VerdictView | None:
    return next((verdict for verdict in said if verdict.holds and verdict.verdict in DECIDED), None)


def _state(row: WaveRow, said: Sequence[VerdictView]) -> WaveState:
    """The state of a wave, by the rule of `desk.database.waves.page`."""
    if _deciding(said) is not None:
        return "decided"
    return "waiting" if row.status == "open" or row.withdrawn_reason == BY_VERDICT else "withdrawn"
