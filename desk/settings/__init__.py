"""Settings of the desk: those of every process (`streams.settings`), and its own beside them."""

from collections.abc import Mapping

from desk.settings.settings import DeskSettings
from streams.settings.environment import read

__all__ = ["DeskSettings", "load"]


def load(environment: Mapping[str, str] | None = None) -> DeskSettings:
    """Reads the desk's settings from `environment`, by default the process's.

    Raises `SettingsError` with every fault at once.
    """
    return read(DeskSettings, environment)
