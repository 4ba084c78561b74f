"""How each kind of threshold is written: what a level looks like, which settings it needs. What a kind means is in `processors/kinds`.

A kind is added here with one entry, and there with one file.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NUMBER = r"(?P<number>[+-]?\d+(?:\.\d+)?)"
_QUANTITY = rf"{_NUMBER}\s*(?P<unit>\S.*?)?"


@dataclass(frozen=True)
class LevelForm:
    """What a level of a kind looks like.

    Attributes:
        pattern: of the whole text. A group `number` puts levels in order; a group `unit` makes it a quantity of the indicator; a
            group `share` is a number of a hundred instead.
        example: one that reads; `{unit}` stands for the indicator's.
        difference: the quantity is how far two values lie apart.
    """

    pattern: re.Pattern[str]
    example: str
    difference: bool = False


@dataclass(frozen=True)
class KindForm:
    """How a kind is written.

    Attributes:
        levels: what a level looks like; none if it is a word of the source that nobody can check. With methods, by method.
        methods: the methods of `baseline.method`, the first being meant if none is named; each with its levels, if they differ.
        baseline: it is held against a baseline. needs, may: the keys of `baseline` that must, or may, be given.
        count: what `baseline.needs` counts: years or months.
        keys: the threshold's own keys that only this kind has, and must have.
        overridden: a planner may set another value for one place.
        sizes: levels are sizes, so that a higher colour takes more in either direction.
        ordered: a higher colour takes more of one number, so that the order of levels can be checked.
        direction: the only one that it can be met in, if it is not both.
        least_window: the fewest periods that `baseline.window` may name.
        floored, floored_methods: zero of zero usual cases would be a breach, so a threshold on cases needs a `floor`.
    """

    levels: LevelForm | None
    methods: Mapping[str, LevelForm] = field(default_factory=dict)
    baseline: bool = False
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    count: str = "years"
    keys: tuple[str, ...] = ()
    direction: str | None = None
    overridden: bool = True
    sizes: bool = False
    ordered: bool = True
    least_window: int = 0
    floored: bool = False
    floored_methods: tuple[str, ...] = ()


def _form(pattern: str, example: str, *, difference: bool = False) -> LevelForm:
    return LevelForm(re.compile(rf"^\s*{pattern}\s*$"), example, difference)


_CHANNEL = _form(rf"mean\s*\+\s*{_NUMBER}\s*sd", "mean + 2 sd")
_DEVIATIONS = _form(rf"(?:mean\s*\+\s*)?{_NUMBER}\s*sd", "1 sd")
_THIRD_QUARTILE = _form("third quartile", "third quartile")
_UPPER = _form(rf"upper\s+{_NUMBER}\s*%", "upper 95 %")
_PERCENTILE = _form(rf"{_NUMBER}(?:st|nd|rd|th)\s+percentile", "95th percentile")
_RETURN = _form(rf"1\s+in\s+{_NUMBER}\s+years", "1 in 5 years")
_CHANGE = _form(rf"(?:(?P<share>\d+(?:\.\d+)?)\s*%\s+(?:more|less)|{_QUANTITY})", "0.5 {unit}", difference=True)
_EXCEEDANCE = _form(r"(?P<share>\d+(?:\.\d+)?)\s*%\s+(?P<side>over|under)\s+(?P<bound>.+)", "70 % over 7 {unit}")

KIND_FORMS: Mapping[str, KindForm] = {
    "fixed": KindForm(_form(_QUANTITY, "7 {unit}")),
    "one_case": KindForm(_form("one case", "one case"), direction="above", ordered=False),
    "station_levels": KindForm(None),
    "rate_of_change": KindForm(_CHANGE, keys=("span",), overridden=False, sizes=True),
    "exceedance": KindForm(_EXCEEDANCE, keys=("forecast",), overridden=False, direction="above", ordered=False),
    "impact_matrix": KindForm(_form("matrix", "matrix"), keys=("forecast", "matrix"), overridden=False, direction="above", ordered=False),
    "endemic_channel": KindForm(
        _CHANNEL,
        {"mean_sd": _CHANNEL, "third_quartile": _THIRD_QUARTILE, "cullen": _CHANNEL, "c_sum": _CHANNEL, "poisson": _UPPER},
        baseline=True,
        needs=("years",),
        may=("weeks", "needs", "sd", "method", "period", "epidemic_years"),
        floored_methods=("third_quartile",),
    ),
    "ears": KindForm(
        _DEVIATIONS,
        {"C1": _DEVIATIONS, "C2": _DEVIATIONS, "C3": _DEVIATIONS},
        baseline=True,
        needs=("method", "period"),
        may=("window", "least_sd"),
        least_window=3,
        floored=True,
    ),
    "percentile": KindForm(_PERCENTILE, baseline=True, needs=("years", "period", "needs"), may=("window",), floored=True),
    "return_level": KindForm(
        _RETURN,
        {"empirical": _RETURN, "gumbel": _RETURN, "gev": _RETURN},
        baseline=True,
        needs=("years", "method", "needs"),
        direction="above",
    ),
    "alps": KindForm(_DEVIATIONS, baseline=True, needs=("months", "needs"), may=("sd", "energy"), count="months"),
}


def level_form(kind: str, method: str | None) -> LevelForm | None:
    """What a level of a kind looks like; none if nobody can check it."""
    form = KIND_FORMS[kind]
    return form.methods.get(method, form.levels) if method is not None else form.levels


def known_kind(kind: str) -> str:
    """The kind itself.

    Raises:
        ValueError: there is none of this name; says the nearest.
    """
    if kind in KIND_FORMS:
        return kind
    near = difflib.get_close_matches(kind, KIND_FORMS, 1)
    remedy = f"nearest is `{near[0]}`" if near else f"known are {', '.join(KIND_FORMS)}"
    raise ValueError(f"no kind of threshold is called `{kind}`; {remedy}")
