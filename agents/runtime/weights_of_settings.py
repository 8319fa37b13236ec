"""The tables of weights that the settings name, for workers, gates, commands and the desk alike."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from samehand.errors import UnusableWeights
from samehand.scoring.weights import Bands, Weights, default_weights, lacking, read_weights
from streams.errors import SettingsError
from streams.settings import PREFIX, Settings


def weights_of(settings: Settings) -> Weights:
    """The weights, shipped or the operator's own, under the operator's thresholds.

    Raises:
        SettingsError: the operator's table cannot be read, or lacks a row.
    """
    return _under_thresholds(_table(settings.weights), settings)


def shadow_weights_of(settings: Settings) -> Weights | None:
    """The table that is counted beside the one in force, under the same thresholds, if there is one.

    Raises:
        SettingsError: it cannot be read, or lacks a row.
    """
    if settings.shadow_weights is None:
        return None
    return _under_thresholds(_table(settings.shadow_weights, "SHADOW_WEIGHTS"), settings)


def _under_thresholds(weights: Weights, settings: Settings) -> Weights:
    return replace(
        weights,
        bands=Bands(settings.likely, settings.possible),
        policy_bands={name: Bands(bands.likely, bands.possible) for name, bands in settings.bands.items()},
    )


def _table(path: Path | None, setting: str = "WEIGHTS") -> Weights:
    if path is None:
        return default_weights()
    try:
        table = read_weights(path.read_bytes())
    except OSError as fault:
        raise SettingsError({f"{PREFIX}{setting}": f"{path}: {fault.strerror}"}) from fault
    except UnusableWeights as fault:
        raise SettingsError({f"{PREFIX}{setting}": f"{path}: cannot be used: {fault}"}) from fault
    if (row := lacking(table)) is not None:
        raise SettingsError({f"{PREFIX}{setting}": f"{path}: cannot be used: it lacks {row}"})
    return table
