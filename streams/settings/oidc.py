"""Settings of how people sign in to the desk by OpenID Connect."""

from __future__ import annotations

import re
from typing import Final, Literal

from pydantic import BaseModel, Field, FilePath, field_validator

from streams.settings.fields import WEB_ADDRESS, secret

_LOCAL_ISSUER: Final = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?(/.*)?")


class OidcSettings(BaseModel):
    """The desk's identity provider, and what its roles are here."""

    desk_oidc_issuer: str = Field(
        "",
        description="Who people sign in with (OpenID Connect), as it calls itself: https://id.example.org.",
    )
    desk_oidc_client_id: str = Field("", max_length=256, description="What it knows the desk by.")
    desk_oidc_client_secret_file: FilePath | None = Field(
        None, description="File that holds the secret that goes with it; a public client has none."
    )
    desk_oidc_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for it (PEM); the system's without it."
    )
    desk_oidc_scopes: str = Field(
        "openid profile",
        pattern=r"^([!#-\[\]-~]+ )*openid( [!#-\[\]-~]+)*$",
        max_length=512,
        description="What is asked for, with blanks between; openid among it.",
    )
    desk_oidc_roles_claim: str = Field(
        "roles",
        pattern=r"^\S{1,256}$",
        description="Claim of the id token that holds the role; realm_access.roles is nested.",
    )
    desk_oidc_roles: dict[str, Literal["moderator", "lead", "auditor"]] = Field(
        default_factory=dict,
        max_length=100,
        description='Its values and our roles, as JSON, the first that fits: {"desk-leads": "lead"}.',
    )

    @field_validator("desk_oidc_issuer")
    @classmethod
    def _issuer(cls, url: str) -> str:
        if url and not WEB_ADDRESS.fullmatch(url):
            raise ValueError("must be https:// with a host, and without a user, a query or a fragment in it")
        if url.startswith("http:") and not _LOCAL_ISSUER.fullmatch(url):
            raise ValueError(
                "must be https:// where it is not this machine: without TLS others could sign in as anybody"
            )
        return url

    def desk_oidc_secret(self) -> str | None:
        """The desk's secret at the provider. Raises `SettingsError` when its file cannot be read."""
        return secret("DESK_OIDC_CLIENT_SECRET", None, self.desk_oidc_client_secret_file)
