"""Sri Lanka's places and texts with a few thresholds and rules of its own, so that what tests show of it stays as it is."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
THRESHOLDS = """
river_station:
  indicator: river_level
  at: station
  kind: station_levels
  levels: {yellow: alert_level, orange: minor_flood, red: major_flood}
  for: 2 readings
  stale_after: 8 h
  roll_up: {to: adm2, by: worst, needs: half}
  document: {title: t, date: 2025-01-01, owner: o}
landslide_warning:
  indicator: landslide_warning
  at: adm3
  kind: fixed
  levels: {yellow: 1 level, orange: 2 level, red: 3 level}
  stale_after: 48 h
  roll_up: {to: adm2, by: worst, needs: half}
  document: {title: t, date: 2025-01-01, owner: o}
dengue_channel:
  indicator: dengue_cases
  at: adm2
  kind: endemic_channel
  baseline: {years: 5, weeks: own and both neighbours, needs: 4 years, sd: sample}
  levels: {orange: mean + 2 sd, red: mean + 4 sd}
  stale_after: 21 d
  horizon: 60 d
  document: {title: t, date: 2025-01-01, owner: o}
"""
RULES = """
river_flood:
  area: adm2
  dimensions: [environmental]
  when: river_station >= orange
  level: orange
  raise: {to: red, if: river_station >= red}
  text: river_flood
  ends: {otherwise_after: 14 d}
  document: {title: t, date: 2025-01-01, owner: o}
"""


def written_country(folder: Path, tests: str) -> Path:
    """Make the country's folder, with a file of rule tests."""
    left_out = shutil.ignore_patterns("cases", "tests", "thresholds.yaml", "rules.yaml", "*.geojson")
    shutil.copytree(ROOT / "countries/lka", folder, ignore=left_out, dirs_exist_ok=True)
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "thresholds.yaml").write_text(THRESHOLDS, encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    (folder / "tests/rivers.yaml").write_text(tests.lstrip("\n"), encoding="utf-8")
    return folder
