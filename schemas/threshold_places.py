"""What can be wrong between a threshold and the places it is about: another datum, a value set for a place that there is not."""

from collections.abc import Iterator, Mapping

from schemas.configuration import Area, FeedFacts, Station, Threshold
from schemas.findings import Finding
from schemas.place_tables import nearest
from schemas.yaml_files import YamlFile


def check_places(
    file: YamlFile, threshold: Threshold, areas: Mapping[str, Area], stations: Mapping[str, Station], feeds: Mapping[str, FeedFacts]
) -> Iterator[Finding]:
    """Findings about one threshold and its places.

    Args:
        feeds: by the feed's id.
    """
    known = {code for code, area in areas.items() if area.level == threshold.at} | (set(stations) if threshold.at == "station" else set())
    for index, override in enumerate(threshold.overrides or ()):
        if override.place not in known:
            what = f"`{override.place}` is no {threshold.at} of this country."
            remedy = nearest(override.place, tuple(sorted(known)))
            yield file.finding("unknown-place", (threshold.name, "overrides", index, "place"), what, "Nobody would be held to it.", remedy)
    if threshold.datum is None:
        return
    overridden = {override.place for override in threshold.overrides or ()}
    for station in stations.values():
        feed = feeds.get(station.feed)
        measured = threshold.at == "station" and feed is not None and threshold.indicator in feed.indicators
        if measured and station.datum != threshold.datum and station.code not in overridden:
            other = f"measures from {station.datum}" if station.datum else "does not say what it measures from"
            what = f"the levels are above {threshold.datum}, and {station.code} {other}."
            why = "Two datums are never compared: it would stay unknown there."
            remedy = f"Write its `datum` in stations.csv, or set its levels in `overrides`, as {station.code} measures."
            yield file.finding("other-datum", (threshold.name, "datum"), what, why, remedy)
