"""Bans, accounts and questions for the store's tests; what does not matter is filled in."""

from __future__ import annotations

from dataclasses import replace

from samehand.account import Account, Avatar
from samehand.fingerprint.distil import Fingerprint, distil
from samehand.lineage import Descent, founder
from samehand.signals.base import Quoted
from schemas.revisions import by_time
from schemas.verdicts import Verdict
from store.base import Ban, BanFacts, Claim, Decision, Member, OpenAlert, Proposal, Query, Remembered, Store
from store.pepper.pepper import Pepper, Peppers

NOW = 1_790_000_000.0
DAY = 86_400.0
IDENTITY = b"identity of the tests, 32 bytes.."
PEPPERS = Peppers(IDENTITY, (Pepper(1, b"a pepper of the tests, 32 bytes.."),))


def nth(number: int) -> int:
    """The revision of a pair's n-th record, counted from 1, if all were noted within the second of `NOW`."""
    return by_time(NOW) + number - 1


def an_account(
    account_id: str = "7001", *, platform: str = "x", handle: str | None = "umar_media", **traits: str
) -> Account:
    """An account as its platform describes it."""
    return Account(platform=platform, account_id=account_id, handle=handle, **traits)  # type: ignore[arg-type]  # text traits only


def fingerprints(
    account: Account, peppers: Peppers = PEPPERS, *, at: float | None = NOW - DAY
) -> tuple[Fingerprint, ...]:
    """One a pepper."""
    return tuple(distil(account, keyer, at=at, pepper_id=number) for number, keyer in peppers.keyers)


def a_ban(
    account_id: str = "9001",
    *,
    platform: str = "x",
    handle: str | None = "umar_media",
    occurred_at: float = NOW - DAY,
    expires_at: float | None = None,
    descent: Descent | None = None,
    policy: str | None = "spam",
    peppers: Peppers = PEPPERS,
    at: float | None = NOW - DAY,
    **traits: str,
) -> Ban:
    """A ban to enrol; ``at`` is when it took effect."""
    account = an_account(account_id, platform=platform, handle=handle, **traits)
    return Ban(
        account=account.key,
        facts=BanFacts(
            platform=platform,
            account_id=account_id,
            occurred_at=occurred_at,
            banned_at=occurred_at,
            policy=policy,
            basis_authority="platform",
            basis_reference=None,
            queue=None,
            expires_at=expires_at,
            descent=descent or founder(account.key),
            quoted=Quoted(handle or "", account.display_name or ""),
        ),
        fingerprints=fingerprints(account, peppers, at=at),
    )


def again(ban: Ban, **facts: object) -> Ban:
    """The same ban with other facts."""
    return replace(ban, facts=replace(ban.facts, **facts))  # type: ignore[arg-type]  # names of facts


def a_remembered(
    account_id: str = "7001",
    *,
    platform: str = "x",
    seen_at: float = NOW,
    handle: str = "umar_media",
    **traits: str,
) -> Remembered:
    """An account to remember."""
    account = an_account(account_id, platform=platform, handle=handle, **traits)
    return Remembered(
        account=account.key,
        account_id=account_id,
        platform=platform,
        seen_at=seen_at,
        quoted=Quoted(handle, account.display_name or ""),
        fingerprints=fingerprints(account),
    )


def a_query(account_id: str = "7001", *, handle: str | None = "umar_media", **traits: str) -> Query:
    """Who resembles such an account?"""
    account = an_account(account_id, handle=handle, **traits)
    return Query.of(account.key, fingerprints(account))


def shows(account_id: str, pdq: bytes, *variants: bytes) -> tuple[Fingerprint, ...]:
    """An account that shows a picture and nothing else."""
    picture = Avatar(pdq=pdq, variants=variants)
    return fingerprints(Account(platform="x", account_id=account_id, avatar=picture))


def a_proposal(
    account: str = "x:7001",
    banned: str = "x:9001",
    *,
    band: str = "possible",
    payload: bytes = b"alert",
    claimant: str = "forward:event-1",
    seen_at: float = NOW,
) -> Proposal:
    """An alert that somebody wants to publish."""
    return Proposal(
        alert_id=f"{account}~{banned}",
        account=account,
        banned=banned,
        band=band,
        payload=payload,
        claimant=claimant,
        seen_at=seen_at,
    )


def a_claim(proposal: Proposal, revision: int = nth(1)) -> Claim:
    """What confirms it."""
    return Claim(proposal.alert_id, proposal.banned, proposal.claimant, revision)


def a_decision(
    alert_id: str, verdict: Verdict = "not_mirror", *, at: float = NOW, identity: str = ""
) -> Decision:
    """What a person decided on an alert, each time another decision unless they are called alike."""
    return Decision(alert_id, verdict, at, identity or f"{verdict} at {at}")


def a_member(account: str, descent: Descent, banned: str = "", *, at: float = NOW) -> Member:
    """An account that is in a family by the decision on its resemblance to a banned one."""
    return Member(account, descent, f"{account}~{banned or descent.root_id}", at)


async def open_on(store: Store, *accounts: str) -> list[list[OpenAlert]]:
    """The open alerts on bans."""
    return [[it for it in several if it.open] for several in await store.alerts_on(accounts)]
