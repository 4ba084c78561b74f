"""The chain of the journal: whatever is done to its rows is found, and named by its place."""

import hashlib
import random

import pytest
from chains import anchors, chain, found, linked
from hypothesis import given
from hypothesis import strategies as st

from alerts.chain import GENESIS, Entry, Wrong, verify

LENGTH = 30
ROWS = chain(LENGTH)
COLUMNS = Entry._fields[1:]


def test_a_whole_chain_has_no_findings() -> None:
    """It says how many steps there are, how it ends, and up to where the event log agrees."""
    verified = verify(ROWS, anchors(ROWS, 4, 20))
    assert (verified.steps, verified.head, verified.anchored, verified.findings) == (LENGTH, ROWS[-1], 20, ())
    assert verify([], []).head is None


def test_a_hash_can_be_computed_by_anybody() -> None:
    """SHA-256 over the columns as a JSON array without spaces, in ASCII; the first step follows sixty-four zeros."""
    row = ROWS[0]
    text = f'[1,"{row.at}","person 1","duty_officer","signed","w1.1","{{}}","{"0" * 64}"]'
    assert row.hash == hashlib.sha256(text.encode()).hexdigest()
    assert row.previous == GENESIS == "0" * 64
    assert ROWS[1].previous == row.hash


@pytest.mark.parametrize("column", COLUMNS)
def test_each_column_of_each_row_is_covered(column: str) -> None:
    """One character of it changed, and the row is named as edited, with no anchor at all."""
    chance = random.Random(column)
    for at, row in enumerate(ROWS):
        text = getattr(row, column)
        place = chance.randrange(len(text))
        changed = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        assert found([*ROWS[:at], row._replace(**{column: changed}), *ROWS[at + 1 :]]) == [(Wrong.EDITED, row.place, row.place)]


@pytest.mark.parametrize("damaged", [None, b"person 7", 7, 7.0, "person \udcff"])
def test_what_is_no_text_any_more_is_not_taken_for_one(damaged: object) -> None:
    """A column of a damaged file may hold anything."""
    rows = [*ROWS[:6], ROWS[6]._replace(actor=damaged), *ROWS[7:]]  # type: ignore[arg-type]
    assert found(rows) == [(Wrong.EDITED, 7, 7)]


def test_rows_taken_out_leave_a_gap() -> None:
    """In the middle and at the beginning they are missed by their places."""
    assert found([*ROWS[:9], *ROWS[12:]]) == [(Wrong.DELETED, 10, 12)]
    assert found(ROWS[3:]) == [(Wrong.DELETED, 1, 3)]


def test_a_tail_cut_off_is_found_by_its_anchor() -> None:
    """The chain alone is whole; the event log knows that it was longer."""
    assert found(ROWS[:20]) == []
    assert found(ROWS[:20], anchors(ROWS, 10, 25)) == [(Wrong.CUT, 21, 25)]
    assert found([], anchors(ROWS, 25)) == [(Wrong.CUT, 1, 25)]


def test_rows_that_change_places_are_found_as_moved() -> None:
    """Both are whole and stand where they were not written."""
    rows = [*ROWS[:4], ROWS[17]._replace(place=5), *ROWS[5:17], ROWS[4]._replace(place=18), *ROWS[18:]]
    assert found(rows) == [(Wrong.MOVED, 5, 5), (Wrong.MOVED, 18, 18)]


def test_a_row_put_in_between_is_found() -> None:
    """All after it stand one further on than they were written; if it was given a right hash, it is named itself."""
    made_up = linked([ROWS[9]._replace(actor="nobody")], ROWS[8].hash)
    pushed = [row._replace(place=row.place + 1) for row in ROWS[9:]]
    assert found([*ROWS[:9], *made_up, *pushed]) == [(Wrong.INSERTED, 10, 10), (Wrong.MOVED, 11, LENGTH + 1)]
    careless = made_up[0]._replace(hash="f" * 64)
    assert found([*ROWS[:9], careless, *pushed]) == [(Wrong.EDITED, 10, 10), (Wrong.MOVED, 11, LENGTH + 1)]
    assert found([ROWS[0]._replace(place=0), *ROWS]) == [(Wrong.INSERTED, 0, 0)]
    assert found([*ROWS[:9], ROWS[8], *ROWS[9:]]) == [(Wrong.INSERTED, 9, 9)]


