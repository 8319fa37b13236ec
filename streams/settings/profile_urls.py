"""Templates of the addresses at which a platform shows an account."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

PLACEHOLDERS: Final = ("{account_id}", "{handle}")
TEMPLATE_CHARS_MAX: Final = 2_048  # longer addresses do not open in every browser

_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?(?::\d{1,5})?")
_UNSAFE: Final = re.compile(r"[\s\x00-\x1f\x7f\\\"'<>`]")


def check_profile_url(template: str) -> str:
    """Returns the template. Raises `ValueError` that says what is wrong with it."""
    if len(template) > TEMPLATE_CHARS_MAX or _UNSAFE.search(template):
        raise ValueError("must have no space, quote or backslash, and 2,048 characters at most")
    parts = urlsplit(template)
    if parts.scheme != "https" or not _HOST.fullmatch(parts.netloc):
        raise ValueError("must begin with https:// and a host without placeholder, user or password")
    if parts.fragment or template.endswith("#"):
        raise ValueError("must have no fragment (#…)")
    plain = template
    for placeholder in PLACEHOLDERS:
        plain = plain.replace(placeholder, "")
    if plain == template:
        raise ValueError("must contain {account_id} or {handle}")
    if "{" in plain or "}" in plain:
        raise ValueError("knows the placeholders {account_id} and {handle} only")
    return template


def profile_url(template: str, account_id: str, handle: str) -> str | None:
    """Returns the address of an account's profile, None where the template asks for what is unknown.

    Values are percent-encoded whole, so that the host and the path of the template stay as they are.
    """
    values = {"{account_id}": account_id, "{handle}": handle.removeprefix("@")}
    for placeholder, value in values.items():
        if placeholder not in template:
            continue
        # A browser drops the segments `.` and `..` from a path.
        if not value.strip("."):
            return None
        template = template.replace(placeholder, quote(value, safe="", errors="replace"))
    return template
