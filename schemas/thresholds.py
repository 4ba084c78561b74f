"""Thresholds as people write them: which kind, at which levels, from what history, and where somebody set another value."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from schemas.decided import Decided, Document
from schemas.indicators import CATALOGUE
from schemas.inputs import Quality
from schemas.levels import Level
from schemas.moments import Span, parse_span
from schemas.threshold_kinds import KIND_FORMS, known_kind, level_form
from schemas.units import converted

_READINGS = re.compile(r"^\s*(\d+)\s+readings?\s*$")
_QUANTITY = re.compile(r"^\s*([+-]?\d+(?:\.\d+)?)\s*(\S.*?)?\s*$")
_PERCENT = re.compile(r"^\s*\d{1,3}(?:\.\d+)?\s*%\s*$")
LEAST_ENERGY = 5
_SINCE_FIRST = ("endemic_channel", "alps")
"""Kinds of the first release: logs hold configurations with them that are read as they are, and only checked in files; with a method
they are newer.
"""


class BaselineSettings(Decided):
    """How a baseline is computed and when it is admitted. The meaning of each key is the kind's (`processors/kinds`).

    Attributes:
        needs: how much history there must be, such as `4 years` or `36 months`; with less it is unknown.
        method: the kind's variant. weeks: the season, `own` or `own and both neighbours`, in whatever periods it is cut.
        period: how the history is cut, if the kind leaves it open. window: how many periods count.
        epidemic_years: years that are left out because they were epidemics.
        least_sd: the standard deviation is never taken for less, so that a few cases after none are not endlessly unusual.
        energy: the food's share of the energy that people eat, such as `38 %`.
    """

    years: int | None = Field(default=None, ge=1)
    weeks: str | None = None
    months: int | None = Field(default=None, ge=12)
    needs: str | None = None
    sd: Literal["sample", "population"] = "sample"
    method: str | None = None
    period: Literal["day", "week", "month"] | None = None
    window: int | None = Field(default=None, ge=0, le=60)
    epidemic_years: tuple[int, ...] | None = None
    least_sd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    energy: str | None = None


class Override(Decided):
    """Another value for one place, with who set it, why and when. It holds against whatever the kind would say there.

    Attributes:
        place: a station's or an area's code. levels: colour to a quantity of the indicator, as it is measured at that place; a colour
            that is not named keeps what the kind says.
    """

    place: str
    levels: dict[str, str] = Field(min_length=1)
    by: str = Field(min_length=1)
    why: str = Field(min_length=1)
    date: date

    @property
    def told(self) -> str:
        """Who, when and why, for people."""
        return f"set by {self.by} on {self.date.isoformat()}: {self.why}"


class Forecast(Decided):
    """Which part of an ensemble's forecast is looked at.

    Attributes:
        lead: from which to which lead, such as `3 d..7 d`, both counted in.
        members: how many the ensemble has. needs: how many must be there; with fewer nobody can tell. All, if it is not said.
        steps: how many steps of the forecast in a row must reach a quantity.
    """

    lead: str
    members: int = Field(ge=1, le=1000)
    needs: int | None = Field(default=None, ge=1)
    steps: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _meant(self) -> "Forecast":
        first, last = self.leads
        if last < first:
            raise ValueError(f"`lead: {self.lead}` ends before it begins")
        if self.least > self.members:
            raise ValueError(f"{self.least} members are needed of {self.members}")
        return self

    @property
    def leads(self) -> tuple[timedelta, timedelta]:
        """The shortest and the longest lead."""
        first, dots, last = self.lead.partition("..")
        if not dots:
            raise ValueError(f"`lead: {self.lead}` is not from which to which; write it like `3 d..7 d`")
        return parse_span(first), parse_span(last)

    @property
    def least(self) -> int:
        """How many members must be there."""
        return self.needs if self.needs is not None else self.members


class Matrix(Decided):
    """Impact against likelihood: which colour each pair has; a pair without one is green.

    Attributes:
        impacts: name to the quantity from which on it is expected, such as `medium: 6 m`.
        likelihoods: name to the share of members from which on it is so likely, such as `likely: 60 %`.
        cells: impact, then likelihood, to the colour.
    """

    impacts: dict[str, str] = Field(min_length=1)
    likelihoods: dict[str, str] = Field(min_length=1)
    cells: dict[str, dict[str, str]] = Field(min_length=1)


class RollUp(Decided):
    """How levels of stations or smaller areas become the level of a larger one."""

    to: Literal["adm1", "adm2"]
    by: Literal["worst"] = "worst"
    needs: Literal["half", "all", "one"] = "half"


def _persistence(value: Any) -> Any:
    """`2 readings` as 2; a span as a span."""
    if isinstance(value, int):
        return value
    match = _READINGS.match(str(value))
    return int(match[1]) if match else parse_span(value)


class Threshold(Decided):
    """Turns a series into a level over valid time.

    Attributes:
        kind: how a level is written and what a reading is held against (`schemas.threshold_kinds`, `processors/kinds`).
        levels: colour to what it takes: a quantity (`7.0 m`) for `fixed`, the source's own word for `station_levels`,
            `mean + 2 sd` for `endemic_channel`, `1 sd` for `alps`, and so on.
        leave_below: hysteresis, a quantity in the indicator's unit; a level is left only when the value is this far under it.
        for_: readings in a row, or a span, that must be at the level; the breach begins at the reading that completes it.
        stale_after: age, from the end of the period plus the feed's delay, after which the level is unknown.
        hold_for: how long a silent breach still counts as true. settle: how long a step waits for late readings.
        horizon: how far back a reading may alter the series. bridge: an unknown stretch this short between two lower readings is lower.
        floor: under it never a breach. quiet: the least time an all-clear waits.
        span: over how long a change is looked at, for `rate_of_change`.
        forecast: which part of an ensemble is looked at, for `exceedance` and `impact_matrix`. matrix: the latter's.
        overrides: other values for single places, with who and why.
        feed: only stations of this feed, so that a rule can ask two sources of one indicator each for themselves.
        least_trust: readings of a quality that is trusted less (`schemas.inputs.TRUST`) are no readings of it; without it all are.
        datum: what the levels are measured from, such as `mMSL`. A station that says another one, or none, is never compared with them.
    """

    name: str
    indicator: str
    at: Literal["station", "adm2", "adm3"]
    kind: Annotated[str, AfterValidator(known_kind), Field(json_schema_extra={"enum": list(KIND_FORMS)})]
    levels: dict[str, str] = Field(min_length=1)
    direction: Literal["above", "below"] = "above"
    feed: str | None = None
    leave_below: str | None = None
    for_: int | Span = Field(default=1, alias="for")
    stale_after: Span
    hold_for: Span = parse_span("72 h")
    settle: Span = parse_span("0 h")
    horizon: Span = parse_span("7 d")
    bridge: Span | None = None
    floor: str | None = None
    quiet: Span = parse_span("0 h")
    datum: str | None = None
    least_trust: Quality | None = None
    span: Span | None = None
    forecast: Forecast | None = None
    matrix: Matrix | None = None
    baseline: BaselineSettings | None = None
    overrides: tuple[Override, ...] | None = None
    roll_up: RollUp | None = None
    document: Document

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, dict) and "for" in value:
            value = {**value, "for": _persistence(value["for"])}
        return value

    @model_validator(mode="after")
    def _known(self) -> "Threshold":
        if self.indicator not in CATALOGUE:
            raise ValueError(f"no indicator `{self.indicator}` in the catalogue")
        for word in self.levels:
            Level.named(word)
        if self.feed is not None and self.at != "station":
            raise ValueError(f"only stations are of a feed; a threshold at {self.at} has no `feed`")
        wrong_override = _override_wrong(self)
        if wrong_override:
            raise ValueError(wrong_override)
        wrong = kind_wrong(self) if self.kind not in _SINCE_FIRST or self.method is not None else ""
        if wrong:
            raise ValueError(wrong)
        return self

    @property
    def method(self) -> str | None:
        """The variant of its kind, if its baseline names one."""
        return self.baseline.method if self.baseline is not None else None


def _override_wrong(threshold: Threshold) -> str:
    overrides = threshold.overrides or ()
    if overrides and not KIND_FORMS[threshold.kind].overridden:
        return f"a threshold of kind {threshold.kind} cannot be overridden at one place"
    places = [override.place for override in overrides]
    for override in overrides:
        if places.count(override.place) > 1:
            return f"`overrides` name `{override.place}` more than once"
        for word, text in override.levels.items():
            if word not in threshold.levels:
                known = ", ".join(threshold.levels)
                return f"the override at `{override.place}` sets {word}, which the threshold has not; its levels are {known}"
            try:
                quantity_number(text, CATALOGUE[threshold.indicator].unit)
            except ValueError as error:
                return f"the override at `{override.place}`, {word}: {error}"
    return ""


def kind_wrong(threshold: Threshold) -> str:
    """What the settings of a threshold's kind lack, or have too much of; empty if they are right."""
    form, kind = KIND_FORMS[threshold.kind], threshold.kind
    given = {key for key, value in threshold if value is not None}
    extra = sorted(({key for other in KIND_FORMS.values() for key in other.keys} & given) - set(form.keys))
    missing = [key for key in form.keys if key not in given]
    if extra:
        return f"a threshold of kind {kind} has no `{extra[0]}`"
    if missing:
        return f"a threshold of kind {kind} needs `{missing[0]}`"
    if form.direction is not None and threshold.direction != form.direction:
        return f"a threshold of kind {kind} cannot have `direction: {threshold.direction}`"
    if threshold.forecast is not None:
        return _forecast_wrong(threshold)
    if kind == "rate_of_change":
        return _change_wrong(threshold)
    if kind == "one_case" and len(threshold.levels) > 1:
        return "one case is enough for one level; write one level"
    if (
        (form.floored or threshold.method in form.floored_methods)
        and CATALOGUE[threshold.indicator].unit == "cases"
        and threshold.direction == "above"
        and threshold.floor is None
    ):
        return f"a threshold of kind {kind} on cases needs a `floor`, such as `1 case`: none where none is usual would be a breach"
    return _baseline_wrong(threshold) if form.baseline else "" if threshold.baseline is None else f"kind {kind} has no baseline"


