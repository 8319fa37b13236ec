"""Which table weighs before anybody adopts another one: that of the settings, under their thresholds."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from agents.runtime.weights_of_settings import shadow_weights_of, weights_of
from samehand.scoring.weights import Bands, default_weights
from streams.errors import SettingsError
from streams.settings import load

SHIPPED = default_weights()


def test_without_a_table_of_ones_own_it_is_the_shipped_one_and_nothing_is_in_shadow() -> None:
    assert weights_of(load({})) == SHIPPED
    assert shadow_weights_of(load({})) is None


def test_thresholds_are_the_operators_of_either_table(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_bytes(msgspec.json.encode(replace(SHIPPED, version="own")))
    settings = load(
        {
            "SAMEHAND_WEIGHTS": str(own),
            "SAMEHAND_SHADOW_WEIGHTS": str(own),
            "SAMEHAND_POSSIBLE": "0.6",
            "SAMEHAND_BANDS": '{"spam": {"likely": 0.95, "possible": 0.7}}',
        }
    )
    for table in (weights_of(settings), shadow_weights_of(settings)):
        assert table is not None
        assert (table.version, table.bands) == ("own", Bands(0.9, 0.6))
        assert table.policy_bands == {"spam": Bands(0.95, 0.7)}
        assert table.band(0.65, "spam") == "none"
        assert table.band(0.65, "other") == "possible"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{", "cannot be used"), (b"[]", "cannot be used"), (None, "No such file")],
)
def test_a_table_that_cannot_be_used_is_one_clear_line(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "own.json"
    path.write_bytes(msgspec.json.encode(SHIPPED) if content is None else content)
    settings = load({"SAMEHAND_WEIGHTS": str(path)})
    if content is None:
        path.unlink()
    with pytest.raises(SettingsError, match=said) as fault:
        weights_of(settings)
    assert "SAMEHAND_WEIGHTS" in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_table_that_lacks_a_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    signals = {name: one for name, one in SHIPPED.signals.items() if name != "timing"}
    path.write_bytes(msgspec.json.encode(replace(SHIPPED, signals=signals)))
    with pytest.raises(SettingsError, match=r"SAMEHAND_SHADOW_WEIGHTS.*it lacks timing\."):
        shadow_weights_of(load({"SAMEHAND_SHADOW_WEIGHTS": str(path)}))
