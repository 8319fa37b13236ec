"""Settings of how the desk shows accounts: links to their platforms, and profiles fetched when opened."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, Field, FilePath, field_validator
from pydantic_settings import NoDecode

from streams.settings.fields import WEB_ADDRESS, signing_key
from streams.standard_webhooks import Secret

PLACEHOLDERS: Final = ("{account_id}", "{handle}")
TEMPLATE_CHARS_MAX: Final = 2_048  # longer addresses do not open in every browser

_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?(?::\d{1,5})?")
_PICTURES: Final = re.compile(
    r"(https://|http://(?=127\.0\.0\.1:))?(\*(?:\.[a-z0-9-]+){2,}|[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(\d{1,5}))?"
)
_UNSAFE: Final = re.compile(r"[\s\x00-\x1f\x7f\\\"'<>`]")


class ProfileSettings(BaseModel):
    """Where the desk finds the two accounts of an alert."""

    desk_profile_urls: dict[str, str] = Field(
        {},
        max_length=256,  # more platforms than one desk serves
        description='Where each platform shows an account, as JSON: {"x": "https://x.example/{handle}"}; also'
        " {account_id}.",
    )
    desk_profile_source: str = Field(
        "",
        max_length=2_048,
        description="Endpoint that the desk asks for profiles; pictures alone are kept, for an hour.",
    )
    desk_profile_source_secret_file: FilePath | None = Field(
        None, description="File with the secret that signs these requests (whsec_…)."
    )
    desk_profile_source_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for it (PEM) instead of the system's."
    )
    desk_profile_source_allowed: Annotated[tuple[IPv4Network | IPv6Network | str, ...], NoDecode] = Field(
        (),
        max_length=64,  # each request is held against all of them
        description="Hosts of pictures (cdn.example.org, *.example.org, img.example.org:8443), and networks"
        " beside public ones where it and they may be (10.0.0.0/8); a network also allows http:// for it.",
    )

    @field_validator("desk_profile_urls")
    @classmethod
    def _profile_urls(cls, templates: dict[str, str]) -> dict[str, str]:
        for platform, template in templates.items():
            try:
                check_profile_url(template)
            except ValueError as error:
                raise ValueError(f"{platform}: {error}") from None
        return templates

    @field_validator("desk_profile_source")
    @classmethod
    def _profile_source(cls, url: str) -> str:
        if url and not WEB_ADDRESS.fullmatch(url):
            raise ValueError("must be https:// with a host, and without a user, a query or a fragment in it")
        return url

    @field_validator("desk_profile_source_allowed", mode="before")
    @classmethod
    def _source_allowed(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        return tuple(_network_or_origin(item.strip()) for item in given.split(",") if item.strip())

    @property
    def desk_profile_source_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(item for item in self.desk_profile_source_allowed if not isinstance(item, str))

    def desk_profile_source_key(self) -> Secret | None:
        """Returns the key that signs requests. Raises `SettingsError` when its file cannot be used."""
        return signing_key("DESK_PROFILE_SOURCE_SECRET", self.desk_profile_source_secret_file)


def _network_or_origin(text: str) -> IPv4Network | IPv6Network | str:
    """Returns a network, or the origin of pictures with its port. Raises `ValueError`."""
    try:
        return ip_network(text)
    except ValueError:
        named = _PICTURES.fullmatch(text.lower())
    if named is None:
        raise ValueError("must be hosts (cdn.example.org, *.example.org) and networks (10.0.0.0/8)")
    return f"{named[1] or 'https://'}{named[2]}:{named[3] or 443}"


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
