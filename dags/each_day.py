"""The Airflow DAGs of each day that no feed has to do with.

Airflow passes over a file of this folder in which its own name does not stand.
"""

from dag_factory import retention_dag

registry_retention = retention_dag()
