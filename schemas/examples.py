"""One or more examples of each record, for tests, documentation and the JSON Schema files.

All values are made up, from ranges that are reserved for examples (example.org, 203.0.113.0/24, +1 202 555
01xx).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from schemas.accounts import (
    Account,
    AccountBanned,
    AccountCreated,
    AccountDeleted,
    AccountReinstated,
    AccountRemembered,
    AccountScanned,
    AccountUpdated,
    Admin,
    Avatar,
    Basis,
)
from schemas.actions import AccountActioned
from schemas.alert_state import AlertState, unquoted_alert
from schemas.alerts import (
    AlertSummary,
    Drawn,
    EvidenceLine,
    InnocentReason,
    Matched,
    MirrorAlert,
    OtherCandidate,
    without_quotes,
)
from schemas.appeals import AppealDecided
from schemas.internal.enrolled import BanEnrolled
from schemas.internal.related import RelatedAsked
from schemas.letters import DeadLetter
from schemas.record import Record
from schemas.revisions import by_time
from schemas.verdicts import VerdictGiven
from schemas.waves import WaveAlert, WaveMember, WavePattern

_BANNED_AT: Final = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
_RETURNED_AT: Final = _BANNED_AT + timedelta(hours=2)

BANNED_PROFILE: Final = Account(
    account_id="2201",
    handle="northwind_media",
    display_name="Northwind Media ✪",
    bio="News first. Backup: t.me/northwind_backup",
    links=("https://t.me/northwind_backup",),
    locale="en-US",
    email="northwind.media@example.org",
    phone="+12025550143",
    device_id="5f2c6c1e-0d7a-4f7e-9a55-1f0a3c9d2b11",
    ip="203.0.113.24",
    user_agent="Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Mobile",
    payment_token="tok_1NvXa2example",  # noqa: S106  # made up like all else here
    referrer="https://example.org/invite/nw",
    avatar=Avatar(pdq="f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22", quality=100),
)

MIRROR_PROFILE: Final = Account(
    account_id="9907",
    handle="n0rthwind_media2",
    display_name="Northwind Media II",
    bio="We are back. t.me/northwind_backup",
    locale="en-US",
    email_hmac="9f86d081884c7d659a2f",
    device_hmac="60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
)

CREATED: Final = AccountCreated(
    event_id="01JNNK3S5T0000000000000001",
    version=1,
    occurred_at=_RETURNED_AT,
    platform="x",
    account=MIRROR_PROFILE,
)

CREATED_CHANNEL: Final = AccountCreated(
    event_id="01JNNK3S5T0000000000000008",
    version=1,
    occurred_at=_RETURNED_AT,
    platform="telegram",
    account=Account(
        account_id="channel:1844",
        kind="channel",
        handle="northwind_backup",
        display_name="Northwind Media (backup)",
        created_by="2201",
        admins=(Admin(account_id="2201", acted=True), Admin(account_id="bot:7001")),
        invite_links=("https://t.me/+AbCdEf123456",),
        moved_from="channel:912",
    ),
)

CREATED_SMALLEST: Final = AccountCreated(
    event_id="01JNNK3S5T0000000000000002",
    version=1,
    occurred_at=_RETURNED_AT,
    platform="telegram",
    account=Account(account_id="5150"),
)

UPDATED: Final = AccountUpdated(
    event_id="01JNNK3S5T0000000000000003",
    version=1,
    occurred_at=_RETURNED_AT + timedelta(days=1),
    platform="x",
    account=MIRROR_PROFILE,
)

REMEMBERED: Final = AccountRemembered(
    event_id="01JNNK3S5T0000000000000006",
    version=1,
    occurred_at=_BANNED_AT - timedelta(days=40),
    platform="x",
    account=MIRROR_PROFILE,
)

SCANNED: Final = AccountScanned(
    event_id="01JNNK3S5T0000000000000007",
    version=1,
    occurred_at=_RETURNED_AT + timedelta(days=3),
    platform="x",
    account=MIRROR_PROFILE,
)

DELETED: Final = AccountDeleted(
    event_id="01JNNK3S5T0000000000000004",
    version=1,
    occurred_at=_RETURNED_AT + timedelta(days=2),
    platform="x",
    account_id="9907",
)

BANNED: Final = AccountBanned(
    event_id="01JNNK3S5T0000000000000005",
    version=1,
    occurred_at=_BANNED_AT,
    platform="x",
    account=BANNED_PROFILE,
    banned_at=_BANNED_AT,
    policy="violent-extremism",
    basis=Basis(authority="UN", reference="QDe.000"),
    queue="extremism",
    expires_at=_BANNED_AT + timedelta(days=365),
)

BANNED_BY_NAME: Final = AccountBanned(
    event_id="row-1",
    version=1,
    occurred_at=_BANNED_AT,
    platform="facebook",
    account=Account(account_id="1", display_name="شمال میڈیا"),
)

REINSTATED: Final = AccountReinstated(
    platform="x", account_id="2201", reinstated_at=_BANNED_AT + timedelta(days=9), reason="appeal upheld"
)

ENROLLED: Final = BanEnrolled(platform="x", account_id="2201", banned_at=_BANNED_AT, occurred_at=_BANNED_AT)

MATCHED: Final = Matched(
    platform="x",
    account_id="2201",
    banned_at=_BANNED_AT,
    root_id="x:1044",
    generation=1,
    policy="violent-extremism",
    basis=Basis(authority="UN", reference="QDe.000"),
)

ALERT: Final = MirrorAlert(
    alert_id="5d41402abc4b2a76b9719d911017c592",
    revision=by_time(_RETURNED_AT.timestamp()),
    status="open",
    platform="x",
    account_id="9907",
    direction="forward",
    matched=MATCHED,
    prior=-10.5,
    log_odds=4.85,
    probability=0.9922324,
    band="likely",
    evidence=(
        EvidenceLine(
            signal="contact",
            weight=9.5,
            level="same",
            ours="t.me/northwind_backup",
            theirs="t.me/northwind_backup",
            because="Both profiles point to the same Telegram channel, which no other banned account names.",
        ),
        EvidenceLine(
            signal="handle",
            weight=7.0,
            level="same-skeleton",
            ours="n0rthwind_media2",
            theirs="northwind_media",
            because="The handles are equal once 0 is read as o and the trailing digit is left out.",
        ),
    ),
    counter_evidence=(
        EvidenceLine(
            signal="network",
            weight=-0.75,
            level="shared",
            ours="203.0.113.0/24",
            theirs="203.0.113.0/24",
            because="This network is shared by 4,000 accounts.",
        ),
        EvidenceLine(
            signal="rivals",
            weight=-0.4,
            level="copier",
            ours="",
            theirs="",
            because="Somebody copied what the banned account showed, as fans and critics do.",
        ),
    ),
    rivals=(
        InnocentReason(
            name="copier",
            takes=0.4,
            covers=("handle",),
            sentence="Somebody copied what the banned account showed, as fans and critics do.",
        ),
    ),
    others=(OtherCandidate(platform="x", account_id="3310", log_odds=-4.5, probability=0.011, band="none"),),
    queue="extremism",
    weights_version="default-1",
    fold_version=1,
    detected_at=_RETURNED_AT + timedelta(milliseconds=18),
    seconds_since_ban=7200.0,
    seconds_since_event=0.018,
)

WITHDRAWN: Final = msgspec.structs.replace(
    ALERT,
    revision=by_time((_RETURNED_AT + timedelta(days=3)).timestamp()),
    status="withdrawn",
    evidence=tuple(without_quotes(line) for line in ALERT.evidence),
    counter_evidence=tuple(without_quotes(line) for line in ALERT.counter_evidence),
    others=(),
    withdrawn_at=_RETURNED_AT + timedelta(days=3),
    withdrawn_reason="reinstated",
)

SUMMARY: Final = AlertSummary(
    alert_id="7d793037a0760186574b0282f2f435e7",
    revision=by_time(_BANNED_AT.timestamp()),
    status="open",
    matched=MATCHED,
    published=50,
    withheld_likely=3,
    withheld_possible=121,
    queue="extremism",
    detected_at=_BANNED_AT + timedelta(seconds=1),
)

SAMPLED: Final = msgspec.structs.replace(
    ALERT,
    revision=1,
    alert_id="0f2b6c1d9a3e48578b6d2c4e1f7a9035",
    account_id="9908",
    prior=-9.5,
    log_odds=-1.15,
    probability=0.2405,
    evidence=ALERT.evidence[:1],
    band="none",
    others=(),
    drawn=Drawn(probability=0.01, stratum=0),
)

STATE: Final = AlertState(alert=unquoted_alert(ALERT), seen_at=_RETURNED_AT, since=ALERT.detected_at)

WAVE: Final = WaveAlert(
    wave_id="c1e5b0a94a7d4f0f9d2f6f1c0b3a7e55",
    revision=by_time(_RETURNED_AT.timestamp()),
    status="open",
    began_at=_RETURNED_AT - timedelta(minutes=4),
    changed_at=_RETURNED_AT,
    members=tuple(
        WaveMember(
            account=f"x:88{number}",
            handle=f"nicole_48{number}",
            seen_at=_RETURNED_AT - timedelta(minutes=5 - number),
            log_odds=2.47,
            signals=("bio.almost-same", "contact.shared", "network.same-prefix"),
        )
        for number in range(1, 6)
    ),
    pattern=(
        WavePattern(signal="bio", level="almost-same", members=5),
        WavePattern(signal="contact", level="shared", members=5),
        WavePattern(signal="network", level="same-prefix", members=5),
    ),
    handle_pattern="nicole_*",
)

WAVE_MERGED: Final = msgspec.structs.replace(
    WAVE,
    wave_id="2b7d9e4c61f84a53b0a8c5d7e9f1a3b2",
    status="withdrawn",
    members=(),
    pattern=(),
    handle_pattern=None,
    withdrawn_at=_RETURNED_AT,
    withdrawn_reason="merged",
    merged_into=WAVE.wave_id,
)

VERDICT: Final = VerdictGiven(
    alert_id=ALERT.alert_id,
    revision=ALERT.revision,
    verdict="mirror",
    reason_code="same-contact-point",
    reviewer="r-7f3a",
    decided_at=_RETURNED_AT + timedelta(minutes=12),
    verdict_id="01JDPT0S9GQ3V5X7Z8A1B2C3D4",
    policy="violent-extremism",
)

APPEAL_DECIDED: Final = AppealDecided(
    appeal_id="c-2026-0311",
    alert_id=ALERT.alert_id,
    platform=ALERT.platform,
    account_id=ALERT.account_id,
    outcome="partly",
    reason_code="several-traits",
    decided_at=_RETURNED_AT + timedelta(days=12),
    verdict_id="01JDPT0S9GQ3V5X7Z8A1B2C3D5",
    policy="violent-extremism",
    queue=ALERT.queue,
)

ACTIONED: Final = AccountActioned(
    event_id="01JNNK3S5T0000000000000007",
    version=1,
    occurred_at=_RETURNED_AT + timedelta(minutes=20),
    platform=ALERT.platform,
    account_id=ALERT.account_id,
    action="suspended",
    until=_RETURNED_AT + timedelta(days=90),
    territory=("DE", "PK"),
    ground="terms",
    clause="Terms of use, 4.2: accounts of people who were banned",
    source="own-initiative",
    automated_detection="yes",
    automated_decision="no",
    decided_by="r-7f3a",
    alert_id=ALERT.alert_id,
    registered_at=_RETURNED_AT,
)

LEFT_ALONE: Final = AccountActioned(
    event_id="01JNNK3S5T0000000000000008",
    version=1,
    occurred_at=_RETURNED_AT,
    platform="telegram",
    account_id="5150",
    action="nothing",
)

LETTER: Final = DeadLetter(
    topic="accounts.created",
    partition=3,
    offset=40_117,
    key=b"x:9907",
    value=b'{"version":1}',
    value_bytes=13,
    reason="too-long",
    path="$.account.handle",
    detail="Expected `str` of length <= 256",
    at=_RETURNED_AT,
)

RELATED_ASKED: Final = RelatedAsked(
    platform="x",
    account_id="9907",
    purpose="coordination",
    reader="7f3c2b9e1d",
    asked_at=_RETURNED_AT,
    asked_by="desk",
)

EXAMPLES: Final[dict[str, tuple[Record, ...]]] = {
    "accounts.created": (CREATED, CREATED_CHANNEL, CREATED_SMALLEST),
    "accounts.updated": (UPDATED,),
    "accounts.remembered": (REMEMBERED,),
    "accounts.scanned": (SCANNED,),
    "accounts.deleted": (DELETED,),
    "accounts.banned": (BANNED, BANNED_BY_NAME),
    "accounts.reinstated": (REINSTATED,),
    "accounts.actioned": (ACTIONED, LEFT_ALONE),
    "alerts": (ALERT, WITHDRAWN, SUMMARY),
    "alerts.sample": (SAMPLED,),
    "alerts.state": (STATE,),
    "alerts.verdicts": (VERDICT,),
    "alerts.waves": (WAVE, WAVE_MERGED),
    "appeals.decided": (APPEAL_DECIDED,),
    "fingerprints.enrolled": (ENROLLED,),
    "gate.audit": (RELATED_ASKED,),
    "deadletters": (LETTER,),
}
"""Examples by topic (without prefix)."""