def test_one_row_written_anew_with_a_right_hash_no_longer_has_a_follower() -> None:
    """The next row names the hash that was there before."""
    rows = [*ROWS[:9], *linked([ROWS[9]._replace(actor="nobody")], ROWS[8].hash), *ROWS[10:]]
    assert found(rows) == [(Wrong.REPLACED, 11, 11)]


def test_a_chain_written_anew_with_right_hashes_is_found_by_its_anchors() -> None:
    """It is whole in itself; the anchors say up to where it is the old one, and the first that disagrees is named, not each."""
    rows = [*ROWS[:9], *linked([ROWS[9]._replace(actor="nobody"), *ROWS[10:]], ROWS[8].hash)]
    assert found(rows) == []
    verified = verify(rows, anchors(ROWS, 5, 8, 14, 20, LENGTH))
    assert [(finding.wrong, finding.first, finding.last) for finding in verified.findings] == [(Wrong.REWRITTEN, 9, 14)]
    assert verified.anchored == 8


def test_anchors_that_disagree_are_found() -> None:
    """A journal that went on from an older copy of the database: one of its places has two hashes."""
    other = [*ROWS[:20], *linked([row._replace(actor="nobody") for row in ROWS[20:]], ROWS[19].hash)]
    assert found(other, [*anchors(ROWS, 22), *anchors(other, 22, LENGTH)]) == [(Wrong.ANCHORS, 22, 22)]


def test_findings_read_as_sentences() -> None:
    """Each kind names its place, or from where to where, and what is wrong there."""
    verified = verify([*ROWS[:4], ROWS[4]._replace(actor="x"), *ROWS[7:20]], anchors(ROWS))
    assert [str(finding) for finding in verified.findings] == [
        "place 5: edited: not what the hash beside it says: a column was changed",
        "places 6 to 7: deleted: nothing stands there any more",
        "places 21 to 30: cut: the end of the journal is missing, which the event log has anchored",
    ]


@st.composite
def other_chains(draw: st.DrawFn) -> list[Entry]:
    """What somebody may have made of the chain who can write any row, with right hashes too, but not the event log."""
    rows = list(ROWS)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(rows) - 1)))
        match draw(st.sampled_from(("take out", "change", "exchange", "repeat", "cut", "renumber", "link anew"))):
            case "take out":
                del rows[at : at + 1]
            case "change" if rows:
                column = draw(st.sampled_from(COLUMNS))
                rows[at] = rows[at]._replace(**{column: draw(st.sampled_from(("", "0", "somebody", GENESIS)))})
            case "exchange" if rows:
                rows[at], rows[-1] = rows[-1]._replace(place=rows[at].place), rows[at]._replace(place=rows[-1].place)
            case "repeat" if rows:
                rows.insert(at, rows[at])
            case "cut":
                del rows[at:]
            case "renumber":
                rows = [row._replace(place=place) for place, row in enumerate(rows, start=1)]
            case "link anew":
                rows[at:] = linked(rows[at:], rows[at - 1].hash if at else GENESIS)
    return sorted(rows, key=lambda row: row.place)


@given(other_chains(), st.sets(st.integers(1, LENGTH - 1)))
def test_no_other_chain_agrees_with_the_anchor_of_the_newest_step(rows: list[Entry], places: set[int]) -> None:
    """Whatever was made of it, and whichever else was anchored: it is the same chain, or something is found."""
    verified = verify(rows, anchors(ROWS, LENGTH, *places))
    assert bool(verified.findings) is (rows != ROWS)
