"""Files that people wrote badly: each is a clear finding with its line, never a traceback and never a machine that runs out of memory."""

import os
import random
import shutil
from pathlib import Path

import pytest

from schemas.country_files import findings
from schemas.errors import ConfigurationError
from schemas.findings import Finding
from schemas.rule_test_files import findings_of_tests
from schemas.yaml_files import SIZE_LIMIT, YamlFile

SMALL = Path(__file__).parents[1] / "countries" / "small"
MUTATIONS = int(os.environ.get("POLYRISK_MUTATIONS", "400"))
"""How many are tried; ten thousand take some fifteen minutes of one core."""
LAUGHS = "\n".join(
    ["a: &a [x, x, x, x, x, x, x, x, x]", *(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True))]
)

BAD = {
    "latin-1": (
        "name: a\ntitle: K\u00fcste\n".encode("latin-1"),
        ":2:9: is not UTF-8: it has the byte 0xfc here. Save it as UTF-8 in the editor.",
    ),
    "utf-16": ("name: a\n".encode("utf-16"), ":1:1: is not UTF-8: it has the byte 0xff here."),
    "control": (b"name: a\ntitle: b\x07c\n", ":2:9: has a character that no text has (code 7). Delete it."),
    "tab": (b"name:\n\ta: 1\n", ":2:1: is not YAML: found character '\\t' that cannot start any token."),
    "double": (b"name: a\nname: b\n", ':2:1: is not YAML: found duplicate key "name" with value "b" (original value: "a").'),
    "open": (b"name: [a, b\n", ":2:1: is not YAML: expected ',' or ']', but got '<stream end>'."),
    "key": (b"name: a\n? - {b: c}\n: d\n", ":2: has a list or a mapping where a key belongs. Write a word before the colon, and no `?`."),
    "version": (b"name: a\n%YAML 3.0\nb: c\n", ": is YAML of a version that is not known: (3, 0). Leave `%YAML` out."),
    "no-such-day": (b"since: 2025-13-45\n", ": is not YAML that can be read: month must be in 1..12."),
    "large": (b"a: " + b"x" * SIZE_LIMIT, f": has {SIZE_LIMIT + 3} bytes; no file that people write here has more than {SIZE_LIMIT}."),
    "exploding": (LAUGHS.encode(), ": stands for more than 200000 values. Write out what `*` repeats, or split the file."),
    "deep by indent": (b"".join(b" " * n + b"a:\n" for n in range(1000)), ": is nested too deeply."),
    "deep": (b"a: " + b"[" * 5000, ":1:104: is nested deeper than 100 brackets."),
}


@pytest.mark.parametrize("name", list(BAD))
def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    """The file, the line where it has one, what is wrong, and what to do."""
    content, said = BAD[name]
    path = tmp_path / "rules.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        YamlFile(path, tmp_path)
    assert str(raised.value).startswith(f"rules.yaml{said}")


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    """Some editors write one before everything."""
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: a\n")
    assert YamlFile(path).data == {"name": "a"}


def test_anchors_that_repeat_a_little_are_fine(tmp_path: Path) -> None:
    """`&` and `*` are for documents that several rules share."""
    path = tmp_path / "rules.yaml"
    path.write_text("a: &document {title: t}\nb: *document\n", encoding="utf-8")
    assert YamlFile(path).data["b"] == {"title": "t"}


@pytest.fixture
def country(tmp_path: Path) -> Path:
    """A small invented country with a rule test."""
    shutil.copytree(SMALL, tmp_path / "small")
    folder = tmp_path / "small/countries/xya"
    (folder / "tests").mkdir()
    (folder / "tests/floods.yaml").write_text(TEST.lstrip("\n"), encoding="utf-8")
    return folder


TEST = """
a_flood:
  rules: flood
  shows: unknown
  start: 2025-11-27T00:00+05:30
  step: 1 h
  series:
    - {place: xa-bridge, indicator: river_level, values: 3.0x3 5.0+1.0x3 _ null}
  expect:
    - at: 7 h
      truths: [{area: XA11, is: unknown}]
"""


def found_in(folder: Path) -> list[Finding]:
    feeds = folder.parent.parent / "feeds"
    return [*findings(folder, feeds), *findings_of_tests(folder, feeds)]


def test_a_code_that_lost_its_quotes_is_a_number(country: Path) -> None:
    """A P-code of digits alone is a number to YAML, without the zeros it begins with."""
    path = country / "tests/floods.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("area: XA11", "area: 0328"), encoding="utf-8")
    (said,) = [str(f) for f in found_in(country) if f.file.endswith("floods.yaml")]
    assert said == (
        "countries/xya/tests/floods.yaml:10:17: a_flood.expect.0.truths.0.area: `328` is a number to YAML, and a text is asked for. "
        "Write it in quotes, with the zeros it begins with."
    )


def test_a_folder_of_time_zones_is_no_time_zone(country: Path) -> None:
    """`Asia` stands in the data base of zones, as a folder: found by a mutation of a file."""
    path = country / "country.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("Asia/Colombo", "Asia"), encoding="utf-8")
    (said,) = [str(f) for f in found_in(country) if f.file.endswith("country.yaml")]
    assert "`Asia` is not an IANA time zone such as `Asia/Colombo`" in said


_TOKENS = [
    b"\t", b": ", b"- ", b"{", b"}", b"[", b"]", b"&a ", b"*a", b"!!int ", b"!!binary ", b"'", b'"', b"#", b"|", b">", b"\x00", b"\xff",
    b"0x1", b"null", b"~", b"1e999", b".inf", b".nan", b"2025-13-45", b"? ", b"---\n", b"...\n", b"<<: *a", b"%YAML 3.0\n", b"0", b"-1",
    b"true", b"9" * 30,
]  # fmt: skip


def mutated(text: bytes, chance: random.Random) -> bytes:
    """A text with one to three slips: bytes, words or lines cut out, doubled, exchanged, or something put in between."""
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randint(1, 12))
        lines, words = text.split(b"\n"), text.split(b" ")
        line, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(7):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:start] + text[start:end] * 2 + text[end:]
            case 2:
                text = text[:start] + chance.choice(_TOKENS) + text[start:]
            case 3:
                lines[line], lines[other] = lines[other], lines[line]
                text = b"\n".join(lines)
            case 4:
                lines[line] = b" " * chance.randint(0, 5) + lines[line].lstrip()
                text = b"\n".join(lines)
            case 5:
                text = b"\n".join(lines[:line] + lines[line + 1 :])
            case 6:
                words[chance.randrange(len(words))] = chance.choice([*_TOKENS, *words])
                text = b" ".join(words)
    return text


def test_no_mutation_of_a_good_file_ends_in_a_traceback(country: Path) -> None:
    """Whatever slips into a file, the answer is findings, or none if it still means something."""
    chance = random.Random(7)
    texts = {path: path.read_bytes() for path in sorted([*country.glob("*.yaml"), *country.glob("tests/*.yaml")])}
    refused = 0
    for number in range(MUTATIONS):
        path = chance.choice(list(texts))
        slipped = mutated(texts[path], chance)
        path.write_bytes(slipped)
        try:
            refused += bool(found_in(country))
        except Exception as error:
            raise AssertionError(f"mutation {number} of {path.name}: {slipped!r}") from error
        path.write_bytes(texts[path])
    assert refused > MUTATIONS // 2
