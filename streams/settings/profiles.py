"""Settings of how the desk shows accounts: links to their platforms, and profiles asked for live."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, Field, FilePath, field_validator
from pydantic_settings import NoDecode

from streams.settings.fields import WEB_ADDRESS, read_networks, signing_key
from streams.standard_webhooks import Secret

PLACEHOLDERS: Final = ("{account_id}", "{handle}")
TEMPLATE_CHARS_MAX: Final = 2_048  # longer addresses do not open in every browser

_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?(?::\d{1,5})?")
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
        description="Endpoint that the desk asks for profiles of an alert's two accounts; nothing is kept.",
    )
    desk_profile_source_secret_file: FilePath | None = Field(
        None, description="File with the secret that signs these requests (whsec_…)."
    )
    desk_profile_source_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for it (PEM) instead of the system's."
    )
    desk_profile_source_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        max_length=64,  # each request is held against all of them
        description="Networks beside public ones where it and its pictures may be; also allows http://.",
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

    @field_validator("desk_profile_source_networks", mode="before")
    @classmethod
    def _source_networks(cls, given: Any) -> Any:
        return read_networks(given)

    def desk_profile_source_key(self) -> Secret | None:
        """Returns the key that signs requests. Raises `SettingsError` when its file cannot be used."""
        return signing_key("DESK_PROFILE_SOURCE_SECRET", self.desk_profile_source_secret_file)


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
