"""The figures as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli import output
from cli.offline.known_pairs import share_of, show_causes


def show(figures: Mapping[str, Any]) -> None:
    screen = output.console()
    screen.print(
        f"{figures['sign_ups']} sign-ups, {figures['mirrors']} mirrors, {figures['catchable']} of them "
        f"catchable; average precision {_number(figures['average_precision'])}"
    )
    rows = {
        **{f"band {name}, upwards": _band(band) for name, band in figures["bands"].items()},
        **{
            f"{name} per 1,000": (
                str(capacity["alerts"]),
                share_of(capacity["precision"]),
                share_of(capacity["recall"]),
            )
            for name, capacity in figures["capacities"].items()
        },
    }
    screen.print(output.table(("review", "alerts", "precision", "recall"), _named(rows)))
    at_20 = figures["capacities"]["20"]["recall_by_strategy"]
    if at_20:
        by = figures["recall_by_strategy"]
        both = {name: (share_of(by[name]), share_of(at_20[name])) for name in by}
        screen.print(output.table(("strategy", "recall, alerted", "recall, 20 per 1,000"), _named(both)))
    for name, alarms in figures["false_alarms"].items():
        screen.print(
            f"false alarms ({name.replace('_', '-')}): {alarms['false_alarms']}, worst group over mean "
            f"{_number(alarms['max_over_mean'])}, fewest in a group {alarms['fewest_in_a_group']}"
        )
    calibration, waits = figures["calibration"], figures["time_to_detect_seconds"]
    screen.print(
        f"blocking recall {share_of(figures['blocking_recall'])}, "
        f"scoring recall {share_of(figures['scoring_recall'])}\n"
        f"calibration error {_number(calibration['error'])} of all events, "
        f"{_number(calibration['error_unsure'])} of those above .05; "
        f"gap above .8: {_number(calibration['gap_above_0.8'])}\n"
        f"time to detect, median {waits['median']} s, p90 {waits['p90']} s; {figures['seconds']:.1f} s"
    )
    show_causes(screen, figures["missed"])


def _named(rows: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [(name, *cells) for name, cells in rows.items()]


def _band(band: Mapping[str, Any]) -> tuple[str, str, str]:
    upwards = band["precision_upwards"]
    return str(upwards["of"]), share_of(upwards), share_of(band["recall_upwards"])


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
