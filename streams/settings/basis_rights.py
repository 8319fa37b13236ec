"""Reads the operator's table of rights: for workers, gates, the desk and commands alike."""

from __future__ import annotations

from schemas.basis_rights import FILE_BYTES_MAX, RightsTable, UnusableRights, read_rights
from streams.errors import SettingsError
from streams.settings.fields import PREFIX
from streams.settings.settings import Settings

VARIABLE = f"{PREFIX}BASIS_RIGHTS"


def basis_rights_of(settings: Settings) -> RightsTable:
    """The table that decides; without a file every basis has all rights.

    Raises:
        SettingsError: the file cannot be used; says where and why.
    """
    path = settings.basis_rights
    if path is None:
        return RightsTable()
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
        if len(raw) > FILE_BYTES_MAX:
            raise SettingsError({VARIABLE: f"{path}: over {FILE_BYTES_MAX:,} bytes"})
        return read_rights(raw.decode("utf-8-sig"))
    except OSError as fault:
        raise SettingsError({VARIABLE: f"{path}: {fault.strerror}"}) from fault
    except UnicodeDecodeError as fault:
        raise SettingsError({VARIABLE: f"{path}: is not UTF-8"}) from fault
    except UnusableRights as fault:
        raise SettingsError({VARIABLE: f"{path}: {fault}"}) from fault
