"""The report of a dry run as one page: nothing to load, nothing that runs, fit for a phone and the dark.

Names come from people who want to deceive: what is unseen in them is written out, each stands isolated from
the words around it, and all of it is escaped. State is said in words, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

import msgspec

from report.text import percent, plural, since_ban, visible, visible_sentence
from report.waterfall import rivals
from report.waterfall.steps import Scale, Step, quoted, steps
from schemas.alerts import EvidenceLine, RivalShare

_SENTENCE_CHARS_MAX: Final = 1_024

_CSS: Final = """
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --ink: #1c2430; --soft: #55606e; --line: #d9dee5;
  --good: #17693b; --warn: #8a5300; --bad: #b3261e; --mark: #2459a8; --prior: #6b7280;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --card: #1b212a; --ink: #e8ecf1; --soft: #a9b4c0; --line: #323b47;
    --good: #6fd69a; --warn: #f0b35a; --bad: #ff8a80; --mark: #8ab4f8; --prior: #9aa4b2;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem 1.25rem; max-width: 60rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.45 system-ui, "DejaVu Sans", sans-serif; overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.4rem; }
h2 { margin: 0 0 .5rem; font-size: 1.1rem; }
h3, h4 { margin: 0; font-size: 1rem; font-weight: 600; }
p { margin: .35rem 0; }
.soft, figcaption, dt, thead th { color: var(--soft); font-size: .875rem; }
section, article {
  background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem; margin: .75rem 0;
}
article { border-inline-start: .3rem solid var(--warn); }
article.likely { border-inline-start-color: var(--bad); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .5rem 1rem; margin: 0; }
dd { margin: 0; font-size: 1.5rem; font-weight: 600; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .4rem; text-align: end; border-top: 1px solid var(--line); }
th:first-child { text-align: start; font-weight: 500; }
thead th { border-top: 0; font-weight: 600; }
.yes { color: var(--good); font-weight: 600; }
.no { color: var(--bad); font-weight: 600; }
.steps { list-style: none; margin: .5rem 0 0; padding: 0; }
.steps li { display: grid; grid-template-columns: 5.5rem 1fr 3.6rem; gap: 0 .5rem; padding: .25rem 0; }
.steps .signal { font-weight: 600; }
.steps .nats { text-align: end; font-variant-numeric: tabular-nums; font-weight: 600; }
.steps .track { align-self: center; height: .8rem; background: var(--ground); direction: ltr; }
.steps .bar { display: block; height: 100%; min-width: 1px; background: var(--prior); }
.steps .why { grid-column: 1 / -1; font-size: .875rem; color: var(--soft); }
.steps q { color: var(--mark); quotes: none; }
.for .bar { background: var(--bad); } .for .nats { color: var(--bad); }
.against .bar { background: var(--good); } .against .nats { color: var(--good); }
.sum .bar { background: var(--ink); }
code { font-size: .9em; }
@media (max-width: 30rem) { body { padding: .75rem; } th, td { padding: .25rem .2rem; font-size: .8rem; } }
@media print { section, article { break-inside: avoid; } }
"""


def page(report: Mapping[str, Any], cost_of_silence: str) -> str:
    """The whole page; equal arguments give equal bytes.

    ``cost_of_silence`` is a sentence on what silent signals cost, "" where nothing is known of it.
    """
    parts = [
        _head(report),
        _capacity(report["capacity"]),
        _silent(report, cost_of_silence),
        _events(report["events"]),
        *([_compared(report["compared"])] if "compared" in report else []),
        _best(report),
    ]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" \
content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="referrer" content="no-referrer">
<title>samehand: what a dry run found</title>
<link rel="icon" href="data:,">
<style>{_CSS}</style>
</head>
<body>
<header><h1>What samehand would have told you</h1>
<p class="soft">A dry run over {_named(report["sources"])}. Nothing was published, and nothing was stored.</p>
<p><strong>Resemblance, not identity: a person decides.</strong></p></header>
<main>
{"".join(parts)}
</main>
</body>
</html>
"""


