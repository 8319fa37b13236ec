"""The figures as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli import output


def show(told: Mapping[str, Any]) -> None:
    screen = output.console()
    screen.print(
        f"{told['sign_ups']} sign-ups, {told['mirrors']} mirrors, {told['catchable']} of them catchable; "
        f"average precision {_number(told['average_precision'])}"
    )
    rows = {
        **{f"band {name}, upwards": _band(each) for name, each in told["bands"].items()},
        **{f"{name} per 1,000": _capacity(each) for name, each in told["capacities"].items()},
    }
    screen.print(output.table(("review", "alerts", "precision", "recall"), _named(rows)))
    at_20 = told["capacities"]["20"]["recall_by_strategy"]
    if at_20:
        by = told["recall_by_strategy"]
        both = {name: (_share(by[name]), _share(at_20[name])) for name in by}
        screen.print(output.table(("strategy", "recall, alerted", "recall, 20 per 1,000"), _named(both)))
    for name, each in told["false_alarms"].items():
        screen.print(
            f"false alarms ({name.replace('_', '-')}): {each['false_alarms']}, worst group over mean "
            f"{_number(each['max_over_mean'])}, fewest in a group {each['fewest_in_a_group']}"
        )
    calibration, waits = told["calibration"], told["time_to_detect_seconds"]
    screen.print(
        f"blocking recall {_share(told['blocking_recall'])}, "
        f"scoring recall {_share(told['scoring_recall'])}\n"
        f"calibration error {_number(calibration['error'])} of all events, "
        f"{_number(calibration['error_unsure'])} of those above .05; "
        f"gap above .8: {_number(calibration['gap_above_0.8'])}\n"
        f"time to detect, median {waits['median']} s, p90 {waits['p90']} s; {told['seconds']:.1f} s"
    )


def _named(rows: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [(name, *cells) for name, cells in rows.items()]


def _band(each: Mapping[str, Any]) -> tuple[str, str, str]:
    upwards = each["precision_upwards"]
    return str(upwards["of"]), _share(upwards), _share(each["recall_upwards"])


def _capacity(each: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(each["alerts"]), _share(each["precision"]), _share(each["recall"])


def _share(share: Mapping[str, Any]) -> str:
    if share["value"] is None:
        return "–"
    low, high = share["interval"]
    return f"{share['value']:.3f} [{low:.3f}, {high:.3f}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
