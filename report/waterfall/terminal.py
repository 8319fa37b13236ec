"""How an alert, a score and a wave are drawn in a terminal: who, how much, and every reason as a waterfall.

Text only: a terminal shows the colours, a file does not get them. Nothing that people wrote is ever read as
markup or obeyed as a control sequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from report.text import percent, plural, since_ban, visible, visible_sentence
from report.waterfall.steps import Scale, WaterfallStep, quoted, steps
from report.waterfall.words import Words, in_words
from samehand.watchlist.platforms import is_list
from schemas.alerts import AlertSummary, Band, MirrorAlert
from schemas.waves import WaveAlert

_BARS_WIDTH: Final = 16  # characters: leaves some forty for the sentence on 80 columns
_MEMBERS_SHOWN: Final = 5  # as many as make a wave; the record holds all
_NARROW: Final = 72  # columns: in fewer the bars are left out, and each sentence stands below its number
_BAND_STYLES: Final[dict[Band, str]] = {"likely": "bold red", "possible": "yellow", "none": "dim"}
# Signals whose quoted value is the other side's name, the fullest first.
_NAMING: Final = ("mention", "name", "handle")
_STEP_STYLES: Final = {"prior": "dim", "for": "red", "against": "green", "sum": "bold"}


def alert(record: MirrorAlert, *, numbers: bool = False) -> RenderableType:
    """One alert: who resembles whom, and why, in words; with ``numbers``, how they sum."""
    lines = (*record.evidence, *record.counter_evidence)
    theirs = {line.signal: line.theirs for line in lines if line.theirs}
    matched: tuple[str | tuple[str, str], ...] = (" resembles banned ", *_called(record.matched.key, theirs))
    if is_list(record.matched.platform):
        # A listed organisation was never an account: who lists it, and where that can be read.
        basis = record.matched.basis
        by = f", listed by {visible(basis.authority)}" if basis else ", listed"
        reference = f" as {visible(basis.reference)}" if basis and basis.reference else ""
        name = next((theirs[signal] for signal in _NAMING if signal in theirs), record.matched.account_id)
        matched = (" is named like ", (visible(name), "bold"), f"{by}{reference}")
    return Group(
        Text.assemble(
            Text("below the bands" if record.band == "none" else record.band, _BAND_STYLES[record.band]),
            "  ",
            *_called(record.key, {line.signal: line.ours for line in lines if line.ours}),
            *matched,
            Text("  " + ", ".join(_circumstances(record)), "dim"),
        ),
        _reasons(in_words(record)),
        *([waterfall(record)] if numbers else []),
    )


def _called(key: str, values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """An account by its handle or else its name, as far as the alert quotes them, and by its key."""
    name = values.get("handle") or values.get("name")
    return ((visible(name), "bold"), (f" ({visible(key)})", "dim")) if name else ((visible(key), "bold"),)


def _reasons(said: Words) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    if_not = [said.if_not] if said.if_not else []
    for head, sentences, style in (
        ("For", said.strong, "red"),
        ("Weak", said.weak, ""),
        ("Against", said.against, "green"),
        ("If not", if_not, ""),
        ("Check", [said.check] if said.check else [], ""),
        ("Held", said.held, ""),
    ):
        for place, sentence in enumerate(sentences):
            table.add_row("" if place else head, Text(sentence, style))
    return table


def summary(record: AlertSummary) -> RenderableType:
    """What was kept back of a ban's pairs."""
    if record.status == "withdrawn":
        return Text(f"No account is counted any more as resembling {visible(record.matched.key)}.", "dim")
    more = plural(record.withheld, "more remembered account")
    verb = "resembles" if record.withheld == 1 else "resemble"
    return Text.assemble(
        (more, "yellow"),
        f" {verb} {visible(record.matched.key)}; the best {record.published} have alerts of their own.",
    )


def wave(record: WaveAlert) -> RenderableType:
    """New accounts that resemble each other, what most of them share, and the first of them."""
    if record.status == "withdrawn":
        return Text(f"A wave of new accounts is withdrawn: {record.withdrawn_reason}.", "dim")
    shared = [f"{line.signal} ({visible(line.level)}) {line.members}" for line in record.pattern]
    if record.handle_pattern:
        shared.append(f"handles {visible(record.handle_pattern)}")
    accounts = [visible(member.account) for member in record.members[:_MEMBERS_SHOWN]]
    more = len(record.members) - len(accounts)
    return Text.assemble(
        (f"wave of {len(record.members)}", "yellow"),
        f"  new accounts resemble each other: {', '.join(accounts)}",
        f" and {more} more" if more else "",
        f".  In common: {', '.join(shared)}.",
    )


def waterfall(record: MirrorAlert) -> RenderableType:
    """Weight, bar, signal and sentence of every reason; the bars run from the prior to the sum."""
    drawn = steps(record.prior, record.evidence, record.counter_evidence, record.log_odds)
    return Group(_Waterfall(tuple(drawn)), Text(f"That is {percent(record.probability)}, calibrated."))


@dataclass(frozen=True, slots=True)
class _Waterfall:
    drawn: tuple[WaterfallStep, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width < _NARROW:
            for step in self.drawn:
                yield Text.assemble(_weight(step), " ", _signal(step))
                yield Padding(_sentence(step), (0, 0, 0, 4))
            return
        scale = Scale.over(self.drawn, _BARS_WIDTH)
        table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for step in self.drawn:
            left, width = scale.bar(step)
            start = min(round(left), _BARS_WIDTH - 1)
            length = max(1, round(left + width) - start) if abs(step.weight) > 0 else 0
            bar = Text((" " * start + "█" * length)[:_BARS_WIDTH].ljust(_BARS_WIDTH), _STEP_STYLES[step.kind])
            table.add_row(_weight(step), bar, _signal(step), _sentence(step))
        yield table


def _circumstances(record: MirrorAlert) -> Iterable[str]:
    known = record.matched.policy and not is_list(record.matched.platform)
    of_what = f" for {visible(record.matched.policy or '')}" if known else ""
    if record.seconds_since_ban is not None:
        yield f"made {since_ban(record.seconds_since_ban)}{of_what}"
    elif of_what:
        yield f"a ban{of_what}"
    if record.queue:
        yield f"queue {visible(record.queue)}"
    if record.status == "withdrawn":
        yield f"withdrawn: {record.withdrawn_reason}" if record.withdrawn_reason else "withdrawn"


def _weight(step: WaterfallStep) -> Text:
    return Text(f"{step.weight:+.1f}", _STEP_STYLES[step.kind])


def _signal(step: WaterfallStep) -> Text:
    return Text(visible(step.signal, 16), "bold" if step.kind == "sum" else "")


def _sentence(step: WaterfallStep) -> Text:
    sentence = Text(visible_sentence(step.because, 1024), "dim" if step.kind == "prior" else "")
    values = quoted(step)
    return Text.assemble(sentence, ("  " + values, "cyan")) if values else sentence
