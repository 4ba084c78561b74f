"""Seven days of rain to the 364 areas of Sri Lanka: sparse weights computed once, against a loop over polygons and cells.

Prints the ratio; both ways must agree. The weights themselves are computed once for a grid and kept on disk.
"""

import json
import time
from collections.abc import Callable

import numpy as np
import shapely
from scipy import sparse
from shapely.geometry import shape

from feeds import grids
from feeds.grids import Floats, reduce, zonal_weights
from schemas.country_files import countries_root

LATITUDE, LONGITUDE = np.arange(5.825, 10.0, 0.05), np.arange(79.425, 82.1, 0.05)
DAYS = 7


def by_loop(values: Floats, polygons: list[shapely.Geometry]) -> Floats:
    """Each polygon against each cell near it, for all days."""
    means = np.full((len(values), len(polygons)), np.nan)
    for number, polygon in enumerate(polygons):
        west, south, east, north = polygon.bounds
        total, covered = np.zeros(len(values)), 0.0
        for i, y in enumerate(LATITUDE):
            for j, x in enumerate(LONGITUDE):
                if south - 0.025 <= y <= north + 0.025 and west - 0.025 <= x <= east + 0.025:
                    size = polygon.intersection(shapely.box(x - 0.025, y - 0.025, x + 0.025, y + 0.025)).area * np.cos(np.radians(y))
                    total, covered = total + size * values[:, i, j], covered + size
        means[:, number] = total / covered
    return means


def timed(work: Callable[[], object], times: int) -> float:
    """The best of some runs, in seconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    """Measure and print."""
    shapes = [json.loads((countries_root() / "lka" / f"shapes_{level}.geojson").read_text("utf-8")) for level in ("adm2", "adm3")]
    polygons = [shapely.make_valid(shape(feature["geometry"])) for of_level in shapes for feature in of_level["features"]]
    values = np.random.default_rng(1).gamma(1.0, 40.0, (DAYS, LATITUDE.size, LONGITUDE.size))

    def weigh() -> sparse.csr_matrix:
        grids._kept.clear()
        return sparse.csr_matrix(sparse.vstack([zonal_weights(LATITUDE, LONGITUDE, of_level) for of_level in shapes]))

    weights = weigh()
    np.testing.assert_allclose(reduce(values, weights), by_loop(values, polygons), rtol=1e-9)
    loop, once, each = timed(lambda: by_loop(values, polygons), 1), timed(weigh, 3), timed(lambda: reduce(values, weights), 20)
    print(f"{DAYS} days, {LATITUDE.size * LONGITUDE.size} cells, {len(polygons)} areas, {weights.nnz} weights")
    print(f"loop over polygons {loop * 1e3:.0f} ms, sparse weights {each * 1e3:.2f} ms: {loop / each:.0f} times faster")
    print(f"computing the weights, once for a grid: {once * 1e3:.0f} ms, a {loop / once:.1f}th of one loop")


if __name__ == "__main__":
    main()
