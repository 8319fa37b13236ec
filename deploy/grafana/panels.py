"""How our panels look and ask: one data source variable, one way to draw a line and a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboards
from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
)

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "samehand"
RUNBOOKS = "/public/runbooks"
"""Where a browser finds docs/runbooks unless the variable says otherwise: compose lays them there."""
COLUMNS = 24  # of Grafana's grid
STAT_HEIGHT, LINES_HEIGHT = 5, 8

Unit = Literal["short", "s", "bytes", "percentunit", "reqps", "none"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A PromQL expression and the name of what it gives."""

    expr: str
    legend: str = ""
    exemplar: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One question an operator has. `thresholds` are (value, colour) from where on; the first is the base.

    `runbooks`: the alerts that ask the same, whose pages say what to do.
    """

    title: str
    meaning: str
    asks: tuple[Ask, ...]
    unit: Unit = "short"
    kind: Literal["stat", "lines", "stack"] = "lines"
    span: int = 8
    thresholds: tuple[tuple[float, str], ...] = ()
    decimals: int | None = None
    runbooks: tuple[str, ...] = ()


def panel(wanted: Panel) -> stat.Panel | timeseries.Panel:
    """A panel as Grafana takes it."""
    drawn = _figure(wanted) if wanted.kind == "stat" else _lines(wanted)
    drawn = drawn.title(wanted.title).description(wanted.meaning).datasource(SOURCE)
    drawn = drawn.unit(wanted.unit).span(wanted.span)
    if wanted.decimals is not None:
        drawn = drawn.decimals(wanted.decimals)
    if wanted.runbooks:
        drawn = drawn.links([_runbook(alert) for alert in wanted.runbooks])
    for number, ask in enumerate(wanted.asks):
        drawn = drawn.with_target(_query(ask, "ABCDEFGH"[number], instant=wanted.kind == "stat"))
    return drawn


def _runbook(alert: str) -> dashboards.DashboardLink:
    return (
        dashboards.DashboardLink(f"What to do: {alert}")
        .type(DashboardLinkType.LINK)
        .url(f"${{runbooks}}/{alert}.md")
        .target_blank(True)
    )


def _siblings() -> dashboards.DashboardLink:
    """The other dashboards, at the same time and of the same source."""
    return (
        dashboards.DashboardLink("samehand")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .keep_time(True)
        .include_vars(True)
    )


def _figure(wanted: Panel) -> stat.Panel:
    return (
        stat.Panel()
        .height(STAT_HEIGHT)
        .color_mode(common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.NONE)
        .no_value("–")
        .thresholds(_thresholds(wanted))
    )


def _lines(wanted: Panel) -> timeseries.Panel:
    drawn = (
        timeseries.Panel()
        .height(LINES_HEIGHT)
        .line_width(1)
        .fill_opacity(30 if wanted.kind == "stack" else 8)
        .min(0)
        .show_points(common.VisibilityMode.NEVER)
        .tooltip(common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
        .thresholds(_thresholds(wanted))
    )
    if wanted.thresholds:
        drawn = drawn.thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        )
    if wanted.kind == "stack":
        drawn = drawn.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
    return drawn


def _thresholds(wanted: Panel) -> dashboards.ThresholdsConfig:
    steps = wanted.thresholds or ((0.0, "text"),)
    first, *rest = steps
    return (
        dashboards.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps(
            [
                Threshold(value=None, color=first[1]),
                *(Threshold(value=at, color=colour) for at, colour in rest),
            ]
        )
    )


def _query(ask: Ask, ref: str, *, instant: bool) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(ask.expr).ref_id(ref).legend_format(ask.legend or "__auto")
    query = query.instant() if instant else query.range()
    return query.exemplar(True) if ask.exemplar else query


def dashboard(
    uid: str, title: str, meaning: str, rows: tuple[tuple[str, tuple[Panel, ...]], ...]
) -> dashboards.Dashboard:
    """A dashboard of rows of panels."""
    made = (
        dashboards.Dashboard(title)
        .uid(uid)
        .description(meaning)
        .tags([TAG])
        .link(_siblings())
        .timezone("utc")
        .refresh("10s")
        .time("now-1h", "now")
        .readonly()
        .with_variable(dashboards.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(dashboards.TextBoxVariable("runbooks").label("Runbooks at").default_value(RUNBOOKS))
    )
    for name, panels in rows:
        made = made.with_row(dashboards.Row(name))
        for wanted in panels:
            made = made.with_panel(panel(wanted))
    return made
