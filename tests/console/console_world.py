"""Four days of November 2025 written by hand: rivers rise in Kandy, slopes are warned of, a gauge and a feed fall silent.

Readings and heartbeats are ours; breaches and events are what the engine says of them; the warnings are ours again, as `alerts` makes them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from eventlog.log import EventLog, open_log
from processors.loop import Processor
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.envelopes import input_record, observations_record, output_record, read_output
from schemas.indicators import CATALOGUE
from schemas.inputs import Baseline, BaselineRow, ConfigChange, Heartbeat, Observation, Signature, Tick
from schemas.observations import to_batch
from schemas.outputs import CompoundEvent, EventChange
from schemas.records import Record
from schemas.topics import EVENTS
from schemas.warning_records import Delivery, MessageState, RenderedText, Warning, WarningStatus

PATIENCE_S = 120.0
"""How long whatever asks for a page waits for it."""
START = datetime(2025, 11, 26, tzinfo=UTC)
END = START + timedelta(days=4)
PERADENIYA_LAST = datetime(2025, 11, 27, 14, 33, tzinfo=UTC)
SCOPE = ("LK11", "LK12", "LK13", "LK21", "LK22", "LK23", "LK31", "LK32", "LK33", "LK61", "LK81", "LK82", "LK91", "LK92")
_STEEP = {"LK2130": 3, "LK2142": 3, "LK9203": 3, "LK9103": 2}
_PERADENIYA = (2.1, 3.4, 5.2, 6.9, 8.6, 10.1, 10.56)
_BODIES = {
    "si": "Polyrisk අත්හදා: {si}, {time}. ගංවතුර හා නායයෑම් අනතුර. බෑවුම්, ගං ඉවුරු හැර දැන්ම ආරක්ෂිත තැනකට යන්න.",
    "ta": "Polyrisk சோதனை: {ta}, {time}. வெள்ளம், மண்சரிவு ஆபத்து. சரிவுகள், ஆற்றங்கரைகளை விட்டு இப்போதே பாதுகாப்பான இடம் செல்லுங்கள்.",
    "en": "Polyrisk test: {en}, {time}. FLOOD and LANDSLIDE danger. LEAVE slopes and river banks now for a safe place. STOP to leave",
}
_ALL_CLEAR = {
    "si": "Polyrisk අත්හදා: {si}, {time}. අනතුර අවසන්. නිලධාරියා කී පසු පමණක් ගෙදර යන්න.",
    "ta": "Polyrisk சோதனை: {ta}, {time}. ஆபத்து முடிந்தது. அதிகாரி கூறிய பின்னரே வீடு செல்லுங்கள்.",
    "en": "Polyrisk test: {en}, {time}. The danger has ended. Go home only when an officer says so.",
}
_SPEAKERS = {"si": 1_480, "ta": 470, "en": 50}


@dataclass(frozen=True)
class World:
    """A log that was filled, and the country it is about."""

    log: EventLog
    country: LoadedCountry


@lru_cache
def lanka() -> LoadedCountry:
    """Sri Lanka as its files describe it."""
    return load_country(countries_root() / "lka")


def filled(folder: Path) -> World:
    """The four days in a log of their own."""
    country, log = lanka(), open_log(f"sqlite:///{folder / 'log.sqlite'}")
    log.append(sorted(_inputs(country), key=lambda r: r.received))
    processor = Processor(log, country.shard)
    processor.run_until_idle()
    processor.close()
    events = [e for s in log.read(EVENTS.name) if isinstance(e := read_output(s.record), CompoundEvent)]
    log.append(list(_warned(country, events)))
    return World(log, country)


def _inputs(country: LoadedCountry) -> Iterator[Record]:
    configured = country.configuration
    change = ConfigChange(
        at=START - timedelta(days=1), hash=configured.hash, configuration=configured.canonical(), author="planner", reason="case"
    )
    yield input_record(country.shard, change)
    yield from (input_record(country.shard, b) for b in _baselines(country))
    for hour in range(0, 97, 2):
        yield input_record(country.shard, Tick(at=START + timedelta(hours=hour)))
    for hour in range(0, 96, 3):
        yield from _delivery(country, "lka_irrigation_river", START + timedelta(hours=hour, minutes=40), _rivers(country, hour))
    for day in range(-1, 4):
        at = START + timedelta(days=day, hours=11, minutes=5)
        yield from _delivery(country, "lka_nbro_landslide", at, _slopes(country, at, day))
        yield from _delivery(country, "lka_wfp_prices", at + timedelta(hours=1), _prices(country, at))
    for day in range(-1, 1):
        at = START + timedelta(days=day, hours=6)
        yield from _delivery(country, "lka_rain_grid", at, _rain(country, at))
    yield from _delivery(country, "lka_dengue_weekly", START + timedelta(hours=2), _dengue(country))


def _delivery(country: LoadedCountry, feed: str, at: datetime, rows: Sequence[Observation]) -> Iterator[Record]:
    delivery = hashlib.sha256(f"{feed}{at.isoformat()}".encode()).hexdigest()
    stamped = [row.model_copy(update={"received": at, "delivery": delivery}) for row in rows]
    yield observations_record(country.shard, feed, delivery, at, to_batch(stamped))
    yield input_record(
        country.shard,
        Heartbeat(feed=feed, received=at, delivery=delivery, new=True, rows=len(rows), quarantined=2 if "river" in feed else 0),
    )


def _reading(feed: str, area: str, indicator: str, value: float | None, start: datetime, end: datetime | None = None) -> Observation:
    return Observation(
        area=area, indicator=indicator, start=start, end=end or start, received=start, value=value, unit=CATALOGUE[indicator].unit,
        feed=feed, key=area, delivery="",
    )  # fmt: skip


def _rivers(country: LoadedCountry, hour: int) -> list[Observation]:
    """Every gauge low, but Peradeniya, which rises for a day and a half and is never heard again."""
    rows = []
    at = START + timedelta(hours=hour, minutes=20)
    for station in country.places.stations.values():
        moment, value = at, 1.2 + (sum(station.code.encode()) % 10) / 10
        if station.code == "lk-peradeniya":
            index = (hour - 12) // 4
            if hour > 38:
                continue
            value = _PERADENIYA[min(max(index, 0), 6)]
            moment = PERADENIYA_LAST if hour >= 36 else at
        rows.append(_reading("lka_irrigation_river", station.code, "river_level", value, moment))
        for level, bound in (("yellow", 5.0), ("orange", 7.0), ("red", 9.0)):
            rows.append(_reading("lka_irrigation_river", station.code, f"river_level.{level}", bound, moment))
    return rows


def _slopes(country: LoadedCountry, at: datetime, day: int) -> list[Observation]:
    """Divisions named in a bulletin; those that it does not name are green by its being complete."""
    named = {} if day < 0 else _STEEP if day < 3 else {"LK9203": 1}
    first = [c for d in SCOPE for c in country.places.within(d, "adm3")][:1]
    rows = {**dict.fromkeys(first, 0), **named}
    return [_reading("lka_nbro_landslide", code, "landslide_warning", float(value), at) for code, value in rows.items()]


def _prices(country: LoadedCountry, at: datetime) -> list[Observation]:
    """The same August again and again: the source answers, and has nothing new."""
    month = datetime(2025, 8, 1, tzinfo=UTC), datetime(2025, 8, 31, tzinfo=UTC)
    return [_reading("lka_wfp_prices", code, "price_rice_white", 236.0, *month) for code in ("LK11", "LK21", "LK41")]


def _rain(country: LoadedCountry, at: datetime) -> list[Observation]:
    period = at - timedelta(hours=30), at - timedelta(hours=6)
    codes = [a.code for a in country.places.areas.values() if a.level == "adm3"]
    return [_reading("lka_rain_grid", code, "rain_1d", 120.0 if code in _STEEP else 12.0, *period) for code in codes]


def _dengue(country: LoadedCountry) -> list[Observation]:
    week = datetime(2025, 11, 10, tzinfo=UTC), datetime(2025, 11, 17, tzinfo=UTC)
    districts = [a.code for a in country.places.areas.values() if a.level == "adm2"]
    return [_reading("lka_dengue_weekly", c, "dengue_cases", 70.0 if c == "LK32" else 9.0, *week) for c in districts]


def _baselines(country: LoadedCountry) -> Iterator[Baseline]:
    at, span = START - timedelta(hours=20), (datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    districts = [a.code for a in country.places.areas.values() if a.level == "adm2"]
    for threshold, codes, bounds in (
        ("dengue_channel", districts, {"orange": 40.0, "red": 80.0}),
        ("rice_price", ("LK11", "LK21", "LK41"), {"orange": 250.0, "red": 280.0}),
    ):
        rows = tuple(
            BaselineRow(area=c, start=span[0], end=span[1], bounds=bounds, admitted=True, reason="by hand", statistics={"mean": 20.0})
            for c in codes
        )
        yield Baseline(at=at, threshold=threshold, inputs_hash=hashlib.sha256(threshold.encode()).hexdigest(), rows=rows)


def _warned(country: LoadedCountry, events: Sequence[CompoundEvent]) -> Iterator[Record]:
    """For each event that opened a warning, signed by two; an end if it ended."""
    number: dict[str, int] = {}
    for event in events:
        says = {EventChange.OPENED: "Alert", EventChange.ESCALATED: "Update", EventChange.CLOSED: "Cancel"}.get(event.change)
        if says is None or event.quiet:
            continue
        number[event.id] = number.get(event.id, 0) + 1
        yield from message(country, event, says, number[event.id])


def message(country: LoadedCountry, event: CompoundEvent, says: str, number: int) -> Iterator[Record]:
    """A message proposed, signed by two, issued, and how its SMS went."""
    warning = f"w{hashlib.sha256(event.id.encode()).hexdigest()[:16]}"
    names = country.places.areas[event.area].names
    clock = event.known.astimezone(country.timezone).strftime("%d %b %H:%M")
    bodies = _ALL_CLEAR if says == "Cancel" else _BODIES
    texts = tuple(
        RenderedText(
            language=language,
            area=event.area,
            body=body.format(**names, time=clock),
            encoding="GSM-7" if language == "en" else "UCS-2",
            segments=1 if language == "en" else 2,
            reviewed=language == "en",
            recipients=_SPEAKERS[language],
        )
        for language, body in bodies.items()
    )
    segments = sum(t.segments * t.recipients for t in texts)
    proposed = Warning(
        id=f"{warning}.{number}", warning=warning, event=event.id, rule=event.rule, shard=event.shard, area=event.area,
        message_type=says, references=tuple(f"{warning}.{n}" for n in range(1, number)), status=WarningStatus.PROPOSED, level=event.level,
        reason=event.change.value, since=event.since, known=event.known, proposed=event.known, expires=event.known + timedelta(days=14),
        texts=texts, recipients=2_000, segments=segments, cost=segments * 0.6, currency="LKR", configuration=event.configuration,
    )  # fmt: skip
    yield output_record(proposed, f"warning:{proposed.id}:proposed", proposed.proposed)
    issued_at = event.known + timedelta(minutes=15)
    status = {"Alert": WarningStatus.ISSUED, "Update": WarningStatus.UPDATED, "Cancel": WarningStatus.CANCELLED}[says]
    signatures = (
        Signature(by="N. Perera", role="duty_officer", at=event.known + timedelta(minutes=10)),
        Signature(by="S. Rajan", role="director", at=issued_at),
    )
    issued = proposed.model_copy(update={"status": status, "issued": issued_at, "signatures": signatures})
    yield output_record(issued, f"warning:{issued.id}:{status.value}", issued_at)
    for text in texts:
        for state, count in ((MessageState.DELIVERED, text.recipients - 7), (MessageState.FAILED, 5), (MessageState.UNKNOWN, 2)):
            at = issued_at + timedelta(minutes=5)
            delivery = Delivery(
                warning=warning,
                message=issued.id,
                shard=event.shard,
                area=event.area,
                language=text.language,
                state=state,
                count=count,
                at=at,
            )
            yield output_record(delivery, f"delivery:{issued.id}:{text.language}:{state.value}:1", at)
