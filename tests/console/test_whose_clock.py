"""Each page says at its foot whose clock its times are: nobody at a machine abroad takes them for their own."""

import pytest

from schemas.country_files import CHECKOUT

TEMPLATES = CHECKOUT / "console" / "templates"
FEET = sorted(path.name for path in TEMPLATES.glob("*.html") if "{% block footer %}" in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FEET)
def test_a_foot_of_its_own_says_whose_clock_it_is(name: str) -> None:
    """Whatever else it says, be it on a page of accounts or of one telephone number."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    foot = text.partition("{% block footer %}")[2].partition("{% endblock %}")[0]
    if "planner_foot.html" in foot:
        foot = (TEMPLATES / "planner_foot.html").read_text(encoding="utf-8")
    assert "Times are the local clock of {country}" in foot
