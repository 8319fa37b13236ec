"""How an alert and a score are drawn for people: the reasons as a waterfall, in text.

Text only: colours are markup that a terminal shows and a file does not get.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from schemas.alerts import AlertSummary, EvidenceLine, MirrorAlert

_BAR_WIDTH = 12  # characters of the longest bar: readable on 80 columns beside a sentence
_BAND_STYLES = {"likely": "bold red", "possible": "yellow", "none": "dim"}


def alert(record: MirrorAlert) -> RenderableType:
    """One alert: who resembles whom, how much, and why."""
    return Group(_head(record), _table(record.prior, record.evidence, record.counter_evidence))


def summary(record: AlertSummary) -> RenderableType:
    """What look-back kept back."""
    return Text.from_markup(
        f"[yellow]{record.withheld} more remembered accounts[/] resemble {escape(record.matched.key)}; "
        f"the best {record.published} were told one by one."
    )


def _head(record: MirrorAlert) -> Text:
    matched = record.matched
    when = "" if record.seconds_since_ban is None else f", {_span(record.seconds_since_ban)}"
    style = _BAND_STYLES[record.band]
    state = "" if record.status == "open" else " · [bold]withdrawn[/]"
    return Text.from_markup(
        f"[{style}]{record.band}[/] {record.probability:.0%}  [bold]{escape(record.key)}[/] is written in the "
        f"same hand as banned [bold]{escape(matched.key)}[/] ({record.direction}{when}){state}"
    )


def _span(seconds: float) -> str:
    """`3 minutes after the ban`, `2 days before the ban`."""
    size, side = abs(seconds), "after" if seconds >= 0 else "before"
    for length, unit in ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"), (1.0, "second")):
        if size >= length:
            count = int(size // length)
            return f"{count} {unit}{'s' if count > 1 else ''} {side} the ban"
    return "at the moment of the ban"


def _table(prior: float, evidence: Sequence[EvidenceLine], against: Sequence[EvidenceLine]) -> Table:
    lines = [*evidence, *against]
    widest = max((abs(line.weight) for line in lines), default=1.0) or 1.0
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(justify="right")
    for _ in range(3):
        table.add_column()
    table.add_row(f"{prior:+.1f}", "", "prior", "how rare mirrors are", style="dim")
    for line in lines:
        bar = "█" * max(1, round(_BAR_WIDTH * abs(line.weight) / widest)) if line.weight else ""
        table.add_row(
            f"{line.weight:+.1f}",
            Text(bar, style="green" if line.weight > 0 else "magenta"),
            line.signal,
            Text(f"{line.because}{_values(line)}"),
        )
    return table


def _values(line: EvidenceLine) -> str:
    """The two values where they say more than the sentence does."""
    if not line.ours or not line.theirs or (line.ours == line.theirs and line.ours.startswith("•")):
        return ""
    return f"  {line.ours} ~ {line.theirs}"
