"""How the converted files are written: always the same bytes for the same recorded files."""

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import mapping, shape

CHECKOUT = Path(__file__).resolve().parents[2]
SLIVER_DEG2 = 1e-6
KM_PER_DEG = 111.2
RECORDED = Path(os.environ.get("POLYRISK_RECORDED") or CHECKOUT / "../shared/data")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV with `\\n` line ends."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def utc(moment: datetime) -> str:
    """`2025-11-27T14:33:07Z`: the seconds are left out if they are zero."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return text.removesuffix(":00") + "Z"


def number(value: float, decimals: int) -> str:
    """The shortest writing with at most `decimals` places."""
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def polygons(path: Path, code_of: str) -> dict[str, Any]:
    """Area code to polygon, in the file's order, slivers without area left out.

    Two divisions (LK4104, LK5139) have no area left in the recorded outlines: they get a square of their true area around
    their recorded centre.
    """
    found = {}
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        properties = feature["properties"]
        geometry = _areal(shape(feature["geometry"]))
        found[properties[code_of]] = geometry if not geometry.is_empty else _square(properties)
    return found


def _square(properties: Mapping[str, Any]) -> Any:
    half = math.sqrt(properties["area_sqkm"]) / 2 / KM_PER_DEG
    x, y = properties["center_lon"], properties["center_lat"]
    return shapely.box(x - half, y - half, x + half, y + half)


def neighbours(shapes: Mapping[str, Any], reach_deg: float = 0.002) -> dict[str, list[str]]:
    """Areas whose polygons come within about 200 m of each other: the recorded outlines are simplified and leave gaps."""
    codes, geometries = list(shapes), list(shapes.values())
    tree = shapely.STRtree(geometries)
    found: dict[str, list[str]] = {code: [] for code in codes}
    for index, geometry in enumerate(geometries):
        for other in tree.query(geometry, predicate="dwithin", distance=reach_deg):
            if other != index:
                found[codes[index]].append(codes[int(other)])
    return {code: sorted(others) for code, others in found.items()}


def geojson(shapes: Mapping[str, Any], decimals: int, attribution: str, tolerance_deg: float = 0.0) -> str:
    """The polygons, one feature a line.

    Args:
        tolerance_deg: if given, simplified as one coverage so that borders still meet; outlines that overlap cannot be.
    """
    geometries = list(shapes.values())
    if tolerance_deg:
        geometries = list(shapely.coverage_simplify(geometries, tolerance_deg))
    lines = []
    for code, geometry in zip(shapes, geometries, strict=True):
        feature = {"type": "Feature", "properties": {"code": code}, "geometry": _rounded(mapping(geometry), decimals)}
        lines.append(json.dumps(feature, separators=(",", ":")))
    head = json.dumps({"type": "FeatureCollection", "attribution": attribution}, ensure_ascii=False)[:-1]
    return head + ', "features": [\n' + ",\n".join(lines) + "\n]}\n"


def _areal(geometry: Any) -> Any:
    """The parts of a geometry that have an area, its crossing lines resolved."""
    if not geometry.is_valid:
        geometry = shapely.make_valid(geometry)
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and part.area > SLIVER_DEG2]
    parts += [p for m in shapely.get_parts(geometry) if m.geom_type == "MultiPolygon" for p in m.geoms if p.area > SLIVER_DEG2]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _rounded(geometry: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    kept = [[ring for ring in (_ring(r, decimals) for r in polygon) if len(ring) >= 4] for polygon in polygons]
    kept = [polygon for polygon in kept if polygon]
    return {"type": "MultiPolygon", "coordinates": kept} if len(kept) > 1 else {"type": "Polygon", "coordinates": kept[0]}


def _ring(points: Iterable[Sequence[float]], decimals: int) -> list[list[float]]:
    ring: list[list[float]] = []
    for x, y, *_ in points:
        point = [round(x, decimals), round(y, decimals)]
        if not ring or point != ring[-1]:
            ring.append(point)
    return ring
