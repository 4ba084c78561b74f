"""The picture of a run, drawn as SVG: readings a second, latencies, cost against scale."""

import math
from collections.abc import Sequence
from html import escape

WIDTH, MARGIN, ROW = 900, 20, 24
_NAMES, _END = 340, 120
_PANEL = 220
_COLOURS = ("#1f6f8b", "#c8553d", "#588157", "#8e6c8a", "#b08900", "#555555", "#2a9d8f", "#9d4edd")
_GREY = "#888888"
Points = Sequence[tuple[float, float]]


class Picture:
    """Panels one under the other."""

    def __init__(self, title: str) -> None:
        self._parts: list[str] = []
        self._y = MARGIN + 16
        self._text(MARGIN, self._y, title, size=16)
        self._y += 16

    def bars(self, title: str, rows: Sequence[tuple[str, float, str]]) -> None:
        """One bar a row (name, value, shown), on a logarithmic axis, longest first."""
        self._head(title)
        if not rows:
            return
        low, high = (math.log10(f(value for _, value, _ in rows)) for f in (min, max))
        low -= 0.5
        for number, (name, value, shown) in enumerate(sorted(rows, key=lambda row: -row[1])):
            length = (WIDTH - _NAMES - _END) * (math.log10(value) - low) / max(high - low, 1e-9)
            self._text(_NAMES - 8, self._y + 15, name, anchor="end")
            self._rectangle(_NAMES, self._y + 3, length, ROW - 8, _COLOURS[number % len(_COLOURS)])
            self._text(_NAMES + length + 6, self._y + 15, shown)
            self._y += ROW
        self._y += MARGIN

    def lines(self, title: str, across: str, up: str, curves: Sequence[tuple[str, Points]], *, logarithmic: bool = True) -> None:
        """Curves over an axis (logarithmic, unless said otherwise) from the least to the greatest value."""
        self._head(f"{title} ({up} against {across})")
        known = [(name, points) for name, points in curves if points]
        if not known:
            return
        scale = math.log10 if logarithmic else float
        xs = [scale(x) for _, points in known for x, _ in points]
        top = max(y for _, points in known for _, y in points) or 1.0
        left, right = MARGIN + 40, WIDTH - _NAMES
        for number, (name, points) in enumerate(known):
            colour = _COLOURS[number % len(_COLOURS)]
            place = [
                (
                    left + (right - left) * (scale(x) - min(xs)) / max(max(xs) - min(xs), 1e-9),
                    self._y + (_PANEL - 30) * (1 - y / top),
                )
                for x, y in points
            ]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
            self._parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            self._parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in place if len(place) < 12]
            self._text(right + 16, self._y + 14 + number * 18, name, colour=colour)
        low, high = (f"{10**x if logarithmic else x:,.4g}" for x in (min(xs), max(xs)))
        self._rectangle(left, self._y + _PANEL - 30, right - left, 1, _GREY)
        self._text(left, self._y + _PANEL - 14, low)
        self._text(right, self._y + _PANEL - 14, high, anchor="end")
        self._text(left - 6, self._y + 10, f"{top:,.3g}", anchor="end")
        self._y += _PANEL + MARGIN

    def svg(self) -> str:
        """The whole."""
        height = self._y + MARGIN
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
        back = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
        return "\n".join([head, back, *self._parts, "</svg>", ""])

    def _head(self, title: str) -> None:
        self._y += MARGIN
        self._text(MARGIN, self._y, title, size=14)
        self._y += 12

    def _text(self, x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, colour: str = "#222222") -> None:
        at = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"'
        self._parts.append(f'<text {at} font-family="sans-serif">{escape(text)}</text>')

    def _rectangle(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        self._parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height}" fill="{colour}"/>')
