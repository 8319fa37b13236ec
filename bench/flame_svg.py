"""A flame graph as a picture without scripts: a box a function, as wide as its share, callees above."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape
from zlib import crc32

WIDTH: Final = 1_600
SHARE_MIN: Final = 0.002
"""A narrower box is three pixels wide and tells nobody anything."""

_ROW, _LETTER = 16, 6.4  # pixels of a line, and of a letter at the size below

Stack = tuple[str, ...]


@dataclass(slots=True)
class _Node:
    samples: int = 0
    callees: dict[str, _Node] = field(default_factory=dict)


def drawn(stacks: Mapping[Stack, int], title: str) -> str:
    """The picture; hovering tells a function's file and share."""
    root = _Node()
    for stack, samples in stacks.items():
        root.samples += samples
        node = root
        for frame in stack:
            node = node.callees.setdefault(frame, _Node())
            node.samples += samples
    boxes = list(_boxes(root, root.samples or 1, 0.0, 0))
    height = (max((depth for depth, *_ in boxes), default=0) + 3) * _ROW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="monospace" font-size="10.5">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fffdf7"/>',
        f'<text x="4" y="13">{escape(title)}</text>',
        *(_box(height, *box) for box in boxes),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _boxes(node: _Node, total: int, left: float, depth: int) -> Iterator[tuple[int, float, float, str]]:
    for frame, callee in sorted(node.callees.items()):
        share = callee.samples / total
        if share >= SHARE_MIN:
            yield depth, left, share, frame
            yield from _boxes(callee, total, left, depth + 1)
        left += share


def _box(height: int, depth: int, left: float, share: float, frame: str) -> str:
    x, width, y = left * WIDTH, share * WIDTH, height - (depth + 1) * _ROW
    fits = int((width - 4) / _LETTER)
    name = frame.partition(" (")[0]
    told = "" if fits < 3 else name if len(name) <= fits else name[: fits - 1] + "…"
    label = f'<text x="{x + 2:.1f}" y="{y + 11}">{escape(told)}</text>' if told else ""
    return (
        f'<g><title>{escape(frame)}: {share:.1%}</title><rect x="{x:.1f}" y="{y}" '
        f'width="{max(width - 0.4, 0.4):.1f}" height="{_ROW - 1}" fill="{_colour(frame)}"/>{label}</g>'
    )


def _colour(frame: str) -> str:
    """Ours warm, libraries cool; one file always the same."""
    place = frame.partition(" (")[2].partition("/")[0].rstrip(")")
    ours = place in {"samehand", "store", "agents", "streams", "schemas"}
    hue = (20 if ours else 200) + crc32(place.encode()) % 40
    return f"hsl({hue},70%,{72 + crc32(frame.encode()) % 12}%)"
