"""Random configurations: thresholds of every kind with every setting, and rules as random trees over them."""

from datetime import date
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from schemas.configuration import Configuration
from schemas.indicators import CATALOGUE
from schemas.moments import parse_span

SHARD = "XYA"
AREAS = [
    *[("A", "adm1", None), ("B", "adm2", "A"), ("C", "adm2", "A"), ("B1", "adm3", "B"), ("B2", "adm3", "B"), ("C1", "adm3", "C")],
    ("D", "adm2", "A"),  # nothing is ever read there
]
NEIGHBOURS = {"B": ["C", "D"], "C": ["B", "D"], "D": ["B", "C"], "B1": ["B2", "C1"], "B2": ["B1"], "C1": ["B1"]}
UPSTREAM = {"B": ["D"], "C": ["B", "D"], "C1": ["B1", "B2"]}
POINTS = {"A": (7.0, 80.0), "B": (7.0, 80.0), "C": (7.0, 80.03), "B1": (7.0, 80.0), "B2": (7.05, 80.0), "C1": (7.0, 80.03)}
STATION_POINTS = {"s1": (7.0, 80.01), "s2": (7.0, 79.98), "s3": (7.04, 80.0), "s4": (7.0, 80.035)}
STATIONS = {"s1": ["B1"], "s2": ["B2"], "s3": ["B"], "s4": ["C1"]}
DATUMS = {"s1": {"datum": "mMSL"}, "s2": {"datum": "mMSL"}, "s3": {"datum": "mPWD"}}
FEED_OF = {"s1": "gauges", "s2": "observers", "s3": "gauges", "s4": "observers"}
FEEDS = {
    "gauges": ("1 h", "0 min", ["river_level", "river_level.yellow", "river_level.orange", "river_level.red"]),
    "observers": ("3 h", "0 min", ["river_level", "river_level.yellow", "river_level.orange", "river_level.red"]),
    "slopes": ("6 h", "0 min", ["landslide_warning"]),
    "clinics": ("6 h", "1 h", ["dengue_cases"]),
    "markets": ("12 h", "2 h", ["price_rice_white"]),
    "sky": ("6 h", "0 min", ["rain_1d"]),
    "models": ("6 h", "1 h", ["river_discharge"]),
}
BASELINES = {
    "dengue": {"years": 5},
    "outbreak": {"method": "C2", "period": "week"},
    "rain": {"years": 5, "period": "day", "needs": "4 years"},
    "flood": {"years": 10, "method": "gumbel", "needs": "8 years"},
    "price": {"months": 60, "needs": "36 months"},
}
"""Threshold to how its baseline would be made; here its rows are random."""
MEMBERS = 3
STEPS = 4
"""Members of an issue of forecasts, and its steps of six hours."""
FIGURES = [("B", "vulnerability.poor", "20"), ("C", "vulnerability.poor", "5"), ("B", "exposure.on_the_plain", "40")]
DOCUMENT = {"title": "for tests", "date": date(2025, 1, 1), "owner": "tests"}
_AT_STATIONS = {"river", "gauge", "rise"}
RANK = {"station": 4, "adm3": 3, "adm2": 2, "adm1": 1}
SPANS = ["3 h", "6 h", "12 h"]

spans = st.sampled_from(SPANS)
persistence = st.sampled_from(["1 readings", "2 readings", "3 readings", "1 h", "90 min"])
some_levels = st.sampled_from([["yellow", "orange", "red"], ["orange", "red"], ["orange"]])


