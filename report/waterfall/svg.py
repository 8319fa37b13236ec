"""The waterfall as a picture: an SVG with nothing to load, and words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from report.rendering import environment
from report.text import percent, visible_sentence
from report.waterfall import rivals
from report.waterfall.steps import Scale, WaterfallStep, quoted
from schemas.alerts import RivalShare

_WIDTH: Final = 760
_LABELS: Final = 110  # room for the names of signals
_BARS: Final = 560  # the rest is room for numbers, right of the bars
_ROW: Final = 44  # a bar and its sentence
_LINE: Final = 20  # of text below the bars
_TOP: Final = 56
_SENTENCE_CHARS_MAX: Final = 104  # what fits beside the labels at 11 pixels
_QUOTED: Final = 16  # more height for a reason whose values are quoted below its sentence

# Readable on white for people who cannot tell red from green: each differs in lightness too, and the sign
# stands beside it.
_COLOURS: Final = {"prior": "#6b7280", "for": "#b42318", "against": "#1a7f64", "sum": "#1f2937"}

_TEMPLATE: Final = environment({}).get_template("waterfall.svg")


def svg(title: str, drawn: Sequence[WaterfallStep], verdict: str, others: Sequence[RivalShare] = ()) -> str:
    """The picture of ``drawn`` (:func:`report.waterfall.steps.steps`) under ``title``; ``verdict`` is its
    last word. ``others``: what else it could be.
    """
    scale, rows, lines, top = Scale.over(drawn, _BARS), [], [], _TOP
    for step in drawn:
        left, width = scale.bar(step)
        rows.append(
            {
                "step": step,
                "top": top,
                "left": f"{_LABELS + left:.1f}",
                "width": f"{max(width, 1):.1f}",
                "colour": _COLOURS[step.kind],
                "quoted": quoted(step),
            }
        )
        top += _ROW + (_QUOTED if quoted(step) else 0)
    bars_end = top
    for size, text in _what_else(others):
        lines.append({"size": size, "text": text, "top": top})
        top += _LINE
    return _TEMPLATE.render(
        width=_WIDTH,
        height=top + 16,
        labels=_LABELS,
        zero=f"{_LABELS + scale.place(0.0):.1f}",
        bars_top=_TOP,
        bars_end=bars_end,
        sentence_chars_max=_SENTENCE_CHARS_MAX,
        title=title,
        words=described(drawn, verdict, others),
        verdict=verdict,
        rows=rows,
        lines=lines,
    )


def described(drawn: Sequence[WaterfallStep], verdict: str, others: Sequence[RivalShare] = ()) -> str:
    """The picture in words: every step with its sign and quotes, what else it could be, the verdict."""
    sentences = (
        f"{step.signal} {step.weight:+.2f}: {step.because}" + (f" ({quoted(step)})" if quoted(step) else "")
        for step in drawn
    )
    return " ".join([*sentences, *(text for _, text in _what_else(others)), verdict])


def _what_else(others: Sequence[RivalShare]) -> list[tuple[int, str]]:
    """Lines below the bars, each with the size of its letters."""
    shares = [
        f"{rivals.who(rival)} {percent(rival.share)}: {visible_sentence(rival.sentence, _SENTENCE_CHARS_MAX)}"
        for rival in rivals.telling(others)
    ]
    return [(13, rivals.QUESTION), *((11, share) for share in shares)] if shares else []
