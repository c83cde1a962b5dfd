"""Charts as SVG, drawn by pygal without any script. Counts begin at zero, intervals are drawn, n is printed.

An SVG that is shown as an image cannot see the page's colours, so each takes the theme as an argument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from valhalla.program.wording import money

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_INKS = {
    "light": ("#ffffff", "#1b2430", "#5a6675", "#d9dee5"),
    "dark": ("#161b22", "#e6edf3", "#9aa7b4", "#2d3642"),
}
_SERIES = {
    "light": ("#0b5cad", "#17693a", "#8a5300", "#a3261d", "#5a6675"),
    "dark": ("#6cb2ff", "#5fce8b", "#e5b567", "#ff8f85", "#9aa7b4"),
}
_PALE = {"light": "#a9cdee", "dark": "#2b5a8a"}
"""Bars on which an interval is drawn."""

THEMES = tuple(_INKS)
ROW = 34
"""Height of one bar with its label."""


class Rate(NamedTuple):
    """A counted share with its interval; fractions of one."""

    name: str
    successes: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself."""
        return self.successes / self.of if self.of else 0.0


class Bin(NamedTuple):
    """One group of a reliability table; fractions of one."""

    predicted: float
    happened: float
    size: int
    """Predictions in it."""
    low: float
    high: float


def funnel(steps: Sequence[tuple[str, int]], theme: str = "light") -> str:
    """How many got how far: one bar each, from the first step down."""
    most = max((count for _, count in steps), default=0)
    labels = [f"{name}  {count:,}" for name, count in steps]
    return _bars(labels, [count for _, count in steps], theme, most, "How many leads got how far")


def histogram(counts: Sequence[int], bands: Mapping[str, int], theme: str = "light") -> str:
    """How many leads have which score. ``counts`` are those of 0-9, 10-19, ..., 90-100; ``bands`` the scores at which A, B, C begin."""
    colours = [_band_colour(step * 10, bands, theme) for step in range(len(counts))]
    chart = _chart("Bar", theme, 320, title="Scores of open leads")
    chart.x_labels = [f"{step * 10}" for step in range(len(counts))]
    chart.add("leads", [{"value": n, "color": c} for n, c in zip(counts, colours, strict=True)])
    chart.x_title = "score from"
    chart.y_title = f"leads (n = {sum(counts):,})"
    chart.show_legend = False
    return _svg(chart)


def answered(rates: Sequence[Rate], theme: str = "light") -> str:
    """By hour, the share of dials that were answered, with 95 % intervals; how many dials that was stands in the table."""
    named = [rate.name for rate in rates]
    return conversion(rates, theme, "answered", "Share of dials that were answered, 95% interval", named)


def conversion(
    rates: Sequence[Rate],
    theme: str = "light",
    what: str = "success",
    title: str | None = None,
    labels: Sequence[str] | None = None,
) -> str:
    """Rates side by side with their 95 % intervals."""
    chart = _chart("Bar", theme, 320, title=title or f"Share of leads with {what}, 95% interval")
    chart.x_labels = labels or [f"{rate.name} ({rate.successes:,} of {rate.of:,})" for rate in rates]
    chart.add(
        what,
        [
            {
                "value": 100 * rate.value,
                "ci": {"low": 100 * rate.low, "high": 100 * rate.high},
                "color": _PALE[theme],
            }
            for rate in rates
        ],
    )
    chart.y_title = "%"
    chart.show_legend = False
    chart.range = (0, max([1.0, *(100 * rate.high for rate in rates)]))
    return _svg(chart)


def calibration(bins: Sequence[Bin], theme: str = "light") -> str:
    """What was predicted against what happened; on the diagonal the predictions were right."""
    most = max([0.01, *(max(each.predicted, each.high) for each in bins)]) * 100
    chart = _chart(
        "XY", theme, 360, title=f"Predicted and real closes (n = {sum(each.size for each in bins):,})"
    )
    chart.add("right", [(0, 0), (most, most)], show_dots=False, stroke_style={"dasharray": "4,4", "width": 1})
    for each in bins:
        at = 100 * each.predicted
        chart.add(
            None, [(at, 100 * each.low), (at, 100 * each.high)], show_dots=False, stroke_style={"width": 2}
        )
    points = [{"value": (100 * b.predicted, 100 * b.happened), "label": f"{b.size:,} leads"} for b in bins]
    chart.add("happened", points, stroke=False, dots_size=5)
    chart.x_title, chart.y_title = "predicted, %", "closed, %"
    chart.show_legend = False
    chart.range = chart.xrange = (0, most)
    chart.config.style.colors = (
        _INKS[theme][2],
        *[_SERIES[theme][0]] * (len(bins) + 1),
    )
    return _svg(chart)


