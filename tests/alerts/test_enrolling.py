"""A file of people: what it would change is told first and then done, rows that cannot be taken are named, and no cell is ever said."""

import io
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from alert_places import START
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from alerts.people import enrolling, enrolment_files
from alerts.people.enrolling import ConsentOfAll, Outcome, Report, enrol_file
from alerts.people.enrolment_files import COLUMNS, FileRow, read
from alerts.people.keys import Keys
from alerts.people.person import Consent, Enrolment
from alerts.registry import Registry
from alerts.tables import subscribers
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError, RefusedError

CONSENT = ConsentOfAll(START, "enrolment-1", "committee of Gampola")
NOW = START + timedelta(days=1)
HEADER = "number,area,language\n"
Enrol = Callable[..., Report]


@pytest.fixture
def enrol(homed: Registry, country: LoadedCountry, tmp_path: Path) -> Enrol:
    """Enrol what a file holds; as text, or as bytes."""

    def run(content: str | bytes, *, apply: bool = True, drop: tuple[str, ...] = (), consent: ConsentOfAll = CONSENT) -> Report:
        file = tmp_path / "people.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return enrol_file(homed, country, read(file, drop), consent, NOW, apply=apply)

    return run


@pytest.fixture(scope="module")
def nobody() -> Iterator[Registry]:
    """A registry in memory, for what does not depend on where people are kept."""
    registry = Registry("sqlite://", Keys([b"A" * 43 + b"="], bytes(32)))
    yield registry
    registry.close()


@pytest.fixture
def judge(nobody: Registry, country: LoadedCountry, tmp_path: Path) -> Enrol:
    """Say what a file would change where nobody is yet."""

    def run(content: str | bytes, *, drop: tuple[str, ...] = (), consent: ConsentOfAll = CONSENT) -> Report:
        file = tmp_path / "people.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return enrol_file(nobody, country, read(file, drop), consent, NOW, apply=False)

    return run


def outcomes(report: Report) -> dict[str, int]:
    """What became of the rows, without what did not occur."""
    return {outcome.value: count for outcome, count in report.outcomes.items() if count}


def workbook(*rows: list[Any]) -> bytes:
    """A workbook of one sheet."""
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def test_a_dry_run_says_what_would_change_and_changes_nothing(enrol: Enrol, homed: Registry) -> None:
    """The same file says the same before and while it is done; done again, everybody is there already."""
    file = HEADER + "077 123 4567,LK21,si\n+94 77 123 4568,LK92,ta\n"
    assert outcomes(enrol(file, apply=False)) == {"new": 2}
    assert homed.counts(["LK21", "LK92"], "household") == {}
    assert outcomes(enrol(file)) == {"new": 2}
    assert homed.counts(["LK21", "LK92"], "household") == {"si": 1, "ta": 1}
    assert outcomes(enrol(file)) == {"already there": 2}


def test_each_kind_of_change_is_told_apart(enrol: Enrol, homed: Registry) -> None:
    """Who moved, reads another language, both, or differs in something else; who moved joined the new area then."""
    numbers = [f"07712345{n:02}" for n in range(5)]
    enrol(HEADER + "".join(f"{n},LK21,si\n" for n in numbers))
    homed.move("+94771234504", "LK21", START)
    changed = "number,area,language,group,needs\n" + (
        f"{numbers[0]},LK92,si,,\n{numbers[1]},LK21,ta,,\n{numbers[2]},LK92,ta,,\n{numbers[3]},LK21,si,volunteer,hearing;mobility\n"
    )
    expected = {"moved": 2, "language changed": 2, "other details changed": 1}
    assert outcomes(enrol(changed, apply=False)) == expected
    assert outcomes(enrol(changed)) == expected
    held = [homed.export(f"+94{number[1:]}")["person"] for number in numbers]
    assert [(p["area"], p["language"]) for p in held] == [("LK92", "si"), ("LK21", "ta"), ("LK92", "ta"), ("LK21", "si"), ("LK21", "si")]
    assert (held[3]["group"], held[3]["needs"]) == ("volunteer", "hearing,mobility")


def test_who_moves_by_a_file_joins_then(enrol: Enrol, homed: Registry) -> None:
    """So that the standing warning of the new area is news to them; a change of language alone makes nobody new."""
    homed.enrol(Enrolment("+94771234567", "LK21", "si", "household", Consent(START, "1", "by")), at=START)
    enrol(HEADER + "0771234567,LK21,ta\n")
    assert homed.export("+94771234567")["person"]["joined_at"] == START.isoformat()
    enrol(HEADER + "0771234567,LK92,ta\n")
    assert homed.export("+94771234567")["person"]["joined_at"] == NOW.isoformat()


