"""Types of fields with their limits, the reason for each limit beside it.

Lengths are in characters (Unicode code points) unless the name says bytes. Limits hold on decoding; code
that builds a record keeps them itself. A text that bears `CUT` is cut at its limit; any other one over its
limit is left out, since the beginning of an identifier or an address may be somebody else's.

Patterns are JSON Schema's dialect and Python's at once: `(?!\\n)` stands after `$` because Python's `$` also
matches before a last line feed.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta

CUT: Final = {"over_limit": "cut"}
"""In a field's `Meta.extra`: of a longer text the beginning says what it can."""

_NO_CONTROLS = r"^[^\x00-\x1f\x7f]+$(?!\n)"  # a NUL or line feed in an id forges keys and log lines

ACCOUNT_ID_CHARS_MAX: Final = 256  # ids of known platforms are below 70; 256 leaves room for URNs and DIDs
HANDLE_CHARS_MAX: Final = 256  # the longest legal handle of a large platform is 63 (a domain name as handle)
DISPLAY_NAME_CHARS_MAX: Final = 512  # display names end at about 100; decorated with combining marks, at more
BIO_CHARS_MAX: Final = 10_000  # "about" pages, the longest kind of profile text, end at about 5,000
LINKS_MAX: Final = 50  # link-in-bio pages list a few dozen
LINK_CHARS_MAX: Final = 2_048  # what browsers and proxies commonly accept as an address
IMAGE_BYTES_MAX: Final = 256 * 1024  # a 512 x 512 JPEG is below 100 KiB, and hashing shrinks it to 256 first

_NOTHING_CHARS_MAX: Final = 40  # a zero UUID has 36
_NOTHING: Final = re.compile(
    r"\s*(?:[-–—?]{1,3}|n/?a|n\.a\.|null|none|nil|undefined|unknown|0{2,}[0:T.\s/-]{2,})?\s*", re.IGNORECASE
)


def says_nothing(text: str) -> bool:
    """Returns True for what tables hold in place of nothing: `-`, `n/a`, `NULL`, `0000-00-00`, spaces.

    A name, a self-description or an id may be such a word.
    """
    return len(text) <= _NOTHING_CHARS_MAX and _NOTHING.fullmatch(text) is not None


Text64 = Annotated[str, Meta(max_length=64)]
Text256 = Annotated[str, Meta(max_length=256)]
Text1024 = Annotated[str, Meta(max_length=1_024)]

