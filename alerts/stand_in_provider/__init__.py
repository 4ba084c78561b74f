"""A stand-in for Twilio on this machine: stateful, with the limits and the faults that the real one can have.

For demonstrations, drills and tests. It keeps its own record of what it accepted, so that "each person exactly once" can be checked at
the only place that counts. Its requests and answers can be held against Twilio's own OpenAPI (`specification`).
"""

from alerts.stand_in_provider.book import AcceptedMessage
from alerts.stand_in_provider.process import StandInProcess
from alerts.stand_in_provider.rules import ACCOUNT_SID, AUTH_TOKEN, Limits
from alerts.stand_in_provider.server import Mode, StandInProvider

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "AcceptedMessage", "Limits", "Mode", "StandInProcess", "StandInProvider"]