def _change_wrong(threshold: Threshold) -> str:
    texts = list(threshold.levels.values())
    shares = [text for text in texts if "%" in text]
    if shares and len(shares) < len(texts):
        return "levels of a change are all quantities or all shares, such as `50 % more`; mixed, nobody can tell which takes more"
    word, other = ("more", "less") if threshold.direction == "above" else ("less", "more")
    if any(text.strip().endswith(other) for text in texts):
        return f"with `direction: {threshold.direction}` a change is written `50 % {word}`"
    for text in texts:
        try:
            if level_number(threshold, text) <= 0:
                return f"a change of `{text}` is none; write how much it takes, and `direction: below` for a fall"
        except ValueError:
            continue  # that it does not read is found level by level
    return ""


def _forecast_wrong(threshold: Threshold) -> str:
    for key in ("leave_below", "floor", "datum", "baseline"):
        if getattr(threshold, key) is not None:
            return f"a threshold of kind {threshold.kind} has no `{key}`"
    return _matrix_wrong(threshold, threshold.matrix) if threshold.matrix is not None else ""


def _matrix_wrong(threshold: Threshold, matrix: Matrix) -> str:
    """What of a matrix means nothing, or would call for less where impact or likelihood is greater."""
    try:
        impacts = sorted(matrix.impacts, key=lambda name: quantity_number(matrix.impacts[name], CATALOGUE[threshold.indicator].unit))
        likelihoods = sorted(matrix.likelihoods, key=lambda name: percent_number(matrix.likelihoods[name]))
    except ValueError as error:
        return f"matrix: {error}"
    colours: dict[tuple[int, int], Level] = {}
    for impact, row in matrix.cells.items():
        for likelihood, word in row.items():
            if impact not in impacts or likelihood not in likelihoods:
                return f"matrix: there is no impact `{impact}` with a likelihood `{likelihood}`"
            if word not in threshold.levels and word != "green":
                return f"matrix: `{word}` is no level of the threshold; they are {', '.join(threshold.levels)}"
            colours[impacts.index(impact), likelihoods.index(likelihood)] = Level.named(word)
    for i, impact in enumerate(impacts):
        for j, likelihood in enumerate(likelihoods):
            for less in ((i - 1, j), (i, j - 1)):
                if colours.get((i, j), Level.GREEN) < colours.get(less, Level.GREEN):
                    return f"matrix: {impact} impact, {likelihood}, is under the colour of a lesser impact or likelihood"
    missing = [word for word in threshold.levels if Level.named(word) not in colours.values()]
    return f"matrix: no cell is {missing[0]}" if missing else ""


