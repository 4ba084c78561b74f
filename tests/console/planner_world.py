"""Two months of landslide warnings in two districts as a history, with what happened, and the console over them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

import httpx
from console_world import PATIENCE_S, World

from console.pages import create_app
from console.planner_histories import Source, sources_of
from console.screenshot import served

BEGIN = datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
DIVISIONS = {"LK21": ("LK2103", "LK2106"), "LK91": ("LK9103", "LK9106")}
RED = {"LK21": range(10, 14), "LK91": range(40, 43)}
EVENTS = (
    "area,start,end,what,source,rule\n"
    "LK21,2024-05-12T10:30:00Z,2024-05-13T00:00:00Z,a slope in Kandy,made up,landslide\n"
    "LK91,2024-05-03T00:00:00Z,2024-05-04T00:00:00Z,a slope in Ratnapura,made up,landslide\n"
    "LK91,2024-06-25T00:00:00Z,2024-06-26T00:00:00Z,another slope,made up,landslide\n"
)
PAUSE_S = 0.3
RULE = "/planner?rule=landslide&level=landslide_warning.red"


def write_history(folder: Path, *, events: bool = True) -> Path:
    """The files; on its red days the first division of a district is told to evacuate, on the day before to be alert."""
    rows = []
    for day in range(60):
        at = (BEGIN + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for district, divisions in DIVISIONS.items():
            for division in divisions:
                first = division == divisions[0]
                level = 3 if first and day in RED[district] else 2 if first and day + 1 in RED[district] else 0
                rows.append(f"{division},landslide_warning,{at},,,{level},level\n")
    folder.mkdir(parents=True)
    (folder / "warnings.csv").write_text("area,indicator,start,end,received,value,unit\n" + "".join(rows), encoding="utf-8")
    if events:
        (folder / "events.csv").write_text(EVENTS, encoding="utf-8")
    return folder


def sources(world: World, *folders: Path) -> tuple[Source, ...]:
    """These histories, without the country's cases, which take longer to play."""
    return tuple(source for source in sources_of(world.country, folders) if not source.is_case)


@contextmanager
def console(world: World, *folders: Path) -> Iterator[httpx.Client]:
    """The console over histories, asked as a browser would."""
    app = create_app(world.log, world.country, histories=sources(world, *folders))
    with served(app) as where, httpx.Client(base_url=where, timeout=PATIENCE_S) as client:
        yield client


def done(client: httpx.Client, address: str) -> httpx.Response:
    """The page once it is there: whoever waits is told to load it again, and does."""
    until = datetime.now(UTC) + timedelta(minutes=4)
    while (answer := client.get(address)).status_code == 202 and datetime.now(UTC) < until:
        assert '<meta http-equiv="refresh"' in answer.text
        sleep(PAUSE_S)
    return answer
