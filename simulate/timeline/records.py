"""People as the records that the platform would publish of them."""

from datetime import UTC, datetime, timedelta

from schemas.accounts import (
    Account,
    AccountBanned,
    AccountCreated,
    AccountDeleted,
    AccountReinstated,
    AccountUpdated,
    Avatar,
    Basis,
)
from simulate.population.people import Person
from simulate.sampling import Weighted

QUEUES = {
    "violent-extremism": "counter-terrorism",
    "spam": "integrity",
    "fraud": "integrity",
    "abuse": "safety",
}
"""Policy → reviewers' queue."""
POLICIES = Weighted(["spam", "abuse", "fraud", "violent-extremism"], [0.5, 0.2, 0.15, 0.15])


def moment(seconds: float) -> datetime:
    """Unix seconds as a record's date, to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def profile(person: Person) -> Account:
    return Account(
        account_id=person.account_id,
        handle=person.handle,
        display_name=person.display_name,
        bio=person.bio,
        links=person.links,
        locale=person.locale,
        email=person.email,
        phone=person.phone,
        device_id=person.device_id,
        ip=person.ip,
        user_agent=person.user_agent,
        payment_token=person.payment_token,
        referrer=person.referrer,
        avatar=Avatar(pdq=person.avatar.pdq, quality=person.avatar.quality) if person.avatar else None,
        device_ids=(person.second_device,) if person.second_device else (),
        emails=(person.older_email,) if person.older_email else (),
    )


def created(person: Person, at: float) -> AccountCreated:
    return created_as(person.platform, profile(person), at)


def created_as(platform: str, account: Account, at: float) -> AccountCreated:
    return AccountCreated(
        event_id=f"created-{account.account_id}",
        version=1,
        occurred_at=moment(at),
        platform=platform,
        account=account,
    )


def updated(person: Person, at: float) -> AccountUpdated:
    """A change of the profile; ``person`` is what it has become."""
    return AccountUpdated(
        event_id=f"updated-{person.account_id}-{int(at * 1000):x}",
        version=1,
        occurred_at=moment(at),
        platform=person.platform,
        account=profile(person),
    )


def banned(person: Person, at: float, policy: str) -> AccountBanned:
    return banned_as(person.platform, profile(person), at, policy)


def banned_as(platform: str, account: Account, at: float, policy: str) -> AccountBanned:
    authority = "UN" if policy == "violent-extremism" and account.account_id.endswith("7") else "platform"
    return AccountBanned(
        event_id=f"banned-{account.account_id}",
        version=1,
        occurred_at=moment(at),
        platform=platform,
        account=account,
        banned_at=moment(at),
        policy=policy,
        basis=Basis(authority=authority, reference=f"case-{account.account_id[-6:]}"),
        queue=QUEUES[policy],
        expires_at=moment(at) + timedelta(days=365) if policy == "spam" else None,
    )


def reinstated(person: Person, at: float) -> AccountReinstated:
    return AccountReinstated(
        platform=person.platform,
        account_id=person.account_id,
        reinstated_at=moment(at),
        reason="appeal granted",
        event_id=f"reinstated-{person.account_id}",
    )


def deleted(person: Person, at: float) -> AccountDeleted:
    return AccountDeleted(
        event_id=f"deleted-{person.account_id}",
        version=1,
        occurred_at=moment(at),
        platform=person.platform,
        account_id=person.account_id,
    )
