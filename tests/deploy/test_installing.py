"""What the administrator's page says to type: each command is one that there is, and each file of the checkout is there."""

import re
import shlex

import pytest
from deployed import understood

from schemas.country_files import CHECKOUT

PAGE = (CHECKOUT / "docs" / "installing.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
TYPED = [part.strip() for line in LINES for part in re.split(r"&&|;", line.partition(" #")[0])]
OURS = [words for words in TYPED if words.startswith("polyrisk ")]


@pytest.mark.parametrize("words", OURS)
def test_each_command_is_one_that_there_is(words: str) -> None:
    """With these options."""
    understood(shlex.split(words)[1:])


def test_there_are_commands_to_look_at() -> None:
    """The test above is worth nothing if the page is read wrongly."""
    assert {words.split()[1] for words in OURS} >= {"backup", "restore", "status", "people", "warnings"}


def test_each_file_that_is_copied_is_there() -> None:
    """A step that fails in the middle of an installation is a bad beginning."""
    named = {word for line in LINES for word in shlex.split(line, comments=True) if word.startswith("deploy/") and "secrets" not in word}
    assert len(named) > 4
    for word in named:
        assert list(CHECKOUT.glob(word.rstrip("/"))), word
