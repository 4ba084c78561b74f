"""What `polyrisk table` does: reads a country's files and writes its thresholds and rules as tables."""

from pathlib import Path

import click

from console.rules_table import sheets
from polyrisk.rules_table_files import csv_text, html_text, write_csv, write_html, write_xlsx
from schemas.country_files import countries_root, load_country

FORMATS = ("csv", "xlsx", "html")


def table(country: str, form: str | None, out: Path | None) -> None:
    """Print the tables, or write them.

    Args:
        country: a folder's name below `countries/`, or a folder. form: of `FORMATS`; by default as the name of `out` ends, else CSV.

    Raises:
        ConfigurationError: the country has findings, or the file cannot be written.
        UsageError: a workbook is to be printed, or the file's ending says no form.
    """
    folder = Path(country) if Path(country, "country.yaml").is_file() else countries_root() / country
    form = form or (out.suffix.lstrip(".").lower() if out is not None else "csv")
    if form not in FORMATS:
        raise click.UsageError(f"--out {out}: its name ends in none of {', '.join(FORMATS)}; say which by --format.")
    if out is None and form == "xlsx":
        raise click.UsageError("A workbook is no text: name a file with --out.")
    loaded = load_country(folder)
    made = sheets(loaded)
    if out is None:
        click.echo(html_text(made, loaded) if form == "html" else "\n".join(csv_text(sheet) for sheet in made), nl=False)
        return
    files = {"csv": lambda: write_csv(made, out), "xlsx": lambda: write_xlsx(made, out), "html": lambda: write_html(made, loaded, out)}
    for file in files[form]():
        click.echo(str(file))
