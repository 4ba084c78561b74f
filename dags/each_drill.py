"""One Airflow DAG for each country whose file names the case of a weekly drill.

Airflow passes over a file of this folder in which its own name does not stand.
"""

from dag_factory import drill_dag

from alerts.drills.schedule import planned_drills

for planned in planned_drills():
    globals()[f"{planned.country.lower()}_drill"] = drill_dag(planned.country, planned.case)
