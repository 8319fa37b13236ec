"""The option ``--weights`` of several commands: another table, to try it out."""

from __future__ import annotations

from pathlib import Path

import click

from cli.inputs.input_source import read_bytes
from samehand.errors import UnusableWeights
from samehand.scoring.weights import Weights, read_weights


def weights_of_file(path: Path) -> Weights:
    """The table of a file. Raises ``click.BadParameter`` where it cannot be used, with the reason."""
    try:
        return read_weights(read_bytes(path))
    except UnusableWeights as fault:
        raise click.BadParameter(
            f"{path}: is no table of weights: {fault}", param_hint="--weights"
        ) from fault