EventId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,  # a UUID is 36, a ULID 26; 128 leaves room for a prefix
        pattern=_NO_CONTROLS,
        description="The producer's own id of this event, for tracing it; the same when it is sent again.",
    ),
]
Platform = Annotated[
    str,
    Meta(
        # no colon, so that `platform:account_id` reads back in one way only; the longest known has 9 letters
        pattern=r"^[a-z0-9_.-]{1,32}$(?!\n)",
        description="x, facebook, instagram, telegram, whatsapp or any other; selects the rules for handles.",
    ),
]
AccountId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=ACCOUNT_ID_CHARS_MAX,
        pattern=_NO_CONTROLS,
        description="The platform's lasting id of the account: unique within the platform, never re-used.",
    ),
]
AccountKey = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=32 + 1 + ACCOUNT_ID_CHARS_MAX,
        pattern=r"^[a-z0-9_.-]{1,32}:[^\x00-\x1f\x7f]+$(?!\n)",
        description="`platform:account_id`.",
    ),
]
Handle = Annotated[
    str,
    Meta(max_length=HANDLE_CHARS_MAX, description="The user name as shown, with or without `@`.", extra=CUT),
]
DisplayName = Annotated[
    str, Meta(max_length=DISPLAY_NAME_CHARS_MAX, description="The name as shown, in any script.", extra=CUT)
]
Bio = Annotated[str, Meta(max_length=BIO_CHARS_MAX, description="The profile's own text.", extra=CUT)]
Link = Annotated[str, Meta(max_length=LINK_CHARS_MAX, extra=CUT)]  # where it leads stands at its beginning
Links = Annotated[
    tuple[Link, ...], Meta(max_length=LINKS_MAX, description="Links of the profile, in its order.")
]
Locale = Annotated[
    str, Meta(max_length=64, description="BCP 47 tag, e.g. `ur-PK`.")  # RFC 5646 asks readers to expect 35
]
Email = Annotated[
    str,
    Meta(
        max_length=320, description="Raw e-mail address; keyed before it is stored."
    ),  # RFC 3696: 64 + 1 + 255
]
Phone = Annotated[
    str,
    Meta(
        max_length=64,  # E.164 has 15 digits; the rest is spaces, brackets and an extension
        description="Raw telephone number, E.164 wherever possible; keyed before it is stored.",
    ),
]
DeviceId = Annotated[
    str,
    Meta(
        max_length=256,  # advertising ids have 36, browser fingerprints up to 128 hex digits
        pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
        description="Raw device or installation id; keyed before it is stored.",
    ),
]
IpAddress = Annotated[
    str,
    Meta(
        max_length=64,  # the longest IPv6 text is 45; a zone makes it a little longer
        description="Raw IPv4 or IPv6 address of the sign-up; keyed before it is stored.",
    ),
]
UserAgent = Annotated[
    str, Meta(max_length=1_024, description="User agent of the sign-up.", extra=CUT)
]  # webviews reach 500
PaymentToken = Annotated[
    str,
    Meta(
        max_length=256,  # tokens of payment providers are below 100
        pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
        description="The payment provider's token, never a card number; keyed before it is stored.",
    ),
]
VALUES_MAX: Final = 16  # of one kind; who has more devices or mailboxes is no person
Value = Annotated[
    str,
    Meta(
        max_length=320,  # an e-mail address, the longest of them
        pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
        description="A raw value as in the single field; keyed before it is stored.",
    ),
]
SESSIONS_MAX: Final = 1_000  # some years of one person's; the latest devices and addresses are kept
Referrer = Annotated[
    str,
    Meta(
        max_length=LINK_CHARS_MAX, description="Where the sign-up came from: an address or a code.", extra=CUT
    ),
]
AccountKind = Annotated[
    Literal["account", "channel", "group", "page", "bot"],
    Meta(description="What it is. Of any other than an account the id begins with its kind: `channel:77`."),
]
ADMINS_MAX: Final = 50  # the most that Telegram lets a group have
INVITES_MAX: Final = 16  # more are links of campaigns
Hmac = Annotated[
    str,
    Meta(
        # ten bytes are what the store keeps; 32 are a whole SHA-256
        pattern=r"^(?:[0-9a-f]{2}){10,32}$(?!\n)",
        description="A value keyed by the platform itself: lower-case hex of 10 to 32 bytes.",
    ),
]
Pdq = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-fA-F]{64}$(?!\n)", description="PDQ hash of the avatar: 256 bits as 64 hex digits."
    ),
]
PdqQuality = Annotated[
    int, Meta(ge=0, le=100, description="PDQ's quality, 0 to 100; below 50 the hash is no evidence.")
]
Image = Annotated[
    bytes,
    Meta(
        max_length=IMAGE_BYTES_MAX,
        description="The picture itself (JPEG, PNG, WebP, GIF), base64, ≤ 256 KiB.",
    ),
]
Slug = Annotated[
    str,
    # names of policies, queues and reason codes become metric labels and URL parts
    Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$(?!\n)"),
]
Opaque = Annotated[
    str,
    Meta(
        min_length=1, max_length=128, pattern=_NO_CONTROLS
    ),  # ids of ours and of reviewers: hashes and UUIDs
]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # beyond 2^53 JavaScript readers lose digits
Revision = Annotated[
    int,
    # seconds fit until 2088; the limit keeps the number sane
    Meta(
        ge=1,
        le=2**31 - 1,
        description="Rises with the band and with each change of status, to the seconds since 2020 or beyond:"
        " which of two is higher is all that it says.",
    ),
]
Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339 with a timezone.")]
