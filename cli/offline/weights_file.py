"""The option ``--weights`` of several commands: another table, to try it out."""

from __future__ import annotations

from pathlib import Path

import click

from cli.inputs.input_source import read_bytes
from samehand.errors import UnusableWeights
from samehand.scoring.weights import Weights, read_weights


def weights_of_file(path: Path, option: str = "--weights") -> Weights:
    """The table of a file, which an option names. Raises ``click.BadParameter`` where it cannot be used."""
    try:
        return read_weights(read_bytes(path))
    except UnusableWeights as fault:
        raise click.BadParameter(f"{path}: is no table of weights: {fault}", param_hint=option) from fault
