"""Warnings as CAP 1.2: valid by the schema of OASIS, chained by sender, identifier and sent, with places that machines can draw."""

from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
import shapely
from alert_places import START, country_without_feeds
from capvalidator import check_schema
from event_makers import event, tell
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import with_messaging

from alerts import ledger
from alerts.cap.folder import FEED, CapFolder, name_of
from alerts.cap.messages import NAMESPACE, CapMessage, Writer, messages_of
from alerts.cap.shapes import MOST_VERTICES, Shapes
from alerts.marks import marked
from alerts.people.person import Consent, Enrolment
from alerts.people.synthetic import fill
from alerts.proposals import certainty_of
from alerts.registry import Registry
from alerts.service import AlertService
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_output
from schemas.errors import ConfigurationError
from schemas.inputs import Quality
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Reading
from schemas.warning_records import RenderedText, Standing, Warning, WarningStatus

IN_CAP = {"cap": NAMESPACE}


@pytest.fixture
def lived(log: EventLog, registry: Registry, country: LoadedCountry) -> list[Warning]:
    """All that was published of two warnings: one with an update and an all-clear that stood up again, one that nobody can tell of."""
    fill(registry, country, households=50)
    service = AlertService(log, registry, country)
    changes = [
        (0, event(EventChange.OPENED, Level.ORANGE)),
        (1, event(EventChange.ESCALATED, Level.RED, hours=1)),
        (2, event(EventChange.OPENED, Level.ORANGE, hours=2, area="LK31", rule="river_flood")),
        (5, event(EventChange.CLOSED, hours=5)),
        (7, event(EventChange.ESCALATED, Level.RED, hours=7)),
        (9, event(EventChange.CANNOT_TELL, Level.ORANGE, hours=9, area="LK31", rule="river_flood")),
        (11, event(EventChange.RETRACTED, hours=11)),
    ]
    for hours, change in changes:
        service.take_in(tell(log, change))
        for role in ("duty_officer", "director"):
            for waiting in service.pending():
                service.sign(waiting.id, role, role, START + timedelta(hours=hours, minutes=10))
    return [w for s in log.read("warnings") if isinstance(w := read_output(s.record), Warning)]


def documents(country: LoadedCountry, issued: list[Warning]) -> list[Xml.Element]:
    """The documents, each held against the schema first."""
    writer = Writer(country)
    written = [writer.document(message) for message in messages_of(issued, country)]
    for document in written:
        result = check_schema(document)
        assert result.passed, result.message
    return [Xml.fromstring(document) for document in written]


def text(element: Xml.Element, path: str) -> str:
    """The text of the one element at a path."""
    (found,) = element.findall(path, IN_CAP)
    return found.text or ""


def test_every_message_is_valid_and_only_what_went_out_is_written(country: LoadedCountry, lived: list[Warning]) -> None:
    """Proposals are nobody's warnings; what went out is valid by the schema, with an `<info>` for each language."""
    written = documents(country, lived)
    assert [text(w, "cap:msgType") for w in written] == ["Alert", "Update", "Alert", "Cancel", "Alert", "Update", "Cancel"]
    assert {tuple(lang.text for lang in w.findall("cap:info/cap:language", IN_CAP)) for w in written} == {("si", "ta", "en")}
    assert {text(w, "cap:status") for w in written} == {"Test"}
    assert {text(w, "cap:scope") for w in written} == {"Public"}


@pytest.mark.parametrize("standing", ["monitoring", "advisory", "official"])
def test_an_exercise_is_an_exercise_in_whosever_name(country: LoadedCountry, lived: list[Warning], standing: Standing) -> None:
    """A message whose texts are marked as an exercise has the status Exercise; without the mark the same message has not."""
    issued = next(w for w in lived if w.issued is not None)
    said = issued.model_copy(update={"standing": standing})
    texts = tuple(t.model_copy(update={"body": marked(t.body, t.language, exercise=True)}) for t in said.texts)
    written = documents(country, [said.model_copy(update={"texts": texts})])
    assert [text(w, "cap:status") for w in written] == ["Exercise"]
    assert [text(w, "cap:status") for w in documents(country, [said])] == [{"monitoring": "Test"}.get(standing, "Actual")]


def test_updates_and_cancels_resolve_to_the_alert_that_began_their_chain(country: LoadedCountry, lived: list[Warning]) -> None:
    """Each reference is sender, identifier and sent of an earlier document, and a warning that stands again begins a new chain."""
    written = documents(country, lived)
    known: dict[str, Xml.Element] = {}
    for document in written:
        references = [r for element in document.findall("cap:references", IN_CAP) for r in (element.text or "").split()]
        assert all(reference in known for reference in references)
        if text(document, "cap:msgType") == "Alert":
            assert references == []
        else:
            assert text(known[references[0]], "cap:msgType") == "Alert"
            assert [text(known[r], "cap:msgType") for r in references[1:]] == ["Update"] * (len(references) - 1)
        known[",".join(text(document, f"cap:{part}") for part in ("sender", "identifier", "sent"))] = document
    assert len(known) == len(written)