def _head(report: Mapping[str, Any]) -> str:
    alerts, kinds, when = report["alerts"], report["events"]["kinds"], report["span"]
    tiles = (
        ("likely alerts", f"{alerts['likely']:,}"),
        ("possible alerts", f"{alerts['possible']:,}"),
        ("accounts alerted", f"{alerts['accounts']:,}"),
        ("sign-ups", f"{kinds['created']:,}"),
        ("bans", f"{kinds['banned']:,}"),
        ("changes", f"{kinds['updated']:,}"),
    )
    ways = alerts["directions"]
    lines = [
        f"{ways['forward']:,} as the account came, {ways['lookback']:,} as the ban came, "
        f"{ways['update']:,} after a change of profile."
    ]
    if when["first"]:
        lines.append(f"Sign-ups from {when['first']} to {when['last']}.")
    if banned := alerts["taken_back"].get("account-banned", 0):
        lines.append(f"On {plural(banned, 'pair')} you banned the account later yourselves.")
    if taken := sum(alerts["taken_back"].values()) - banned:
        lines.append(
            f"{plural(taken, 'word')} to consumers took something back again (reinstated, expired, changed)."
        )
    if alerts["withheld"]:
        lines.append(f"{plural(alerts['withheld'], 'more pair')} would be told as a count beside the ban.")
    body = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in tiles)
    return _section("Alerts", f"<dl>{body}</dl>{_paragraphs(lines)}")


_FITS: Final = {None: "–", True: '<span class="yes">yes</span>', False: '<span class="no">no</span>'}


def _capacity(told: Mapping[str, Any]) -> str:
    rows = (
        (
            f"{each['threshold']:g}",
            f"{each['alerts']:,}",
            _number(each["per_1000_sign_ups"]),
            _number(each["a_day"]),
            {None: "–", True: '<span class="yes">yes</span>', False: '<span class="no">no</span>'}[
                each["fits"]
            ],
        )
        for each in told["thresholds"]
    )
    heads = ("probability from", "alerts", "per 1,000 sign-ups", "a day", f"fits {told['a_day']:,} a day")
    fitting = told["fitting"]
    if fitting is None:
        words = "How many a day cannot be said: the sign-ups have no dates, or all have the same."
    elif fitting["alerts"] == fitting["of"]:
        words = f"All {fitting['of']:,} alerts fit into {told['a_day']:,} a day."
    elif fitting["threshold"] is None:
        words = f"{told['a_day']:,} a day are too few for even the best of {fitting['of']:,} alerts."
    else:
        words = (
            f"Within {told['a_day']:,} a day the best {fitting['alerts']:,} of {fitting['of']:,} fit: "
            f"those from {fitting['threshold']:g} on (SAMEHAND_POSSIBLE)."
        )
    return _section("What a team can read", _table(heads, rows) + _paragraphs([words]))


def _silent(report: Mapping[str, Any], cost_of_silence: str) -> str:
    lines = [
        f"No <code>{kind}</code> record filled: {', '.join(escape(name) for name in told['empty'])}."
        for kind, told in report["fields"].items()
        if told["empty"]
    ]
    silent = report["signals"]["silent"]
    lines.append(
        f"Signals that had nothing to compare, so that mirrors that they alone would show were not found: "
        f"{', '.join(map(escape, silent))}."
        if silent
        else "Every signal had something to compare."
    )
    if cost_of_silence:
        lines.append(escape(cost_of_silence))
    return _section("What was missing", "".join(f"<p>{line}</p>" for line in lines))


def _events(told: Mapping[str, Any]) -> str:
    lines = [f"{plural(told['read'], 'record')} read, {told['bad']:,} of them unreadable."]
    if told["without_a_date"]:
        lines.append(
            f"{plural(told['without_a_date'], 'row')} did not say when: such bans come first, sign-ups last."
        )
    body = _paragraphs(lines)
    if told["faults"]:
        rows = (
            (
                _bdi(each["address"], 200),
                escape(each["reason"]),
                _bdi(each["path"], 100),
                _bdi(each["detail"], 200),
            )
            for each in told["faults"]
        )
        body += _table(("record", "reason", "where", "detail"), rows)
    if told["fields_unusable"]:
        unusable = (
            (escape(each["field"]), escape(each["reason"]), f"{each['records']:,}")
            for each in told["fields_unusable"]
        )
        body += _table(("field that could not be used", "reason", "records"), unusable)
    return _section("What was read", body)


def _compared(told: Mapping[str, Any]) -> str:
    lines = [
        f"{told['only_b']:,} alerted under B ({visible(told['weights_version'])}) and not under A; "
        f"{told['only_a']:,} under A and not under B; {told['both']:,} under both, "
        f"{told['other_band']:,} of these in another band."
    ]
    body = _paragraphs(lines)
    for name, key in (("Under B and not under A", "best_only_b"), ("Under A and not under B", "best_only_a")):
        if told[key]:
            body += f"<h2>{name}</h2>" + "".join(
                _alert(each["alert"], _rows(each["rows"])) for each in told[key]
            )
    return _section("Another table of weights", body)


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return _paragraphs(
            ["Both tables have the same rows for these reasons; priors, groups, caps or bands differ."]
        )
    lines = [
        f"{each['signal']} {each['level']}: {_signed(each['a'])} by table A, {_signed(each['b'])} by table B."
        for each in rows
    ]
    return _paragraphs(lines)


