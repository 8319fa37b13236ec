"""A mapping proposed for a table of users: what its columns seem to be, and what nobody can know from them.

A column is taken for a field by its name and by what most of its values are. The proposal is a beginning: it
names at its top each line that a person must check, and the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Final, NamedTuple, get_args

import msgspec

from report.text import visible
from samehand.normalize.email import fold_email
from samehand.normalize.network import read_address
from schemas.accounts import Account
from schemas.fields import AccountKind, says_nothing
from schemas.mapping.convert import Reading, Unit, WrittenDate
from schemas.mapping.csvrows import COLUMNS_MAX
from schemas.mapping.expression import Expression
from schemas.mapping.fields import ALL_FIELDS

ROWS: Final = 1_000
"""Of the beginning of a table: more say nothing new about a column."""

_VALUE_CHARS: Final = 256
_WORDS_MAX: Final = 8  # stand-ins for nothing in one column; few have two
_MOST: Final = 0.8
"""So many of a column's values are of its kind: some people write nonsense into any field."""

_NAMES: Final[Mapping[str, str]] = {
    "emails": "emails emailaddresses allemails pastemails",
    "phones": "phones phonenumbers allphones telephones",
    "ips": "ips ipaddresses allips knownips pastips iphistory",
    "device_ids": "deviceids devices alldevices fingerprints",
    "payment_tokens": "paymenttokens cards cardtokens",
    "account_id": "accountid userid uid id memberid chatid channelid groupid",
    "handle": "handle username login nick nickname screenname user member acct",
    "display_name": "displayname name fullname realname title",
    "email": "email mail emailaddress useremail",
    "phone": "phone mobile msisdn phonenumber tel telephone cell",
    "ip": "ip ipaddress lastip signupip regip registrationip ipaddr",
    "device_id": "deviceid device fingerprint udid idfa gaid",
    "user_agent": "useragent ua browser",
    "locale": "locale lang language",
    "bio": "bio about aboutme description signature note",
    "links": "links link url website homepage site",
    "referrer": "referrer referer",
    "payment_token": "paymenttoken card cardtoken",
    "occurred_at": "occurredat createdat created joined joinedat joindate registered registeredat regdate "
    "registrationdate signupdate signedupat datejoined made",
    "banned_at": "bannedat banned bandate banneddate suspendedat suspended blockedat disabledat ended",
    "policy": "policy banreason reason rule",
    "kind": "kind type chattype accounttype",
    "created_by": "createdby creator creatorid owner ownerid founder",
    "admins": "admins adminids administrators moderators",
    "invite_links": "invitelinks invitelink invites invite joinlink",
}
"""Usual names of columns, letters and digits alone; the first that a table has is taken."""

