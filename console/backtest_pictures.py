"""The pictures of a backtest, each as PNG and SVG. Colours are told apart without colour vision too: marks and words stand beside them."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from console.backtest_report import Report
from processors.backtest_sweep import Step

_STYLE: Any = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.fonttype": "none", "svg.hashsalt": "backtest"}
_WIDTH = 8.0


def pictures(found: Report, sweep: Mapping[str, Sequence[Step]] | None, setting: str, now: float) -> dict[str, Figure]:
    """Name to picture."""
    with mpl.rc_context(_STYLE):
        drawn = {"activations": _activations(found)}
        if any(r.scores is not None for r in found.rules):
            drawn["scores"] = _scores(found)
        for rule, steps in (sweep or {}).items():
            drawn[f"trade-off-{rule}"] = _trade_off(rule, steps, setting, now)
    return drawn


def write(drawn: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write each picture as PNG and SVG; answer the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with mpl.rc_context(_STYLE):
        for name, figure in drawn.items():
            for kind in ("png", "svg"):
                path = folder / f"{name}.{kind}"
                figure.savefig(path, dpi=150, metadata={"Date": None} if kind == "svg" else {"Software": None})
                files.append(path)
    return files


def svg(figure: Figure) -> str:
    """A picture as SVG to be put into a page."""
    written = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()[written.getvalue().index("<svg") :]


def _activations(found: Report) -> Figure:
    years = list(range(found.outcome.first.year, found.outcome.last.year + 1))
    figure = Figure(figsize=(_WIDTH, 1.3 * max(len(found.rules), 1) + 0.6), layout="constrained")
    axes = figure.subplots(max(len(found.rules), 1), 1, sharex=True, squeeze=False)[:, 0]
    for axis, rule in zip(axes, found.rules, strict=False):
        bars = axis.bar(years, [rule.by_year.get(year, 0) for year in years], color="#33608c")
        axis.bar_label(bars, labels=[str(n) if (n := rule.by_year.get(year, 0)) else "" for year in years], fontsize=7)
        axis.set_title(rule.rule, loc="left", fontsize=9)
        axis.set_ylabel("activations", fontsize=7)
        axis.set_ylim(0, max(*rule.by_year.values(), 1) * 1.3)
        axis.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        _, _, unknown = rule.months
        told = f"cannot tell in {unknown:,} of {sum(rule.months):,} area-months"
        axis.set_title(told, loc="right", fontsize=7, color="#444")
    figure.suptitle(f"{found.country}: activations by year in which they became known", fontsize=10)
    return figure


def _scores(found: Report) -> Figure:
    rules = [r for r in found.rules if r.scores is not None]
    names = ("POD", "FAR", "CSI")
    figure = Figure(figsize=(_WIDTH, 0.5 * len(rules) * len(names) + 1), layout="constrained")
    axis = figure.subplots()
    labels = []
    for n, rule in enumerate(rules):
        for m, name in enumerate(names):
            score = (rule.scores or {})[name]
            at = -(n * (len(names) + 1) + m)
            labels.append((at, f"{rule.rule} {name}"))
            axis.plot([score.low, score.high], [at, at], color="#33608c", linewidth=2)
            axis.plot([score.value], [at], marker="osD"[m], color="#b3401f")
    axis.set_yticks([at for at, _ in labels], [label for _, label in labels], fontsize=8)
    axis.set_xlim(-0.02, 1.02)
    axis.set_xlabel("ratio, with its 90 % interval")
    return figure


def _trade_off(rule: str, steps: Sequence[Step], setting: str, now: float) -> Figure:
    """POD against FAR where there are events, else how often the rule speaks; today's value is marked."""
    figure = Figure(figsize=(_WIDTH, 4.2), layout="constrained")
    axis = figure.subplots()
    today = min(steps, key=lambda s: abs(s.value - now))
    if any(s.scores is not None for s in steps):
        points = [((s.scores or {}).get("FAR", float("nan")), (s.scores or {}).get("POD", float("nan")), s) for s in steps]
        axis.set_xlabel("false alarm ratio (FAR)")
        axis.set_ylabel("probability of detection (POD)")
        axis.set_xlim(-0.02, 1.02)
        axis.set_ylim(-0.02, 1.05)
    else:
        points = [(s.value, float(s.activations), s) for s in steps]
        axis.set_xlabel(setting)
        axis.set_ylabel("activations")
    axis.plot([x for x, _, _ in points], [y for _, y, _ in points], color="#33608c", marker="o", markersize=4)
    for x, y, step in points:
        axis.annotate(f"{step.value:g}", (x, y), textcoords="offset points", xytext=(4, 4), fontsize=7)
        if step is today:
            axis.plot([x], [y], marker="D", markersize=9, color="#b3401f", label=f"nearest to today's value, {now:g}", linestyle="none")
    axis.legend(loc="best", fontsize=8)
    axis.set_title(f"{rule}: what {setting} trades", loc="left", fontsize=10)
    return figure