def test_who_left_is_never_brought_back(enrol: Enrol, homed: Registry) -> None:
    """Neither who said STOP nor who was erased, nor who said STOP before they were ever enrolled."""
    enrol(HEADER + "0771234567,LK21,si\n0771234568,LK21,si\n")
    homed.stop("+94771234567", START)
    homed.erase("+94771234568", START)
    homed.stop("+94771234569", START)
    report = enrol(HEADER + "0771234567,LK21,si\n0771234568,LK21,si\n0771234569,LK21,si\n")
    assert outcomes(report) == {"left before, not enrolled": 3}
    assert homed.counts(["LK21"], "household") == {}


def test_what_a_person_said_since_is_not_overruled(enrol: Enrol, homed: Registry) -> None:
    """A list that was agreed to before the person moved by themselves is older than their word; one agreed to afterwards is not."""
    enrol(HEADER + "0771234567,LK21,si\n")
    homed.move("+94771234567", "LK92", START + timedelta(hours=1))
    assert outcomes(enrol(HEADER + "0771234567,LK21,si\n")) == {"kept as the person said since": 1}
    later = ConsentOfAll(START + timedelta(hours=2), "enrolment-1", "committee of Gampola")
    assert outcomes(enrol(HEADER + "0771234567,LK21,si\n", consent=later)) == {"moved": 1}


def test_a_number_that_stands_twice_counts_once_or_not_at_all(judge: Enrol) -> None:
    """Written the same or otherwise; if the rows differ nobody can tell which is right, and each is named with all its lines."""
    assert outcomes(judge(HEADER + "0771234567,LK21,si\n+94 77-123-4567,LK21,si\n")) == {"new": 1, "in the file before": 1}
    report = judge(HEADER + "0771234567,LK21,si\n0771234568,LK21,si\n0771234567,LK92,si\n")
    assert outcomes(report) == {"new": 1, "refused": 2}
    assert [refusal.line for refusal in report.refused] == [2, 4]
    assert "lines 2, 4" in report.refused[0].reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("0112345678,LK21,si", "not a mobile"),
        ("9841234567,LK21,si", "not valid"),
        ("+9779841234567,LK21,si", "another country"),
        ("+999123456789,LK21,si", "not valid"),
        (",LK21,si", "not valid"),
        ("9.47712E+10,LK21,si", "rounded"),
        ("0771234567,LK99,si", "none of the country's"),
        ("0771234567,NP0101,si", "none of the country's"),
        ("0771234567,LK21,fr", "language is none"),
        ("0771234567,LK21,", "language is none"),
        ('"=""0771234567""",LK21,si', "formula"),
        ("@SUM(A1:A9),LK21,si", "formula"),
        ("+A1,LK21,si", "formula"),
        ("0771234567,LK21,si,extra", "more cells"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named_with_its_reason(judge: Enrol, row: str, reason: str) -> None:
    """By its line; the others are taken, and what it holds is not said."""
    report = judge(HEADER + "0771234560,LK21,si\n" + row + "\n")
    assert outcomes(report) == {"new": 1, "refused": 1}
    (refusal,) = report.refused
    assert refusal.line == 3
    assert reason in refusal.reason
    assert not any(len(cell) > 3 and cell in refusal.reason for cell in row.split(","))


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("group", "king", "household, volunteer"),
        ("channel", "pigeon", "sms"),
        ("needs", "hearing sight", "mobility, hearing"),
        ("romanised", "perhaps", "yes or no"),
        ("consent_at", "yesterday", "2026-11-24"),
        ("consent_at", "2030-01-01", "future"),
        ("consent_text", "x" * 41, "too long"),
        ("consent_by", "x" * 81, "too long"),
    ],
)
def test_words_outside_their_list_are_refused_with_the_list(judge: Enrol, column: str, cell: str, reason: str) -> None:
    """A row is taken whole or not at all."""
    report = judge(f"number,area,language,{column}\n0771234567,LK21,si,{cell}\n")
    assert outcomes(report) == {"refused": 1}
    assert reason in report.refused[0].reason


def test_nobody_is_enrolled_without_their_consent(judge: Enrol) -> None:
    """Time, text and witness must be said, by the row or for all; a day without a zone is the country's."""
    assert "consent is not complete" in judge(HEADER + "0771234567,LK21,si\n", consent=ConsentOfAll()).refused[0].reason
    own = "number,area,language,consent_at,consent_text,consent_by\n0771234567,LK21,si,2025-11-01,v2,ward office\n"
    assert outcomes(judge(own, consent=ConsentOfAll())) == {"new": 1}


