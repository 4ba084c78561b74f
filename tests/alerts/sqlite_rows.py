"""Where in an SQLite file the values of a table's rows stand, byte by byte (https://www.sqlite.org/fileformat2.html)."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

_LEAF, _INTERIOR = 13, 5


def bytes_of(path: Path, table: str) -> list[int]:
    """The offset in the file of each byte that holds a value of the table, its type included; the rowid, of which a row has a copy that
    SQLite never reads, is left out. No other process has the file open, and no row is so long that it has pages of its own."""
    connection = sqlite3.connect(path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ? AND type = 'table'", (table,)).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    content = path.read_bytes()
    return [offset for page in _leaves(content, size, root) for offset in _values(content, page, size)]


def _leaves(content: bytes, size: int, number: int) -> Iterator[int]:
    """The offsets of the pages that hold rows, below a page."""
    page = (number - 1) * size
    if content[page] == _LEAF:
        yield page
        return
    assert content[page] == _INTERIOR
    for cell in _cells(content, page, 12):
        yield from _leaves(content, size, int.from_bytes(content[cell : cell + 4]))
    yield from _leaves(content, size, int.from_bytes(content[page + 8 : page + 12]))


def _cells(content: bytes, page: int, header: int) -> Iterator[int]:
    count = int.from_bytes(content[page + 3 : page + 5])
    for place in range(page + header, page + header + 2 * count, 2):
        yield page + int.from_bytes(content[place : place + 2])


def _values(content: bytes, page: int, size: int) -> Iterator[int]:
    for cell in _cells(content, page, 8):
        length, place = _varint(content, cell)
        assert length <= size - 35
        _, record = _varint(content, place)
        header, types = _varint(content, record)
        _, first = _varint(content, types)  # of the copy of the rowid
        yield from range(first, record + header)
        yield from range(record + header, record + length)


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """A number, and where the next one begins."""
    number = 0
    for at in range(place, place + 8):
        number = number << 7 | content[at] & 0x7F
        if content[at] < 0x80:
            return number, at + 1
    return number << 8 | content[place + 8], place + 9
