"""A backtest as one HTML page that stands by itself: no script, no font, no picture from elsewhere."""

from collections.abc import Mapping, Sequence

from jinja2 import Environment
from matplotlib.figure import Figure
from rich.table import Table
from rich.text import Text

from console.backtest_pictures import svg
from console.backtest_report import Report
from console.backtest_tables import verdict

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Backtest of {{ country }}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1c1c1c; background: #fff }
.verdict { font-size: 1.15rem; font-weight: 600; border-left: .4rem solid #b3401f; padding: .4rem .8rem; background: #fbf3ef }
div.wide { overflow-x: auto } table { border-collapse: collapse; margin: 1.4rem 0 .3rem; font-size: .87rem }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem } th, td { border-bottom: 1px solid #ccc; padding: .25rem .6rem }
th { text-align: left }
td { text-align: right; white-space: nowrap } td:first-child { text-align: left }
svg { max-width: 100%; height: auto }
small, li { color: #444 }
</style></head><body>
<p class="verdict">{{ verdict }}</p>
<h1>Backtest of {{ country }}</h1>
<p>{{ readings }} readings received from {{ first }} to {{ last }}, judged by configuration {{ hash }} as of what was known then.
{% for note in notes %}{{ note }} {% endfor %}</p>
{% for picture in pictures %}<figure>{{ picture | safe }}</figure>{% endfor %}
{% for table in tables %}<div class="wide"><table><caption>{{ table.title }}</caption>
<thead><tr>{% for name in table.columns %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in table.rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</tbody></table></div>
{% if table.note %}<small>{{ table.note }}</small>{% endif %}{% endfor %}
<h2>How to read it</h2><ul>
<li>POD: the share of events that had a warning in time. FAR: the share of warnings that met no event (a ratio of warnings, not a rate).
CSI: of all that was warned or happened, the share that was both. Bias: warnings for each event.</li>
<li>“Cannot tell” is counted by itself: the sources were silent or there was too little history. It is never a “no”.</li>
<li>Intervals are of 90 %, from {{ replicates }} draws of whole years with replacement; of few years they are wide, of one there is none.
</li>
<li>Persistence forecasts for each area and week what happened in the week before, and is taken to know it at once; climatology forecasts
the share of weeks of that month of the year with an event in that area in all other years.</li>
<li>Lead is from when a warning could have been given, by what was known then, to the event's start; signatures take their own time.</li>
</ul></body></html>
"""


def page(found: Report, drawn: Mapping[str, Figure], tables: Sequence[object], notes: Sequence[str] = ()) -> str:
    """The page."""
    from processors.verification import REPLICATES

    template = Environment(autoescape=True).from_string(_PAGE)
    return template.render(
        country=found.country,
        verdict=verdict(found),
        readings=f"{found.outcome.readings:,}",
        first=f"{found.outcome.first:%Y-%m-%d}",
        last=f"{found.outcome.last:%Y-%m-%d}",
        hash=found.outcome.configuration[:12],
        notes=notes,
        pictures=[svg(figure) for figure in drawn.values()],
        tables=[_plain(table) for table in tables if isinstance(table, Table)],
        replicates=REPLICATES,
    )


def _plain(table: Table) -> dict[str, object]:
    """A table of the terminal as texts."""
    columns = [list(column.cells) for column in table.columns]
    rows = [[Text.from_markup(str(cell)).plain for cell in row] for row in zip(*columns, strict=True)]
    names = [Text.from_markup(str(column.header)).plain for column in table.columns]
    return {"title": str(table.title or ""), "note": str(table.caption or ""), "columns": names, "rows": rows}