def percent_number(text: str) -> Decimal:
    """`60 %` as 60.

    Raises:
        ValueError: it is no share of a hundred.
    """
    if not _PERCENT.match(text) or Decimal(text.strip(" %")) > 100:
        raise ValueError(f"`{text}` is not a share of members; write it like `60 %`")
    return Decimal(text.strip(" %"))


def _baseline_wrong(threshold: Threshold) -> str:
    form, settings = KIND_FORMS[threshold.kind], threshold.baseline
    if settings is None:
        return f"a threshold of kind {threshold.kind} needs a baseline"
    # What is as it is without being written was not asked for: a configuration read again from the log has every key.
    given = {key for key, value in settings if value != BaselineSettings.model_fields[key].default}
    for key in form.needs:
        if key not in given:
            return f"the baseline of a threshold of kind {threshold.kind} needs `{key}`"
    for key in sorted(given - set(form.needs) - set(form.may)):
        known = ", ".join((*form.needs, *form.may))
        return f"the baseline of a threshold of kind {threshold.kind} has no `{key}`; its keys are {known}"
    if settings.method is not None and settings.method not in form.methods:
        return f"kind {threshold.kind} has no method `{settings.method}`; they are {', '.join(form.methods)}"
    if settings.energy is not None and not (_PERCENT.match(settings.energy) and float(settings.energy.strip(" %")) >= LEAST_ENERGY):
        return f"`energy: {settings.energy}`: ALPS is only used for a food of at least {LEAST_ENERGY} % of the energy that people eat"
    if settings.window is not None and settings.window < form.least_window:
        return f"a window of {settings.window} is too short for kind {threshold.kind}; it needs at least {form.least_window}"
    if settings.method == "cullen" and settings.epidemic_years is None:
        return "the method cullen leaves epidemic years out: name them, such as `epidemic_years: [2017]`, or write `epidemic_years: []`"
    if settings.method != "cullen" and settings.epidemic_years is not None:
        return "only the method cullen leaves epidemic years out"
    if settings.needs is not None and not re.fullmatch(rf"\s*\d+\s+{form.count[:-1]}s?\s*", settings.needs):
        return f"`needs: {settings.needs}` is not how much history there must be; write it like `4 {form.count}`"
    if settings.weeks is not None and settings.weeks not in WEEKS:
        return f"`weeks: {settings.weeks}` is neither of {', '.join(f'`{word}`' for word in WEEKS)}"
    return ""


