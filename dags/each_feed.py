"""One Airflow DAG for each feed: its manifest is all that it takes.

Airflow passes over a file of this folder in which its own name does not stand.
"""

from dag_factory import feed_dag

from feeds.schedule import planned_feeds

for planned in planned_feeds():
    globals()[planned.feed] = feed_dag(planned)