_FORMS: Final = (
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y"),
    *("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %I:%M %p", "%d-%m-%Y %H:%M", "%d-%m-%Y"),
    *("%d %b %Y %H:%M", "%d %b %Y", "%b %d, %Y %H:%M", "%b %d, %Y", "%d %B %Y", "%B %d, %Y"),
    "%Y/%m/%d %H:%M:%S",
)
_CENTURIES: Final = (datetime(1995, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_NO_TOPIC: Final = re.compile(r"[^A-Za-z0-9._-]")
_NO_LETTER: Final = re.compile(r"[^a-z0-9]")
_AGENT: Final = re.compile(r"[A-Za-z-]{2,20}/[0-9]")
_TELEPHONE: Final = re.compile(r"[+(0-9][-() ./0-9]{6,20}")
_UNQUOTED: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Guess(NamedTuple):
    """A proposal. ``unsure`` has a sentence for each line that a person must look at."""

    toml: str
    unsure: tuple[str, ...]
    unread: tuple[str, ...]
    """Columns that became nothing."""


def guess(topic: str, rows: Iterable[Mapping[str, str]]) -> Guess | None:
    """Proposes a mapping for a table; ``None`` where it has no rows. Reads :data:`ROWS` of them."""
    columns: dict[str, list[str]] = {}
    nothing: dict[str, set[str]] = {}
    for row in islice(rows, ROWS):
        for column, value in row.items():
            if len(columns) < COLUMNS_MAX or column in columns:
                filled = columns.setdefault(column, [])
                if says_nothing(value):
                    nothing.setdefault(column, set()).add(value)
                else:
                    filled.append(value[:_VALUE_CHARS])
    if not columns:
        return None
    taken, unsure = _taken(columns), list[str]()
    lines = [
        f"{field} = {_filled(field, column, columns[column])}"
        for field, column in taken.items()
        if not _is_date(field)
    ]
    if "account_id" not in taken:
        lines.insert(0, "# account_id = ...")
        unsure.append("no column holds ids: name the one that says which account a row is of")
    moments = _moments("occurred_at", taken.get("occurred_at"), columns, unsure)
    lines += [f"{_mark(moments)}occurred_at = {moment}" for moment in moments]
    name = _quoted(_NO_TOPIC.sub("-", topic)[:249] or "users")
    text = [f"[topics.{name}]", 'format = "json"', 'constants = { platform = "app" }', ""]
    text += [f"[topics.{name}.fields]", *lines]
    if banned_at := taken.get("banned_at"):
        moments = _moments("banned_at", banned_at, columns, unsure)
        when = _quoted(_when(_path(banned_at), nothing.get(banned_at, set())))
        text += ["", f"[[topics.{name}.rules]]", f"when = {when}", 'as = "banned"']
        text += [f"{_mark(moments)}fields = {{ occurred_at = {it}, banned_at = {it} }}" for it in moments]
    text += ["", f"[[topics.{name}.rules]]", 'as = "created"']
    unsure.append('platform: "app" stands for the name of your platform')
    toml = "\n".join([*(f"# unsure: {why}" for why in unsure), *text, ""])
    return Guess(toml, tuple(unsure), tuple(column for column in columns if column not in taken.values()))


def _taken(columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Returns the column of each field: one with a usual name and values that fit, else one that tells."""
    plain = {_NO_LETTER.sub("", column.lower()): column for column in columns}
    taken: dict[str, str] = {}
    for field, names in _NAMES.items():
        by_name = [plain[name] for name in names.split() if name in plain]
        for column in (*by_name, *(columns if field in _TELLING else ())):
            if column not in taken.values() and _fits(field, columns[column]):
                taken[field] = column
                break
    return taken


def _is_date(field: str) -> bool:
    return ALL_FIELDS[field].shape == "date"


def _mostly(values: Sequence[str], fits: Callable[[str], object]) -> bool:
    return bool(values) and sum(bool(fits(value)) for value in values) >= _MOST * len(values)


_FITS: Final[Mapping[str, Callable[[str], object]]] = {
    "email": fold_email,
    "ip": read_address,
    "user_agent": _AGENT.search,
    "phone": _TELEPHONE.fullmatch,
    "locale": re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z]{2,4})*").fullmatch,
    "links": (_LINK := re.compile(r"(https?://)?[^\s/]{1,200}\.[^\s]{2,}").match),
    "invite_links": _LINK,
    "kind": frozenset(get_args(get_args(AccountKind)[0])).__contains__,
}
_TELLING: Final = frozenset({"email", "ip", "user_agent"})
"""Fields whose values look like nothing else."""


def _fits(field: str, values: Sequence[str]) -> bool:
    if field in _SINGLES:
        return bool(_separator(field, values))
    if field == "account_id":
        return len(set(values)) == len(values) > 0
    if _is_date(field):
        return bool(_ways(values))
    return _mostly(values, _FITS.get(field, len))


_SINGLES: Final = {several: single for single, several in Account.LISTS.items()} | {
    "admins": "created_by",
    "invite_links": "invite_links",
}
_SEPARATORS: Final = (",", ";", "|", " ")


def _separator(field: str, values: Sequence[str]) -> str:
    """Returns what separates the values of a list in a cell: the first that takes most cells apart."""
    fits = _FITS.get(_SINGLES[field], len)
    parted = {
        sign: [part.strip() for value in values for part in value.split(sign) if part.strip()]
        for sign in _SEPARATORS
    }
    fitting = [sign for sign, parts in parted.items() if _mostly(parts, fits)]
    return max(fitting, key=lambda sign: len(parted[sign]), default="")


def _filled(field: str, column: str, values: Sequence[str]) -> str:
    """What fills a field that is no date."""
    if field not in _SINGLES:
        return _expression(column)
    return f"{{ from = {_expression(column)}, separator = {_quoted(_separator(field, values))} }}"


def _moments(
    field: str, column: str | None, columns: Mapping[str, Sequence[str]], unsure: list[str]
) -> list[str]:
    """Returns what may fill a date: several values if all of a column can be read in several ways."""
    if column is None:
        unsure.append(f"{field}: no column holds dates, so rows count as of the moment they are read")
        return ['{ from = "\\"@timestamp\\"", unit = "ms" }']
    ways = _ways(columns[column])
    if len(ways) > 1:
        unsure.append(f"{field}: {visible(column, 64)} reads in {len(ways)} ways: uncomment the right line")
    if "zone" in ways[0]:
        unsure.append(f"{field}: the dates say no zone; UTC stands for the clock of your platform")
    return [f"{{ from = {_expression(column)}{way} }}" for way in ways]


def _mark(moments: Sequence[str]) -> str:
    return "# " if len(moments) > 1 else ""


def _ways(values: Sequence[str]) -> list[str]:
    """Returns how a mapping says that dates are read: the first common form that fits, else all that do."""
    ways: list[tuple[str, Unit | WrittenDate | None]] = [
        ("", None),
        (', unit = "s"', "s"),
        (', unit = "ms"', "ms"),
        (', zone = "UTC"', WrittenDate()),
        *((f', format = "{form}", zone = "UTC"', WrittenDate(form)) for form in _FORMS),
    ]
    found = [way for way, dates in ways if _mostly(values, partial(_read, dates))]
    return found if found and "format" in found[0] else found[:1]


def _read(dates: Unit | WrittenDate | None, value: str) -> bool:
    moment, faults = Reading(ALL_FIELDS["occurred_at"], _ITSELF, dates=dates)({"it": value})
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return False
        if moment.tzinfo is None:
            return False
    return not faults and moment is not None and _CENTURIES[0] <= moment < _CENTURIES[1]


_ITSELF: Final = Expression("it")


def _expression(column: str) -> str:
    """A column as JMESPath in a TOML string."""
    return _quoted(_path(column))


def _path(column: str) -> str:
    """A column as JMESPath."""
    return column if _UNQUOTED.fullmatch(column) else _quoted(column)


def _when(path: str, nothing: set[str]) -> str:
    """The condition that a column holds something other than these words."""
    words = [word for word in sorted(nothing) if "'" not in word]
    return path + "".join(f" && {path} != '{word}'" for word in words[:_WORDS_MAX])


def _quoted(text: str) -> str:
    # JSON's strings are TOML's, but for one control character that only TOML forbids.
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
