"""The trade-off of a level as a drawing: POD against the false-alarm ratio, or how often the rule speaks if nobody says what happened."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.interface.speaking import _
from console.planner_worker import Point

WIDTH, HEIGHT = 340, 260
_ROOM, _LINE = 70, 13
"""Units that a label takes, along and down."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 16, 16, 42


@dataclass(frozen=True)
class Dot:
    """A value on the drawing, or several that lie on one place.

    Attributes:
        label: their numbers, written at (`label_x`, `label_y`), before or behind it.
        kind: `today`, `shown`, `both` or empty.
    """

    x: float
    y: float
    label: str
    kind: str
    label_x: float = 0.0
    label_y: float = 0.0
    before: bool = False


@dataclass(frozen=True)
class Drawing:
    """The curve; places are units of the drawing.

    Attributes:
        line: the points in order of value, as SVG writes them. across, up: tick marks with their words.
        title, says: for who does not see it.
    """

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    line: str
    dots: tuple[Dot, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    across_title: str
    up_title: str
    title: str
    says: str


def drawing(points: Sequence[Point], today: float, shown: float, text: str) -> Drawing:
    """The curve of some values, today's and the shown one marked.

    Args:
        text: the level as it stands in the file.
    """
    scored = any(p.pod is not None for p in points)
    if scored:
        placed = [(p.far, p.pod, p) for p in points if p.far is not None and p.pod is not None]
        low, high, most, titles = 0.0, 1.0, 1.0, (_("false-alarm ratio (FAR)"), _("probability of detection (POD)"))
    else:
        placed = [(p.value, float(p.warnings), p) for p in points]
        values = [p.value for p in points] or [today]
        low, high, most = min(values), max(values), max([p.warnings for p in points] or [1]) or 1
        titles = (_("value of the level"), _("warnings"))
    wide, tall = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    high = high if high > low else low + 1

    def place(x: float, y: float) -> tuple[float, float]:
        return round(_LEFT + wide * (x - low) / (high - low), 1), round(_TOP + tall * (1 - y / most), 1)

    dots = [Dot(*place(x, y), f"{p.value:.4g}", _kind(p.value, today, shown)) for x, y, p in placed]
    steps = [n / 4 for n in range(5)]
    return Drawing(
        width=WIDTH, height=HEIGHT, left=_LEFT, right=WIDTH - _RIGHT, top=_TOP, bottom=HEIGHT - _BOTTOM,
        line=" ".join(f"{dot.x},{dot.y}" for dot in dots),
        dots=_labelled(dots),
        across=tuple((place(low + (high - low) * n, 0)[0], f"{low + (high - low) * n:.3g}") for n in steps),
        up=tuple((place(low, most * n)[1], f"{most * n:.3g}") for n in steps),
        across_title=titles[0], up_title=titles[1],
        title=_("Trade-off of {level}", level=text),
        says=_(
            "{up} against {across} for {number, number} values; the table below says the same.",
            up=titles[1], across=titles[0], number=len(placed),
        ),
    )  # fmt: skip


def _labelled(dots: Sequence[Dot]) -> tuple[Dot, ...]:
    """Dots on one place as one, each label where no other is; those that are marked are drawn last."""
    together: dict[tuple[float, float], list[Dot]] = {}
    for dot in dots:
        together.setdefault((dot.x, dot.y), []).append(dot)
    found: list[Dot] = []
    for (x, y), some in sorted(together.items()):
        kinds = {dot.kind for dot in some if dot.kind}
        label = ", ".join(dot.label for dot in some)
        before = x > WIDTH - _RIGHT - _ROOM
        at_x, at_y = x + (-12 if before else 12), y + 4 if y > _TOP + 8 else y + 14
        while any(abs(at_x - other.label_x) < _ROOM and abs(at_y - other.label_y) < _LINE for other in found):
            at_y += _LINE
        kind = "both" if len(kinds) > 1 else next(iter(kinds), "")
        found.append(Dot(x, y, label, kind, at_x, at_y, before))
    return tuple(sorted(found, key=lambda dot: dot.kind))


def _kind(value: float, today: float, shown: float) -> str:
    return "both" if value == today == shown else "today" if value == today else "shown" if value == shown else ""
