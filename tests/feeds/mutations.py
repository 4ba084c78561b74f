"""Seeded ways of spoiling a delivery: bytes, lines, and values of JSON."""

import json
import random
from collections.abc import Callable
from typing import Any

BAD_TEXT = ["", " ", "NA", "NaN", "null", "-1", "1e400", "9" * 400, "1/1/1970", "2099-12-31", "12/31/2027", "0001-01-01", "\ud800",
            "\u2028", "\x00", "<html>", '"', ",", "२०२५", "a" * 5000]  # fmt: skip
BAD_VALUES: list[Any] = [None, True, False, [], {}, [[]], {"a": {}}, 0, -1, 1e308, -1e308, float("nan"), float("inf"), 10**400, 2**63,
                         4070908800000, "2099-01-01T00:00:00Z", "1970-01-01T00:00:00+05:45", *BAD_TEXT]  # fmt: skip
Mutation = Callable[[random.Random, bytes], bytes]


def flip_bytes(chance: random.Random, raw: bytes) -> bytes:
    """One to eight bytes become others."""
    spoilt = bytearray(raw)
    for _ in range(chance.randint(1, 8)):
        spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt)


def flip_a_bit(chance: random.Random, raw: bytes) -> bytes:
    """One bit, as a bad line does."""
    spoilt = bytearray(raw)
    spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def cut_off(chance: random.Random, raw: bytes) -> bytes:
    """The end is missing."""
    return raw[: chance.randrange(len(raw))]


def cut_out(chance: random.Random, raw: bytes) -> bytes:
    """A stretch in the middle is missing."""
    start = chance.randrange(len(raw))
    return raw[:start] + raw[start + chance.randint(1, 60) :]


def double(chance: random.Random, raw: bytes) -> bytes:
    """A stretch stands there twice."""
    start = chance.randrange(len(raw))
    length = chance.randint(1, 200)
    return raw[: start + length] + raw[start : start + length] + raw[start + length :]


def insert(chance: random.Random, raw: bytes) -> bytes:
    """Something is put in that does not belong."""
    start = chance.randrange(len(raw) + 1)
    return raw[:start] + chance.choice(BAD_TEXT).encode("utf-8", "surrogatepass") + raw[start:]


def swap_lines(chance: random.Random, raw: bytes) -> bytes:
    """Two lines change places, the first among them."""
    lines = raw.split(b"\n")
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\n".join(lines)


def spoil_fields(chance: random.Random, raw: bytes) -> bytes:
    """In a line of values with commas, two are exchanged, one is left out, doubled, or replaced."""
    lines = raw.split(b"\n")
    at = chance.randrange(len(lines))
    values = lines[at].split(b",")
    first, second = chance.randrange(len(values)), chance.randrange(len(values))
    match chance.randrange(4):
        case 0:
            values[first], values[second] = values[second], values[first]
        case 1:
            del values[first]
        case 2:
            values.insert(first, values[second])
        case _:
            values[first] = chance.choice(BAD_TEXT).encode("utf-8", "surrogatepass")
    lines[at] = b",".join(values)
    return b"\n".join(lines)


def spoil_json(chance: random.Random, raw: bytes) -> bytes:
    """Values of a JSON document are replaced, exchanged, left out, doubled, renamed, or buried deep."""
    document = json.loads(raw)
    for _ in range(chance.randint(1, 3)):
        places = list(_places(document))
        if not places:
            return json.dumps(chance.choice(BAD_VALUES)).encode()
        holder, key = chance.choice(places)
        other, its = chance.choice(places)
        match chance.randrange(6):
            case 0:
                holder[key] = chance.choice(BAD_VALUES)
            case 1:
                holder[key] = json.loads(json.dumps(other[its]))
            case 2:
                del holder[key]
            case 3 if isinstance(holder, list):
                holder.insert(key, json.loads(json.dumps(holder[key])))
            case 4 if isinstance(holder, dict):
                holder[str(key) + "_"] = holder.pop(key)
            case _:
                holder[key] = _buried(holder[key], chance.choice([3, 50]))
    return json.dumps(document).encode()


def bury(chance: random.Random, raw: bytes) -> bytes:
    """The whole document lies under more brackets than a reader can follow, or none closes them."""
    depth = chance.choice([1, 500, 100_000])
    return b"[" * depth + raw + b"]" * chance.choice([depth, 0])


ANY: tuple[Mutation, ...] = (flip_bytes, flip_a_bit, cut_off, cut_out, double, insert)
TEXT: tuple[Mutation, ...] = (*ANY, swap_lines, spoil_fields, spoil_fields, spoil_fields)
JSON: tuple[Mutation, ...] = (*ANY, spoil_json, spoil_json, spoil_json, spoil_json, spoil_json, bury)


def mutations_for(name: str) -> tuple[Mutation, ...]:
    """The ways that fit a file, by the end of its name."""
    return JSON if name.endswith("json") else TEXT if name.endswith(("csv", "tsv", "xml")) else ANY


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Every holder and key in a document, from its root down."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        node = waiting.pop()
        keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
        found += [(node, key) for key in keys]
        waiting += [node[key] for key in keys]
    return found


def _buried(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value
