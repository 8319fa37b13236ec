"""The waterfall as a picture: an SVG with nothing to load, and words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from report.text import percent, visible, visible_sentence
from report.waterfall import rivals
from report.waterfall.steps import Scale, Step, quoted
from schemas.alerts import RivalShare

_WIDTH: Final = 760
_LABELS: Final = 110  # room for the names of signals
_BARS: Final = 560
_WEIGHTS: Final = _WIDTH - _LABELS - _BARS  # room for numbers, right of the bars
_ROW: Final = 44  # a bar and its sentence
_BAR: Final = 14
_LINE: Final = 20  # of text below the bars
_TOP: Final = 56
_SENTENCE_CHARS_MAX: Final = 104  # what fits beside the labels at 11 pixels
_QUOTED: Final = 16  # more height for a reason whose values are quoted below its sentence

# Readable on white for people who cannot tell red from green: each differs in lightness too, and the sign
# stands beside it.
_COLOURS: Final = {"prior": "#6b7280", "for": "#b42318", "against": "#1a7f64", "sum": "#1f2937"}


def svg(title: str, drawn: Sequence[Step], verdict: str, others: Sequence[RivalShare] = ()) -> str:
    """The picture of ``drawn`` (:func:`report.waterfall.steps.steps`) under ``title``; ``verdict`` is its
    last word. ``others``: what else it could be.
    """
    scale, rows, top = Scale.over(drawn, _BARS), [], _TOP
    for step in drawn:
        rows.append(_row(top, step, scale))
        top += _ROW + (_QUOTED if quoted(step) else 0)
    bars_end = top
    for size, text in _what_else(others):
        rows.append(f'<text x="8" y="{top + 12}" font-size="{size}" fill="#1f2937">{_text(text)}</text>')
        top += _LINE
    height, body = top + 16, "\n".join(rows)
    zero = _LABELS + scale.place(0.0)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" \
height="{height}" role="img" aria-labelledby="waterfall-title waterfall-desc" \
font-family="system-ui, sans-serif">
<title id="waterfall-title">{_text(title)}</title>
<desc id="waterfall-desc">{_text(described(drawn, verdict, others))}</desc>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="8" y="22" font-size="15" font-weight="600" fill="#1f2937">{_text(title)}</text>
<text x="8" y="42" font-size="12" fill="#4b5563">{_text(verdict)}</text>
<line x1="{zero:.1f}" x2="{zero:.1f}" y1="{_TOP}" y2="{bars_end}" stroke="#9ca3af" stroke-dasharray="3 3"/>
{body}
</svg>
"""


def described(drawn: Sequence[Step], verdict: str, others: Sequence[RivalShare] = ()) -> str:
    """The picture in words: every step with its sign and quotes, what else it could be, the verdict."""
    return " ".join([*map(_described, drawn), *(text for _, text in _what_else(others)), verdict])


def _what_else(others: Sequence[RivalShare]) -> list[tuple[int, str]]:
    """Lines below the bars, each with the size of its letters."""
    told = [
        (11, f"{rivals.who(it)} {percent(it.share)}: {visible_sentence(it.sentence, _SENTENCE_CHARS_MAX)}")
        for it in rivals.telling(others)
    ]
    return [(13, rivals.QUESTION), *told] if told else []


def _described(step: Step) -> str:
    values = quoted(step)
    return f"{step.signal} {step.weight:+.2f}: {step.because}{f' ({values})' if values else ''}"


def _row(top: int, step: Step, scale: Scale) -> str:
    left, width = scale.bar(step)
    colour = _COLOURS[step.kind]
    weight = "600" if step.kind == "sum" else "400"
    return (
        f'<g><text x="8" y="{top + 12}" font-size="12" font-weight="{weight}" fill="#1f2937">'
        f"{_text(step.signal)}</text>"
        f'<rect x="{_LABELS + left:.1f}" y="{top + 1}" width="{max(width, 1):.1f}" height="{_BAR}" '
        f'fill="{colour}"/>'
        f'<text x="{_WIDTH - 8}" y="{top + 12}" font-size="12" font-weight="{weight}" text-anchor="end" '
        f'fill="{colour}">{step.weight:+.2f}</text>'
        f'<text x="{_LABELS}" y="{top + 30}" font-size="11" fill="#4b5563">'
        f"{_text(visible_sentence(step.because, _SENTENCE_CHARS_MAX))}</text>{_values(top, step)}</g>"
    )


def _values(top: int, step: Step) -> str:
    """What the reason quotes of both accounts, in a line of its own: it may be as long as the sentence."""
    values = quoted(step)
    if not values:
        return ""
    return (
        f'<text x="{_LABELS}" y="{top + 30 + _QUOTED}" font-size="11" fill="#1d4ed8">'
        f"{_text(visible(values, _SENTENCE_CHARS_MAX))}</text>"
    )


def _text(text: str) -> str:
    """Text that is only text: unseen and forbidden characters written out, markup escaped."""
    return escape(visible(text, 4_000))