@st.composite
def thresholds(draw: st.DrawFn, kind: str, area: str) -> dict[str, Any]:
    """A threshold of one kind with every setting that the meaning of a series depends on, rolled up to where rules are judged."""
    body: dict[str, Any] = {"name": kind, "document": DOCUMENT, "for": draw(persistence), "stale_after": draw(spans)}
    body |= {"hold_for": draw(spans), "horizon": draw(st.sampled_from(["12 h", "3 d", "14 d"]))}
    body |= {key: draw(spans) for key in ("bridge", "quiet", "settle") if draw(st.integers(0, 3)) == 0}
    words = draw(some_levels)
    match kind:
        case "river":
            body |= {"indicator": "river_level", "at": "station", "kind": "fixed", "direction": draw(st.sampled_from(["above", "below"]))}
            numbers = {"yellow": 2, "orange": 4, "red": 6} if body["direction"] == "above" else {"yellow": 6, "orange": 4, "red": 2}
            body["levels"] = {word: f"{numbers[word]} m" for word in words}
        case "gauge":
            body |= {"indicator": "river_level", "at": "station", "kind": "station_levels", "levels": dict.fromkeys(words, "own")}
        case "slope":
            body |= {"indicator": "landslide_warning", "at": "adm3", "kind": "fixed"}
            body["levels"] = {word: f"{ {'yellow': 1, 'orange': 2, 'red': 3}[word] } level" for word in words}
        case "dengue":
            body |= {"indicator": "dengue_cases", "at": "adm2", "kind": "endemic_channel", "levels": dict.fromkeys(words, "mean + 2 sd")}
            body |= {"floor": "3 cases"} if draw(st.booleans()) else {}
        case "price":
            body |= {"indicator": "price_rice_white", "at": "adm2", "kind": "alps", "levels": dict.fromkeys(words, "1 sd")}
        case "rise":
            body |= {"indicator": "river_level", "at": "station", "kind": "rate_of_change", "span": draw(spans)}
            body["direction"] = draw(st.sampled_from(["above", "below"]))
            body["levels"] = draw(_changes(words, body["direction"]))
        case "one_case":
            body |= {"indicator": "dengue_cases", "at": "adm2", "kind": "one_case", "levels": {words[0]: "one case"}}
        case "outbreak":
            body |= {"indicator": "dengue_cases", "at": "adm2", "kind": "ears", "levels": dict.fromkeys(words, "3 sd"), "floor": "2 cases"}
        case "rain":
            body |= {"indicator": "rain_1d", "at": "adm3", "kind": "percentile", "levels": dict.fromkeys(words, "95th percentile")}
            body |= {"direction": draw(st.sampled_from(["above", "below"]))}
        case "flood":
            body |= {"indicator": "river_discharge", "at": "adm2", "kind": "return_level", "levels": dict.fromkeys(words, "1 in 5 years")}
        case "ensemble" | "matrix":
            body |= {"indicator": "river_discharge", "at": draw(st.sampled_from(["adm2", "adm3"])), "forecast": draw(_forecasts())}
            body |= draw(_exceedance(words) if kind == "ensemble" else _matrix())
    body |= {"baseline": BASELINES[kind]} if kind in BASELINES else {}
    if body["at"] == "station":
        body |= draw(st.sampled_from([{}, {}, {"feed": "gauges"}, {"feed": "observers"}]))
    body |= {"datum": "mMSL"} if body["at"] == "station" and kind != "rise" and draw(st.integers(0, 3)) == 0 else {}
    unit = CATALOGUE[body["indicator"]].unit
    if "forecast" not in body:
        body |= {"leave_below": f"{draw(st.sampled_from(['0.5', '1', '2']))} {unit}"} if draw(st.booleans()) else {}
    body |= {"overrides": [draw(_override(body))]} if kind in ("river", "gauge", "dengue", "rain") and draw(st.integers(0, 3)) == 0 else {}
    if RANK[body["at"]] > RANK[area]:
        body["roll_up"] = {"to": area, "by": "worst", "needs": draw(st.sampled_from(["half", "all", "one"]))}
    return body


@st.composite
def _changes(draw: st.DrawFn, words: list[str], direction: str) -> dict[str, str]:
    """Sizes of a change, or shares, more of it for a graver level."""
    if draw(st.booleans()):
        return {word: f"{size} m" for word, size in zip(words, ("0.5", "1", "2"), strict=False)}
    return {word: f"{size} % {'more' if direction == 'above' else 'less'}" for word, size in zip(words, (10, 25, 50), strict=False)}