def _best(report: Mapping[str, Any]) -> str:
    best, count = report["best"], report["alerts"]["raised"]
    if not best:
        return _section("The best alerts", _paragraphs(["There are none."]))
    name = "The best alert" if len(best) == 1 else f"The best {len(best):,} of {plural(count, 'alert')}"
    note = '<p class="soft">Each bar is a reason, in nats, from the prior to the sum.</p>'
    return _section(name, note + "".join(map(_alert, best)))


def _alert(alert: Mapping[str, Any], more: str = "") -> str:
    matched = alert["matched"]
    about = [_direction(alert)]
    if matched.get("policy"):
        about.append(f"banned for {visible(matched['policy'])}")
    if alert["taken_back"]:
        about.append(_TAKEN_BACK.get(alert["taken_back"], f"taken back later: {alert['taken_back']}"))
    if alert.get("queue"):
        about.append(f"queue {visible(alert['queue'])}")
    title = (
        f"{escape(alert['band'])} {percent(alert['probability'])}: "
        f"{_bdi(_key(alert))} resembles banned {_bdi(_key(matched))}"
    )
    drawn = steps(
        alert["prior"],
        msgspec.convert(alert["evidence"], tuple[EvidenceLine, ...]),
        msgspec.convert(alert["counter_evidence"], tuple[EvidenceLine, ...]),
        alert["log_odds"],
    )
    return (
        f'<article class="{escape(alert["band"])}"><h3>{title}</h3>'
        f'<p class="soft">{escape("; ".join(about))}</p>{more}{waterfall(drawn)}{_what_else(alert)}</article>'
    )


def _what_else(alert: Mapping[str, Any]) -> str:
    told = rivals.telling(msgspec.convert(alert.get("rivals", ()), tuple[RivalShare, ...]))
    lines = (
        f"<li>{escape(rivals.who(it))} {percent(it.share)}: {escape(visible_sentence(it.sentence, 256))}</li>"
        for it in told
    )
    return f"<h4>{rivals.QUESTION}</h4><ul>{''.join(lines)}</ul>" if told else ""


_TAKEN_BACK: Final = {"account-banned": "banned later by you"}


def _direction(alert: Mapping[str, Any]) -> str:
    since = alert.get("seconds_since_ban")
    found = {"forward": "as it came", "lookback": "as the ban came", "update": "as it changed"}
    words = f"found {found[alert['direction']]}"
    return words if since is None else f"{words}, made {since_ban(since)}"


def waterfall(drawn: Sequence[Step]) -> str:
    """Every reason with its bar, sentence and weight, as a list that a screen reader reads in order."""
    scale = Scale.over(drawn, 100.0)
    return f'<ol class="steps">{"".join(_step(step, scale) for step in drawn)}</ol>'


def _step(step: Step, scale: Scale) -> str:
    left, width = scale.bar(step)
    values, because = quoted(step), visible_sentence(step.because, _SENTENCE_CHARS_MAX)
    quote = f" <q>{_bdi(values, 2_000)}</q>" if values else ""
    return (
        f'<li class="{step.kind}"><span class="signal">{escape(visible(step.signal))}</span>'
        f'<span class="track" aria-hidden="true"><span class="bar" '
        f'style="margin-left:{left:.1f}%;width:{width:.1f}%"></span></span>'
        f'<span class="nats">{_signed(step.weight)}</span>'
        f'<span class="why"><bdi>{escape(because)}</bdi>{quote}</span></li>'
    )


def _signed(nats: float | None) -> str:
    return "nothing" if nats is None else f"{nats:+.2f}".replace("-", "−")


def _key(side: Mapping[str, Any]) -> str:
    return f"{side['platform']}:{side['account_id']}"


def _bdi(text: str, width_max: int = 140) -> str:
    """Other people's words, which reorder nothing but themselves."""
    return f"<bdi>{escape(visible(text, width_max))}</bdi>"


def _named(sources: Sequence[str]) -> str:
    return ", ".join(_bdi(it, 250) for it in sources)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def _section(name: str, inside: str) -> str:
    return f"<section><h2>{escape(name)}</h2>{inside}</section>"


def _paragraphs(lines: Iterable[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are HTML already."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    lines = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