def test_native_digits_and_invisible_marks_are_understood(enrol: Enrol, homed: Registry, country: LoadedCountry, tmp_path: Path) -> None:
    """As keyboards and spreadsheets write them: they are one person, whichever way."""
    file = (
        HEADER + "\u202a\u0be6\u0bed\u0bed\u0be7\u0be8\u0be9\u0bea\u0beb\u0bec\u0bed\u202c,LK21,ta\n\ufeff077\u00a0123\u00a04567,LK21,ta\n"
    )
    assert outcomes(enrol(file)) == {"new": 1, "in the file before": 1}
    assert homed.export("+94771234567")["person"]["language"] == "ta"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_as_spreadsheets_save_them_are_read(judge: Enrol, encoding: str, delimiter: str) -> None:
    """With a mark of their encoding or without, with commas, semicolons or tabs, and ends of lines of any kind."""
    text = "Number,Area,Language,Consent by\r\n0771234567,LK21,si,ගම්පොල\r\n\r\n".replace(",", delimiter)
    assert outcomes(judge(text.encode(encoding))) == {"new": 1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (HEADER.encode() + "0771234567,LK21,si\nnuméro".encode("latin-1"), r"line 3: is not in UTF-8.*CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old or a protected workbook"),
        (b"PK\x03\x04" + bytes(100), "no workbook that can be read"),
        (HEADER.encode() + b"\x00\x01", "is no text"),
        (HEADER.encode() + b'"0771234567,LK21,si', "line 2: its quotes"),
        (b"number,area\n", "lacks the columns language"),
        (b"number,area,language,area\n", "columns twice: area"),
        (b"number,area,language,colour\n", "unknown columns: `colour`.*--drop"),
        (b"0771234567,LK21,si\n", "unknown columns"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(judge: Enrol, content: bytes, reason: str) -> None:
    """With the line where it begins to be wrong, and what to do."""
    with pytest.raises(ConfigurationError, match=reason) as refused:
        judge(content)
    assert "771234567" not in str(refused.value)


@pytest.mark.parametrize("column", ["name", "Full Name", "address", "house-no", "NID", "gps", "Date of birth"])
def test_columns_that_say_too_much_are_refused(judge: Enrol, column: str) -> None:
    """A name or a home must be taken out, or passed over by name; then nothing of it is read."""
    file = f"number,area,language,{column}\n0771234567,LK21,si,Somebody\n"
    with pytest.raises(ConfigurationError, match="does not keep"):
        judge(file)
    assert outcomes(judge(file, drop=(column,))) == {"new": 1}


def test_a_workbook_is_read_as_it_shows(enrol: Enrol, homed: Registry) -> None:
    """A number kept as a number has lost its zero and is understood; a formula or an error is not taken, nor its result."""
    header = ["number", "area", "language", "romanised", "consent_at"]
    report = enrol(
        workbook(
            header,
            [771234567, "LK21", "si", True, START.date()],
            [94771234568.0, "LK21", "si", None, None],
            ["=CONCATENATE(B1)", "LK21", "si", None, None],
            ["#REF!", "LK21", "si", None, None],
            [None, None, None, None, None],
        )
    )
    assert outcomes(report) == {"new": 2, "refused": 2}
    assert [refusal.line for refusal in report.refused] == [4, 5]
    assert homed.export("+94771234567")["person"]["romanised"] is True


def test_a_workbook_with_two_sheets_is_refused(judge: Enrol) -> None:
    """Nobody can tell which one was meant; an empty one beside it does no harm."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["number", "area", "language"])
    book.active.append(["0771234567", "LK21", "si"])
    other = book.create_sheet()
    packed = io.BytesIO()
    book.save(packed)
    assert outcomes(judge(packed.getvalue())) == {"new": 1}
    other.append(["0771234568", "LK21", "si"])
    book.save(packed := io.BytesIO())
    with pytest.raises(ConfigurationError, match="2 sheets"):
        judge(packed.getvalue())


def test_a_file_that_is_too_large_is_not_read(judge: Enrol, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither as it lies there nor unpacked, so that a small file cannot fill the memory."""
    packed = workbook(["number", "area", "language"], *([["0771234567", "LK21", "si"]] * 2_000))
    monkeypatch.setattr(enrolment_files, "LARGEST", len(packed) + 1)
    with pytest.raises(ConfigurationError, match="unpacks to more"):
        judge(packed)
    monkeypatch.setattr(enrolment_files, "LARGEST", 10)
    with pytest.raises(ConfigurationError, match="larger than"):
        judge(packed)


def test_many_rows_are_written_some_at_a_time(
    enrol: Enrol, homed: Registry, country: LoadedCountry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done before a failure stays, the share that is done only grows, and the same file finishes it."""
    monkeypatch.setattr(enrolling, "CHUNK", 10)
    file = tmp_path / "people.csv"
    file.write_text(HEADER + "".join(f"07712340{n:02},LK21,si\n" for n in range(35)))
    told: list[float] = []

    def failing(share: float) -> None:
        told.append(share)
        if share > 0.7:
            raise OSError("the terminal is gone")

    with pytest.raises(OSError, match="gone"):
        enrol_file(homed, country, read(file), CONSENT, NOW, apply=True, progress=failing)
    assert homed.counts(["LK21"], "household") == {"si": 20}
    report = enrol_file(homed, country, read(file), CONSENT, NOW, apply=True, progress=told.append)
    assert outcomes(report) == {"already there": 20, "new": 15}
    assert told[-1] == 1.0


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["0771234567", "0771234568", "+94771234567", "LK21", "LK92", "si", "ta", "en", "=1", "hearing", "yes", "2025-11-01", ""]
    ),
)
TABLES = st.lists(st.lists(CELLS, max_size=11), max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.permutations(COLUMNS), rows=TABLES)
def test_any_cells_are_taken_or_named(country: LoadedCountry, nobody: Registry, header: list[str], rows: list[list[str]]) -> None:
    """Whatever a table holds: what was said before is what is done, each row is counted, and no number is said."""
    found = [FileRow(line, dict(zip(header, cells, strict=False))) for line, cells in enumerate(rows, start=2)]
    dry = enrol_file(nobody, country, found, CONSENT, NOW, apply=False)
    done = enrol_file(nobody, country, found, CONSENT, NOW, apply=True)
    again = enrol_file(nobody, country, found, CONSENT, NOW, apply=False)
    with nobody.people() as connection:
        people = connection.execute(select(subscribers)).all()
        connection.execute(delete(subscribers))
    assert (dry.outcomes, dry.refused) == (done.outcomes, done.refused)
    assert done.outcomes[Outcome.NEW] + done.outcomes[Outcome.DOUBLED] + done.outcomes[Outcome.REFUSED] == len(found)
    assert done.outcomes[Outcome.NEW] == again.outcomes[Outcome.THERE] == len(people)
    assert all(person.area in country.places.areas and person.language in country.languages for person in people)
    assert "771234567" not in repr(done.refused)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: (HEADER + text).encode(errors="replace"))))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever a file holds, it comes to rows or to an error of ours that says what to do."""
    rows, error = read_or_refused(tmp_path / "people.csv", content)
    assert error is None or error.remedy
    assert all(row.line > 1 for row in rows)


def test_a_thousand_mutations_of_a_good_file_crash_nothing(country: LoadedCountry, tmp_path: Path) -> None:
    """Bytes of a workbook and of a text are changed, lost, doubled and cut off, by a seed; no error says a number."""
    chance = random.Random(7)
    table = [["number", "area", "language"], *[[f"07712345{n:02}", "LK21", "si"] for n in range(20)]]
    originals = [workbook(*table), "\n".join(",".join(row) for row in table).encode()]
    rows_read, said = 0, ""
    for turn in range(1_000):
        content = bytearray(originals[turn % 2])
        for _ in range(chance.randint(1, 8)):
            place = chance.randrange(len(content))
            if chance.random() < 0.5:
                content[place] = chance.randrange(256)
            else:
                content[place : place + chance.randint(0, 40)] = content[: chance.randint(0, 20)]
        rows, error = read_or_refused(tmp_path / "people.xlsx", bytes(content))
        rows_read += len(rows)
        said += str(error)
        for row in rows:
            try:
                enrolling.understood(row.cells, country, CONSENT, NOW)
            except RefusedError as refused:
                said += str(refused)
    assert rows_read
    assert "7712345" not in said


def read_or_refused(file: Path, content: bytes) -> tuple[list[FileRow], ConfigurationError | None]:
    """The rows of a file, or why it was not taken."""
    file.write_bytes(content)
    try:
        return read(file), None
    except ConfigurationError as error:
        return [], error