@st.composite
def _forecasts(draw: st.DrawFn) -> dict[str, Any]:
    needs, steps = draw(st.sampled_from([None, 1, 2])), draw(st.sampled_from([None, 1, 2]))
    body = {"lead": draw(st.sampled_from(["0 h..24 h", "6 h..12 h", "12 h..24 h"])), "members": MEMBERS, "needs": needs, "steps": steps}
    return {key: value for key, value in body.items() if value is not None}


@st.composite
def _exceedance(draw: st.DrawFn, words: list[str]) -> dict[str, Any]:
    """A share and a quantity for each level, in whatever order: nothing says that a graver level takes more of both."""
    shares, sides = st.sampled_from([10, 34, 50, 66.7, 100]), st.sampled_from(["over", "over", "under"])
    levels = {word: f"{draw(shares)} % {draw(sides)} {draw(st.integers(2, 6))} m3/s" for word in words}
    return {"kind": "exceedance", "levels": levels}


@st.composite
def _matrix(draw: st.DrawFn) -> dict[str, Any]:
    """Two impacts and two likelihoods; a lesser cell may have no colour."""
    low = draw(st.sampled_from([{}, {"likely": "yellow"}, {"possible": "yellow", "likely": "yellow"}]))
    cells = {**({"some": low} if low else {}), "much": {"possible": "yellow", "likely": "red"}}
    likelihoods = {"possible": draw(st.sampled_from(["10 %", "34 %"])), "likely": draw(st.sampled_from(["60 %", "100 %"]))}
    matrix = {"impacts": {"some": "2 m3/s", "much": "5 m3/s"}, "likelihoods": likelihoods, "cells": cells}
    return {"kind": "impact_matrix", "levels": {"yellow": "matrix", "red": "matrix"}, "matrix": matrix}


@st.composite
def _override(draw: st.DrawFn, body: dict[str, Any]) -> dict[str, Any]:
    """One level, or all, held against another value at one place."""
    some = draw(st.sampled_from([list(body["levels"]), list(body["levels"])[:1]]))
    numbers = {"yellow": 1, "orange": 3, "red": 5} if body.get("direction") != "below" else {"yellow": 5, "orange": 3, "red": 1}
    unit = CATALOGUE[body["indicator"]].unit
    place = {"station": "s1", "adm2": "B", "adm3": "B1"}[body["at"]]
    levels = {word: f"{numbers[word]} {unit}" for word in some}
    return {"place": place, "levels": levels, "by": "a named person", "why": "tests", "date": date(2025, 1, 1)}


Names = tuple[tuple[str, tuple[str, ...]], ...]
"""Thresholds with the levels they have."""