@pytest.mark.parametrize(
    ("status", "level", "certainty", "said"),
    [
        (WarningStatus.ISSUED, Level.YELLOW, "likely", ("Monitor", "Future", "Moderate", "Likely")),
        (WarningStatus.ISSUED, Level.ORANGE, "observed", ("Prepare", "Expected", "Severe", "Observed")),
        (WarningStatus.UPDATED, Level.RED, "possible", ("Execute", "Immediate", "Extreme", "Possible")),
        (WarningStatus.CANCELLED, Level.RED, "observed", ("AllClear", "Past", "Minor", "Observed")),
        (WarningStatus.CANNOT_TELL, Level.RED, "possible", ("Monitor", "Expected", "Extreme", "Possible")),
        (WarningStatus.EXPIRED, Level.ORANGE, "observed", ("Monitor", "Expected", "Severe", "Possible")),
    ],
)
def test_what_is_not_known_to_be_over_is_never_cleared(
    country: LoadedCountry, lived: list[Warning], status: WarningStatus, level: Level, certainty: str, said: tuple[str, ...]
) -> None:
    """The table of response, urgency, severity and certainty; only a known end says AllClear or Past."""
    issued = next(w for w in lived if w.issued is not None)
    (document,) = documents(country, [issued.model_copy(update={"status": status, "level": level, "certainty": certainty})])
    info = document.find("cap:info", IN_CAP)
    assert info is not None
    assert tuple(text(info, f"cap:{name}") for name in ("responseType", "urgency", "severity", "certainty")) == said


@pytest.mark.parametrize("code", ["lka", "npl"])
def test_outlines_are_short_valid_and_near_the_area(code: str) -> None:
    """At most a hundred vertices, closed, in latitude and longitude, and no less than nine tenths of the area is theirs."""
    country = country_without_feeds(code)
    shapes = Shapes(country)
    for feature in country.shapes("adm2")["features"]:
        area, outline = feature["properties"]["code"], shapely.make_valid(shapely.geometry.shape(feature["geometry"]))
        polygons = shapes.of(area)
        assert polygons
        assert all(len(polygon) <= MOST_VERTICES and polygon[0] == polygon[-1] for polygon in polygons)
        drawn = [shapely.Polygon([(lon, lat) for lat, lon in polygon]) for polygon in polygons]
        assert all(polygon.is_valid for polygon in drawn)
        assert shapely.union_all(drawn).intersection(outline).area > 0.9 * outline.area


def test_a_place_without_outline_is_named_by_its_code(country: LoadedCountry, lived: list[Warning]) -> None:
    """The P-code stands in each area, whether or not somebody drew it."""
    nowhere = next(w for w in lived if w.issued is not None).model_copy(update={"area": "LK"})
    (document,) = documents(country, [nowhere])
    area = document.find("cap:info/cap:area", IN_CAP)
    assert area is not None
    assert (text(area, "cap:geocode/cap:valueName"), text(area, "cap:geocode/cap:value")) == ("P-code", "LK")
    assert area.findall("cap:polygon", IN_CAP) == []


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=80))
def test_any_text_leaves_a_valid_document(country: LoadedCountry, body: str) -> None:
    """Whatever stands in a text, markup and control characters included, it is read back as text, but for what XML cannot hold."""
    document = Writer(country).document(CapMessage(_message(body), START.astimezone(country.timezone)))
    assert check_schema(document).passed
    read = text(Xml.fromstring(document), "cap:info/cap:description")
    assert read.replace("\r", "\n") == "".join(c if _in_xml(c) else "\ufffd" for c in body).replace("\r\n", "\n").replace("\r", "\n")


def _in_xml(character: str) -> bool:
    return character in "\t\n\r" or (character >= " " and not "\ud800" <= character <= "\udfff" and character not in "\ufffe\uffff")


def _message(body: str) -> Warning:
    rendered = RenderedText(language="en", area="LK21", body=body, encoding="UCS-2", segments=1, reviewed=False, recipients=1)
    return Warning(
        id="w1.1",
        warning="w1",
        event="e1",
        rule="river_flood",
        shard="LKA",
        area="LK21",
        message_type="Alert",
        status=WarningStatus.ISSUED,
        level=Level.RED,
        reason="opened",
        since=START,
        known=START,
        proposed=START,
        issued=START,
        expires=START + timedelta(days=1),
        texts=(rendered,),
        recipients=1,
        segments=1,
        cost=0.6,
        currency="LKR",
        configuration="c" * 64,
    )


def test_files_are_written_once_and_the_feed_names_each(country: LoadedCountry, lived: list[Warning], tmp_path: Path) -> None:
    """Written in two goes or in one, the folder is the same to the byte, and a file that is there is never touched again."""
    folder = CapFolder(tmp_path / "cap", Writer(country))
    first = folder.write(lived[:4])
    kept = {path: path.read_bytes() for path in first}
    second = folder.write(lived)
    assert folder.write(lived) == []
    assert {path: path.read_bytes() for path in first} == kept
    once = CapFolder(tmp_path / "once", Writer(country))
    names = [path.name for path in once.write(lived)]
    assert names == [path.name for path in (*first, *second)]
    assert {p.name: p.read_bytes() for p in (tmp_path / "cap").iterdir()} == {p.name: p.read_bytes() for p in (tmp_path / "once").iterdir()}
    feed = Xml.parse(tmp_path / "cap" / FEED).getroot()
    atom = "{http://www.w3.org/2005/Atom}"
    assert [link.get("href") for link in feed.findall(f"{atom}entry/{atom}link")] == names[::-1]