WEEKS: Mapping[str, int] = {"own": 0, "own and both neighbours": 1}
"""How a baseline's season is written, to how many periods on either side count."""


def level_number(threshold: Threshold, text: str) -> Decimal:
    """What a level's text asks for, as the number that puts levels in order; a quantity is turned into the indicator's unit.

    Raises:
        ValueError: it is not how a level of the threshold's kind is written; says how.
    """
    form = level_form(threshold.kind, threshold.method)
    unit = CATALOGUE[threshold.indicator].unit
    if form is None:
        return Decimal(0)
    match = form.pattern.match(text)
    if match is None:
        raise ValueError(f"`{text}` is not how a level of kind {threshold.kind} is written")
    parts = match.groupdict()
    if "bound" in parts:
        quantity_number(parts["bound"], unit)
        return percent_number(f"{parts['share']} %")
    if parts.get("share") is not None:
        return Decimal(parts["share"])
    if "unit" in parts:
        return quantity_number(text, unit, difference=form.difference)
    return Decimal(parts["number"]) if "number" in parts else Decimal(0)


def level_example(threshold: Threshold) -> str:
    """How a level of the threshold's kind is written."""
    form = level_form(threshold.kind, threshold.method)
    return form.example.format(unit=CATALOGUE[threshold.indicator].unit) if form is not None else "the source's own word"


def quantity_number(text: str, unit: str, *, difference: bool = False) -> Decimal:
    """`0.10 m` as a number of the unit; another unit of the same dimension is converted.

    Raises:
        ValueError: no number, no unit, or one of another dimension.
    """
    match = _QUANTITY.match(text)
    if match is None:
        raise ValueError(f"`{text}` is not a number with its unit.")
    if not match[2]:
        raise ValueError(f"`{text}` has no unit.")
    try:
        return converted(Decimal(match[1]), match[2], unit, difference=difference)
    except ValueError as error:
        raise ValueError(f"`{text}` is in {match[2]}, the indicator is in {unit}.") from error