def deal(numbers: Mapping[str, Any], theme: str = "light") -> str | None:
    """Asking price, most to offer, buyer's price and ARV as bars; None when there is nothing to compare."""
    names = {
        "asking_cents": "asking",
        "mao_cents": "most to offer",
        "buyer_price_cents": "buyer's price",
        "arv_cents": "ARV",
    }
    known = [
        (name, numbers[key])
        for key, name in names.items()
        if numbers.get(key) is not None and numbers[key] > 0
    ]
    if len(known) < 2:
        return None
    labels = [f"{name}  {money(cents)}" for name, cents in known]
    return _bars(
        labels,
        [cents / 100 for _, cents in known],
        theme,
        max(cents for _, cents in known) / 100,
        "The deal in bars",
        440,
    )


def _bars(
    labels: Sequence[str], values: Sequence[float], theme: str, most: float, title: str, width: int = 520
) -> str:
    """Horizontal bars, each with its label and number in front, drawn from the top down."""
    chart = _chart("HorizontalBar", theme, 24 + ROW * len(labels), title=None, width=width)
    chart.x_labels = list(reversed(labels))
    chart.add(title, [{"value": value, "color": _SERIES[theme][0]} for value in reversed(values)])
    chart.show_legend = False
    chart.show_minor_y_labels = True
    chart.show_x_labels = False  # the numbers stand in the labels
    chart.range = (0, most or 1)
    chart.show_x_guides = chart.show_y_guides = False
    return _svg(chart)


def _chart(kind: str, theme: str, height: int, title: str | None, width: int = 520) -> Any:
    import pygal  # forty modules, and most starts of the program end without a chart
    from pygal.style import Style

    ground, ink, soft, line = _INKS[theme]
    style = Style(
        background=ground,
        plot_background=ground,
        foreground=soft,
        foreground_strong=ink,
        foreground_subtle=line,
        opacity="1",
        opacity_hover="1",
        colors=_SERIES[theme],
        font_family=FONT,
        label_font_size=13,
        major_label_font_size=13,
        title_font_size=15,
        value_font_size=13,
        value_label_font_size=13,
        tooltip_font_size=13,
        ci_colors=(ink,),
        guide_stroke_color=line,
        major_guide_stroke_color=line,
        guide_stroke_dasharray="none",
        major_guide_stroke_dasharray="none",
    )
    # js=[]: pygal would otherwise link a script of its project; without it nothing is loaded from anywhere.
    return getattr(pygal, kind)(
        style=style,
        js=[],
        width=width,
        height=height,
        title=title,
        explicit_size=False,
        disable_xml_declaration=True,
        pretty_print=False,
        no_prefix=False,
        margin=12,
        spacing=8,
        print_values=False,
        show_minor_y_labels=False,
        y_labels_major_count=5,
        truncate_label=-1,
        value_formatter=_number,
        x_value_formatter=_number,
    )


def _number(value: Any) -> str:
    if isinstance(value, float) and value != int(value):
        return f"{value:,.1f}"
    return f"{int(value):,}" if value is not None else ""


def _band_colour(score: int, bands: Mapping[str, int], theme: str) -> str:
    blue, green, amber, _, grey = _SERIES[theme]
    for name, colour in (("A", green), ("B", blue), ("C", amber)):
        if name in bands and score >= bands[name]:
            return colour
    return grey


def _without_script(root: Any) -> Any:
    """pygal writes its settings into a script element even when no script is linked; an image needs none."""
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).rpartition("}")[2] == "script":
                parent.remove(child)
    return root


def _svg(chart: Any) -> str:
    chart.add_xml_filter(_without_script)
    return str(chart.render(is_unicode=True))