def test_no_byte_of_what_was_published_changes_whatever_follows(
    log: EventLog, registry: Registry, country: LoadedCountry, tmp_path: Path
) -> None:
    """An update, somebody who joins in another language, a correction, an end, a restart with other words for who speaks: each document
    and each record stays as it went out, and the registry, the log and the folder say the same of it to the byte."""
    fill(registry, country, households=50)
    writer = Writer(country)
    published: dict[str, bytes] = {}
    recorded: dict[str, bytes] = {}

    def looked_at() -> None:
        documents = {path.name: path.read_bytes() for path in (tmp_path / "cap").glob("*.xml") if path.name != FEED}
        records = {stored.record.id: stored.record.payload for stored in log.read("warnings")}
        assert {name: documents[name] for name in published} == published
        assert {name: records[name] for name in recorded} == recorded
        published.update(documents)
        recorded.update(records)

    def step(service: AlertService, *changes: CompoundEvent, hours: float) -> None:
        now = tell(log, *changes) if changes else START + timedelta(hours=hours)
        service.run_once(now)
        for role in ("duty_officer", "director"):
            for waiting in service.pending():
                service.sign(waiting.id, role, role, now)
        service.run_once(now)
        looked_at()

    service = AlertService(log, registry, country, cap=CapFolder(tmp_path / "cap", writer))
    step(service, event(EventChange.OPENED, Level.ORANGE), hours=0)
    step(service, event(EventChange.ESCALATED, Level.RED, hours=1), hours=1)
    registry.enrol(Enrolment("+94771000001", "LK21", "ne", "household", Consent(START, "t1", "office")), at=START + timedelta(hours=2))
    step(service, hours=2)
    warning = next(iter(published)).partition(".")[0]
    service.correct(warning, "Perera", "duty_officer", "wrong level", START + timedelta(hours=3), level=Level.ORANGE)
    step(service, hours=3)
    renamed = with_messaging(country, speaks_as={"en": "Another name", "si": "Another name", "ta": "Another name"})
    service.close()
    again = AlertService(log, registry, renamed, cap=CapFolder(tmp_path / "cap", Writer(renamed)))
    step(again, event(EventChange.CLOSED, hours=5), hours=5)
    with registry.reading() as connection:
        issued = ledger.in_stage(connection, ledger.ISSUED)
    in_log = {w.id: w for s in log.read("warnings") if isinstance(w := read_output(s.record), Warning) and w.issued is not None}
    assert len(published) == len(issued) == 4
    assert {w.id: w for w in issued} == in_log
    early = {name_of(m): writer.document(m) for m in messages_of(issued, country) if m.warning.message_type != "Cancel"}
    assert {name: published[name] for name in early} == early


def test_what_concerns_the_people_on_duty_alone_is_not_written(country: LoadedCountry, lived: list[Warning]) -> None:
    """A public feed carries public warnings."""
    inside = [w.model_copy(update={"audience": "operators"}) for w in lived]
    assert messages_of(inside, country) == []


def test_a_country_without_a_sender_writes_nothing(country: LoadedCountry) -> None:
    """A message must be unique in the world, so somebody must have said in whose name."""
    nameless = country.facts.model_copy(update={"cap": None})
    with pytest.raises(ConfigurationError, match="CAP sender"):
        Writer(LoadedCountry(country.folder, nameless, country.places, country.configuration, {}, country.area_languages))


@pytest.mark.parametrize(
    ("truth", "unconfirmed", "ahead", "certainty"),
    [
        (Truth.TRUE, False, -1, "observed"),
        (Truth.TRUE, False, 24, "likely"),
        (Truth.TRUE, True, 24, "possible"),
        (Truth.UNKNOWN, False, -1, "possible"),
    ],
)
def test_a_message_says_how_far_it_is_known(truth: Truth, unconfirmed: bool, ahead: int, certainty: str) -> None:
    """What was read is observed, what is foreseen is likely, what fell silent is possible."""
    end = START + timedelta(hours=ahead)
    times = {"start": end, "end": end, "received": START, "age": timedelta(0)}
    named = {"area": "lk-gauge", "indicator": "river_level", "feed": "f", "key": "k", "delivery": "d", "record": "r"}
    reading = Reading(**named, **times, value=7.1, unit="m", quality=Quality.MEASURED)
    evidence = event(EventChange.OPENED).evidence.model_copy(update={"readings": (reading,)})
    assert certainty_of(event(EventChange.OPENED, truth=truth, unconfirmed=unconfirmed, evidence=evidence)) == certainty