@lru_cache(maxsize=256)
def conditions(names: Names, coarse: Names, *, silent: bool) -> st.SearchStrategy[Any]:
    """A random tree of conditions over thresholds and the levels they have; those that are `coarse` are known in smaller areas too."""
    leaf = st.sampled_from([{"threshold": name, "level": word} for name, words in names for word in words])
    windows = st.one_of(st.just({}), st.fixed_dictionaries({"within": spans}))
    counted = st.builds(lambda n, w: {"dimensions": n, "level": w}, st.integers(1, 2), st.sampled_from(["yellow", "orange"]))
    # What `polyrisk check` lets stand where onsets are compared: levels joined by all, any, not, without windows of their own.
    pair = st.lists(leaf, min_size=2, max_size=2)
    joined = (st.builds(lambda two: {"all": two}, pair), st.builds(lambda two: {"any": two}, pair))
    steps = st.one_of(leaf, leaf, *joined, st.builds(lambda one: {"not": one}, leaf))
    leaves = [leaf, leaf, leaf, st.builds(lambda c, w: {**c, **w}, counted, windows)]
    # Among the leaves too, so that they are met often and seldom hidden by what stands around them.
    leaves.append(st.builds(lambda one, n, w: {"times": n, "of": one, "within": w}, steps, st.integers(1, 2), spans))
    leaves.append(st.builds(lambda one, key, w: {key: one, "for": w}, steps, st.sampled_from(["condition", "not"]), spans))
    shares = st.sampled_from(["1 %", "34 %", "50 %", "67 %", "100 %"])
    leaves.append(
        st.builds(lambda p, o, c: {"share": p, "of": o, "condition": c}, shares, st.sampled_from(["neighbours", "upstream"]), steps)
    )
    leaves.append(
        st.builds(
            lambda d, n, c: {"near": {"distance": d, **n, "condition": c}},
            st.sampled_from(["1500 m", "2.5 km", "4 km", "100 km"]),
            st.sampled_from([{}, {"at_least": 2}]),
            steps,
        )
    )
    if coarse:
        small = st.sampled_from([{"threshold": name, "level": word} for name, words in coarse for word in words])
        leaves.append(st.builds(lambda p, c: {"share": p, "of": "children", "condition": c}, shares, small))
    if silent:
        stations = next(name for name, _ in names if name in _AT_STATIONS)
        leaves.append(
            st.builds(
                lambda n, w, a, s: {"silent": {"count": n, "of": stations, "within": w, **a, **s}},
                st.integers(2, 3),
                st.sampled_from(["1 h", "3 h"]),
                st.sampled_from([{}, {"areas": ["B", "C"]}]),
                st.sampled_from([{}, {"stale_after": "2 h"}]),
            )
        )

    def compound(part: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        many = st.lists(part, min_size=2, max_size=3)
        lags = st.one_of(st.just({}), st.fixed_dictionaries({"least_lag": st.sampled_from(["1 h", "3 h"])}))
        return st.one_of(
            st.builds(lambda parts, w: {"all": parts, **w}, many, windows),
            st.builds(lambda parts, w: {"any": parts, **w}, many, windows),
            st.builds(lambda one: {"not": one}, part),
            st.builds(lambda parts, n, w: {"at_least": min(n, len(parts)), "of": parts, **w}, many, st.integers(1, 2), windows),
            st.builds(lambda one, w: {"condition": one, "within": w}, part, spans),
            st.builds(lambda one, w: {"condition": one, "for": w}, part, spans),
            st.builds(lambda one, w: {"not": one, "for": w}, part, spans),
            st.builds(lambda one, n, w: {"times": n, "of": one, "within": w}, steps, st.integers(1, 3), spans),
            st.builds(lambda parts, w: {"together": 2, "of": parts, "within": w}, st.lists(steps, min_size=2, max_size=3), spans),
            st.builds(_sequence, st.lists(steps, min_size=2, max_size=3), spans, lags),
        )

    return st.recursive(st.one_of(*leaves), compound, max_leaves=4)


def _sequence(steps: list[Any], within: str, lag: dict[str, str]) -> dict[str, Any]:
    """A sequence whose lags fit into it, as `polyrisk check` asks."""
    fits = not lag or parse_span(lag["least_lag"]) * (len(steps) - 1) <= parse_span(within)
    return {"sequence": steps, "within": within, **(lag if fits else {})}


def _move(by: int, figure: str, sign: str, number: int, bound: dict[str, str]) -> dict[str, Any]:
    fits = not bound or ("at_most" in bound) == (by > 0)
    return {"by": by, "if": f"{figure} {sign} {number} %", "why": "tests", **(bound if fits else {})}


moves = st.builds(
    _move,
    st.sampled_from([-2, -1, 1, 2]),
    st.sampled_from(["vulnerability.poor", "exposure.on_the_plain"]),
    st.sampled_from([">", ">=", "<", "<="]),
    st.sampled_from([5, 20, 30]),
    st.sampled_from([{}, {"at_most": "orange"}, {"at_most": "yellow"}, {"at_least": "orange"}]),
)


def area_of(code: str, level: str, parent: str | None) -> dict[str, Any]:
    """An area with all that rules may ask of how it lies to others."""
    related = {"neighbours": NEIGHBOURS.get(code, []), "upstream": UPSTREAM.get(code)}
    return {
        "code": code,
        "level": level,
        "parent": parent,
        "names": {"en": code},
        **related,
        **(point(POINTS[code]) if code in POINTS else {}),
    }


def _station(code: str) -> dict[str, Any]:
    """A station, with what its readings are measured from where that is known."""
    lies = {"areas": STATIONS[code], **point(STATION_POINTS[code]), **DATUMS.get(code, {})}
    return {"code": code, "name": code, "feed": FEED_OF[code], **lies}


def point(at: tuple[float, float]) -> dict[str, float]:
    """Coordinates as they stand in a configuration."""
    return {"latitude": at[0], "longitude": at[1]}


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """One to three thresholds of mixed kinds and one or two rules with random trees."""
    area = draw(st.sampled_from(["adm2", "adm2", "adm2", "adm1", "adm3"]))
    at_stations = ["river", "gauge", "rise"] if area != "adm3" else []
    possible = [*at_stations, "slope", "dengue", "price", "one_case", "outbreak", "rain", "flood", "ensemble", "matrix"]
    kinds = draw(st.lists(st.sampled_from(possible), min_size=1, max_size=3, unique=True))
    bodies = [draw(thresholds(kind, area)) for kind in kinds]
    names = tuple((b["name"], tuple(b["levels"])) for b in bodies)
    # What is known no finer than in the areas under that of the rule; `polyrisk check` refuses all else in `children`.
    coarse = tuple((b["name"], tuple(b["levels"])) for b in bodies if RANK[b["at"]] <= RANK[area] + 1)
    tree = conditions(names, coarse, silent=bool(_AT_STATIONS & set(kinds)))
    rules = [rule_of(draw, f"rule{i}", area, tree) for i in range(draw(st.integers(1, 3)))]
    if len(rules) > 1 and draw(st.booleans()):
        rules[1] |= {"mutes": ["rule0"]}
    return Configuration.model_validate(
        {
            "shard": SHARD,
            "areas_version": "tests",
            "areas": [area_of(*area) for area in AREAS],
            "stations": [_station(code) for code in STATIONS],
            "feeds": [{"feed": f, "every": e, "delay": d, "indicators": i} for f, (e, d, i) in FEEDS.items()],
            "thresholds": bodies,
            "rules": rules,
            "figures": [
                {"area": a, "figure": f, "value": v, "unit": "%", "date": "2021-01-01", "source": "a census"} for a, f, v in FIGURES
            ],
        }
    )


def rule_of(draw: st.DrawFn, name: str, area: str, tree: st.SearchStrategy[Any]) -> dict[str, Any]:
    """A rule over such conditions, with every setting that the life of its events depends on."""
    body: dict[str, Any] = {"name": name, "area": area, "dimensions": ["health"]}
    body |= {"when": draw(tree), "level": "orange", "text": "t", "document": DOCUMENT}
    body |= {"ends": {"otherwise_after": draw(st.sampled_from(["12 h", "2 d", "30 d"]))}}
    if draw(st.integers(0, 2)) == 0:
        body |= {"unless": draw(tree)} | draw(st.sampled_from([{}, {"on_unknown": "propose"}, {"on_unknown": "nothing"}]))
    body |= {"until": draw(tree)} if draw(st.integers(0, 3)) == 0 else {}
    validities = st.sampled_from(["2025-06-02..", "..2025-06-01", "2025-06-02..2025-06-02"])
    body |= {"valid": draw(validities)} if draw(st.integers(0, 3)) == 0 else {}
    body |= {"move": [draw(moves) for _ in range(draw(st.integers(1, 2)))]} if draw(st.integers(0, 2)) == 0 else {}
    body |= {"raise": [{"to": "red", "if": draw(tree)}]} if draw(st.booleans()) else {}
    body |= {"cool_down": draw(spans)} if draw(st.integers(0, 3)) == 0 else {}
    body |= {"shadow": draw(st.sampled_from([{}, {"instead_of": "rule0"}]))} if draw(st.integers(0, 3)) == 0 else {}
    return body
