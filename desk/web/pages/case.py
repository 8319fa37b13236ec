"""The case file as a page to print: whole in itself, without a script or a file beside it."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any, Final

from desk.web.environment import environment

STYLE: Final = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .25rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: start; padding-block: .25rem; }
th, td { border-block-end: 1px solid #8a94a1; padding: .25rem .5rem; text-align: start; vertical-align: top;
  overflow-wrap: break-word; }
.number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
@media (max-width: 50rem) {
  .table thead { display: none; }
  .table :is(table, tbody, tr, th, td) { display: block; border: 0; padding-inline: 0; text-align: start; }
  .table tr { border-block-end: 1px solid #8a94a1; }
}
@media print { body { max-width: none; padding: 0; font-size: 10pt; } tr { break-inside: avoid; } }
"""

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of the page's own: this style alone, and nothing that runs or is fetched."""


def case_page(case: dict[str, Any]) -> str:
    """HTML of a case file as `desk.review.case` makes it."""
    return environment().get_template("case.html").render(case=case, style=STYLE)
