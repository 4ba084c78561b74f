"""Grids to areas: sparse weights give the answer of a plain loop over polygons and cells, and unknown stays unknown."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from feeds import grids
from feeds.grids import codes, reduce, zonal_weights
from schemas.country_files import countries_root
from schemas.errors import SourceChanged

SRI_LANKA = json.loads((countries_root() / "lka" / "shapes_adm2.geojson").read_text(encoding="utf-8"))


def polygons(**areas: list[tuple[float, float]]) -> dict[str, Any]:
    """A FeatureCollection of simple polygons by code."""
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for code, ring in areas.items()
    ]
    return {"type": "FeatureCollection", "features": features}


def square(west: float, south: float, east: float, north: float) -> list[tuple[float, float]]:
    """A closed ring."""
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def by_loop(lat: np.ndarray, lon: np.ndarray, values: np.ndarray, polygon: Any) -> float | None:
    """The mean as one would write it first: each polygon against each cell, one value after the other."""
    half_lat, half_lon = abs(lat[1] - lat[0]) / 2, abs(lon[1] - lon[0]) / 2
    total = covered = 0.0
    for i, y in enumerate(lat):
        for j, x in enumerate(lon):
            cell = shapely.box(x - half_lon, y - half_lat, x + half_lon, y + half_lat)
            size = polygon.intersection(cell).area * math.cos(math.radians(y))
            if not math.isnan(values[i, j]):
                covered += size
                total += size * values[i, j]
    whole = polygon.area * math.cos(math.radians(polygon.centroid.y))
    return total / covered if covered >= 0.499 * whole else None


@pytest.mark.parametrize("falling", [False, True])
def test_sparse_weights_give_the_answer_of_the_loop(falling: bool) -> None:
    """For the districts of Sri Lanka and a random grid with holes, whichever way latitudes run, both ways agree to 12 digits."""
    random = np.random.default_rng(20251127)
    lat, lon = np.arange(5.75, 10.0, 0.5), np.arange(79.25, 82.3, 0.5)
    if falling:
        lat = lat[::-1]
    values = random.gamma(1.0, 40.0, (lat.size, lon.size))
    values[random.random(values.shape) < 0.3] = np.nan
    reduced = reduce(values, zonal_weights(lat, lon, SRI_LANKA))
    plain = [by_loop(lat, lon, values, shapely.make_valid(shape(feature["geometry"]))) for feature in SRI_LANKA["features"]]
    assert any(value is None for value in plain)
    np.testing.assert_allclose(reduced, [math.nan if value is None else value for value in plain], rtol=1e-12)


def test_rain_of_the_same_everywhere_is_that_rain_in_each_area() -> None:
    """Weights are shares: a constant field reduces to the constant in all areas of the country."""
    lat, lon = np.arange(5.825, 10.0, 0.05), np.arange(79.425, 82.1, 0.05)
    reduced = reduce(np.full((2, lat.size, lon.size), 77.5), zonal_weights(lat, lon, SRI_LANKA))
    assert reduced.shape == (2, 25)
    np.testing.assert_allclose(reduced, 77.5, rtol=1e-12)


def test_cells_count_by_the_part_of_the_area_they_cover() -> None:
    """An area over a quarter of one cell and three quarters of the next has their mean in these shares."""
    lat, lon = np.array([-0.5, 0.5]), np.array([10.5, 11.5])
    weights = zonal_weights(lat, lon, polygons(A=square(10.75, -1.0, 11.75, 1.0)))
    assert reduce(np.array([[0.0, 40.0], [0.0, 40.0]]), weights) == pytest.approx([30.0])


def test_a_cell_nearer_to_the_pole_counts_less() -> None:
    """Cells are weighed by the cosine of their latitude: at 60 degrees a square degree is half as wide as at the equator."""
    lat, lon = np.array([0.0, 60.0]), np.array([0.0, 60.0])
    weights = zonal_weights(lat, lon, polygons(A=square(-30.0, -30.0, 30.0, 90.0)))
    assert reduce(np.array([[30.0, 0.0], [0.0, 0.0]]), weights) == pytest.approx([20.0])


def test_an_area_with_less_than_half_of_its_values_has_none() -> None:
    """Half is enough and its mean is that of the known part; less, or no grid at all, is unknown and never zero."""
    lat, lon = np.array([-0.5, 0.5]), np.array([0.5, 1.5, 2.5, 3.5])
    areas = polygons(A=square(0, -1, 4, 1), B=square(2, -1, 6, 1), C=square(3.5, -1, 6, 1), D=square(50, 50, 51, 51))
    weights = zonal_weights(lat, lon, areas)
    values = np.array([[8.0, 2.0, np.nan, np.nan]] * 2)
    assert np.array_equal(reduce(values, weights), [5.0, np.nan, np.nan, np.nan], equal_nan=True)
    values = np.array([[np.nan, np.nan, 8.0, 2.0]] * 2)
    assert np.array_equal(reduce(values, weights), [5.0, 5.0, np.nan, np.nan], equal_nan=True)


def test_weights_are_kept_on_disk_and_computed_again_if_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same grid and shapes are read from the cache; another grid is another file; rubbish in the cache changes no answer."""
    monkeypatch.setattr(grids, "_kept", {})
    lat, lon = np.array([-0.5, 0.5]), np.array([0.5, 1.5])
    shapes = polygons(A=square(0.2, -0.7, 1.9, 0.3))
    first = zonal_weights(lat, lon, shapes, tmp_path)
    (path,) = tmp_path.iterdir()
    grids._kept.clear()
    with monkeypatch.context() as patch:
        patch.setattr(grids, "_compute", lambda *_: pytest.fail("computed although it was kept"))
        assert (zonal_weights(lat, lon, shapes, tmp_path) != first).nnz == 0
    zonal_weights(lat, lon + 1, shapes, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    grids._kept.clear()
    path.write_bytes(b"PK\x03\x04 rubbish")
    assert (zonal_weights(lat, lon, shapes, tmp_path) != first).nnz == 0
    grids._kept.clear()
    monkeypatch.setattr(grids, "_compute", lambda *_: pytest.fail("the broken file was not replaced"))
    assert (zonal_weights(lat, lon, shapes, tmp_path) != first).nnz == 0


@pytest.mark.parametrize("lat", [[0.0], [0.0, 0.0], [0.0, 1.0, 3.0], [0.0, math.nan]])
def test_an_uneven_grid_is_refused(lat: list[float]) -> None:
    """Cells are made of equal steps; anything else is a changed source, not a guess."""
    with pytest.raises(SourceChanged, match="equal steps"):
        zonal_weights(np.array(lat), np.array([0.0, 1.0]), polygons(A=square(0, 0, 1, 1)))


def test_a_grid_too_fine_is_refused() -> None:
    """Memory is bounded by the cells inside the country."""
    with pytest.raises(SourceChanged, match="cells within the country"):
        zonal_weights(np.arange(0, 1, 0.001), np.arange(0, 1, 0.001), polygons(A=square(0, 0, 1, 1)))


def test_rows_are_the_areas_in_the_order_of_the_shapes() -> None:
    """Codes and rows of weights go together."""
    shapes = polygons(B=square(0, 0, 1, 1), A=square(1, 0, 2, 1))
    assert codes(shapes) == ("B", "A")
    values = np.array([[7.0, 9.0], [7.0, 9.0]])
    assert reduce(values, zonal_weights(np.array([0.25, 0.75]), np.array([0.5, 1.5]), shapes)) == pytest.approx([7.0, 9.0])
