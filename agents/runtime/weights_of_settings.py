"""The table of weights that the settings name, for workers, gates, commands and the desk alike."""

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
    return replace(
        _table(settings.weights),
        bands=Bands(settings.likely, settings.possible),
        policy_bands={name: Bands(bands.likely, bands.possible) for name, bands in settings.bands.items()},
    )


def _table(path: Path | None) -> Weights:
    if path is None:
        return default_weights()
    try:
        table = read_weights(path.read_bytes())
    except OSError as fault:
        raise SettingsError({f"{PREFIX}WEIGHTS": f"{path}: {fault.strerror}"}) from fault
    except UnusableWeights as fault:
        raise SettingsError({f"{PREFIX}WEIGHTS": f"{path}: cannot be used: {fault}"}) from fault
    if (row := lacking(table)) is not None:
        raise SettingsError({f"{PREFIX}WEIGHTS": f"{path}: cannot be used: it lacks {row}"})
    return table
