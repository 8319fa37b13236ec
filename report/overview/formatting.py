"""Numbers as people read them at a glance."""

from __future__ import annotations

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def seconds(value: float | None) -> str:
    """A duration to two digits; a dash for what is not known."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < MINUTE:
        return f"{value:.1f} s"
    if value < HOUR:
        return f"{value / MINUTE:.0f} min"
    return f"{value / HOUR:.0f} h" if value < 2 * DAY else f"{value / DAY:.0f} days"


def count(value: float) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\u202f")


def rate(value: float) -> str:
    return f"{value:.1f}" if value < 100 else count(value)


def share(value: float | None) -> str:
    """A percentage, finer towards either end, where it matters; never rounded up to the whole."""
    if value is None:
        return "–"
    percent = 100 * value
    if 99 < percent < 100:
        return f"{min(percent, 99.99):.2f} %"
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.1f} %"


def size(bytes_: float) -> str:
    for unit in _UNITS[:-1]:
        if bytes_ < 1024:
            return f"{bytes_:.0f} {unit}"
        bytes_ /= 1024
    return f"{bytes_:.0f} {_UNITS[-1]}"
