"""How the Kafka home reaches its brokers: the URL, TLS and SASL from the environment, clients, and what their errors mean to a person."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka import errors as kafka_errors
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from schemas.errors import ConfigurationError, FencedError, LogError

PATIENCE_S = 30.0
"""How long a call waits for brokers that do not answer, such as one that is started again."""
BOOTSTRAP_S = 5.0
"""How long opening a log waits for the first broker."""
TRANSACTION_S = 20.0
"""After this the broker ends a transaction whose process died; until then it hides what came after it in its partitions."""
MAX_RECORD = 32 * 1024 * 1024
"""The largest record, in bytes: a delivery of some hundred thousand readings."""
RETRY_MS = 5
"""Between two tries of one request. A transaction waits for it at least once, so it is the floor of its latency."""
_T = TypeVar("_T")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,150}")
_ENVIRONMENT = {
    "POLYRISK_KAFKA_SECURITY_PROTOCOL": "security_protocol",
    "POLYRISK_KAFKA_SASL_MECHANISM": "sasl_mechanism",
    "POLYRISK_KAFKA_SASL_USERNAME": "sasl_plain_username",
    "POLYRISK_KAFKA_SASL_PASSWORD": "sasl_plain_password",
    "POLYRISK_KAFKA_CAFILE": "ssl_cafile",
    "POLYRISK_KAFKA_CERTFILE": "ssl_certfile",
    "POLYRISK_KAFKA_KEYFILE": "ssl_keyfile",
    "POLYRISK_KAFKA_KEY_PASSWORD": "ssl_password",
}
"""Variable to the client's setting. Each may also be given as a file, under the variable's name with `_FILE`."""
_SECRETS = ("POLYRISK_KAFKA_SASL_PASSWORD", "POLYRISK_KAFKA_KEY_PASSWORD")


@dataclass(frozen=True)
class Place:
    """Where a log is: `kafka://host:port[,host:port]/name`.

    Attributes:
        servers: host:port of one or more brokers. name: what its topics, groups and transactions begin with.
        security: the client's settings of TLS and SASL; never shown.
    """

    servers: tuple[str, ...]
    name: str
    security: dict[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"kafka://{','.join(self.servers)}/{self.name}"

    def topic(self, topic: str) -> str:
        """Kafka's name of a topic of the log."""
        return f"{self.name}.{topic}"


def place_of(url: str) -> Place:
    """The place that a URL names, with TLS and SASL as the environment says.

    Raises:
        ConfigurationError: the URL names no brokers or no log, or the environment is not right.
    """
    brokers, _, name = url.removeprefix("kafka://").partition("/")
    servers = tuple(server for server in brokers.split(",") if server)
    if not url.startswith("kafka://") or not servers or any(not re.fullmatch(r"[^:/@]+:\d+", server) for server in servers):
        raise ConfigurationError("The log's URL names no brokers.", where=url, remedy="Write `kafka://host:port/name`.")
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            "The log's URL names no log.",
            where=url,
            remedy="Write `kafka://host:port/name`; the name has letters, digits, `.`, `_` and `-`.",
        )
    return Place(servers, name, _security())


def _security() -> dict[str, str]:
    found = {setting: value for variable, setting in _ENVIRONMENT.items() if (value := _variable(variable))}
    protocol = found.get("security_protocol", "PLAINTEXT")
    if protocol not in ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"):
        raise ConfigurationError(
            f"There is no security protocol `{protocol}`.",
            where="POLYRISK_KAFKA_SECURITY_PROTOCOL",
            remedy="Write PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.",
        )
    for needed in ("sasl_mechanism", "sasl_plain_username", "sasl_plain_password"):
        if protocol.startswith("SASL") and needed not in found:
            variable = next(name for name, setting in _ENVIRONMENT.items() if setting == needed)
            raise ConfigurationError(
                f"{protocol} needs the variable {variable}.", where=variable, remedy="Set it, or write it into a file."
            )
    return found


def _variable(name: str) -> str:
    path = os.environ.get(f"{name}_FILE") if name in _SECRETS else None
    if not path:
        return os.environ.get(name, "")
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ConfigurationError(f"The file cannot be read: {error.strerror}.", where=f"{name}_FILE={path}") from error


class Clients:
    """Makes Kafka clients for one log, all with the same settings."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._common: dict[str, Any] = {
            "bootstrap_servers": list(place.servers),
            "client_id": f"polyrisk-{place.name}",
            "retry_backoff_ms": RETRY_MS,
            "reconnect_backoff_ms": 20,
            "reconnect_backoff_max_ms": 500,
            "request_timeout_ms": 10_000,
            "bootstrap_timeout_ms": int(BOOTSTRAP_S * 1000),
            "receive_message_max_bytes": 4 * MAX_RECORD,
            **place.security,
        }

    def admin(self) -> Any:
        """A client for topics, offsets and members."""
        with told(self.place):
            return KafkaAdminClient(**self._common)

    def reader(self, group: str | None = None, **more: Any) -> Any:
        """A client that reads what is committed. With a group it knows that group's offsets; it joins only if it subscribes."""
        settings: dict[str, Any] = {
            "group_id": group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "isolation_level": "read_committed",
            "max_poll_records": 20_000,
            "max_partition_fetch_bytes": 4 * 1024 * 1024,
            "allow_auto_create_topics": False,
            "metrics_enabled": False,
        }
        with told(self.place):
            return KafkaConsumer(**{**self._common, **settings, **more})

    def producer(self, transactional_id: str) -> Any:
        """A client that writes in transactions. What it raises is Kafka's own, for the writer to judge."""
        return KafkaProducer(
            transactional_id=transactional_id,
            transaction_timeout_ms=int(TRANSACTION_S * 1000),
            delivery_timeout_ms=int(PATIENCE_S * 1000),
            max_block_ms=int(PATIENCE_S * 1000),
            # Without waiting a little, nearly each record would be a request of its own; the end of a transaction does not wait for it.
            linger_ms=5,
            batch_size=512 * 1024,
            max_request_size=MAX_RECORD,
            allow_auto_create_topics=False,
            metrics_enabled=False,
            **self._common,
        )


def patiently(call: Callable[[], _T]) -> _T:
    """Call until brokers answer, for `PATIENCE_S`; an administrator's client does not wait for them by itself."""
    tries = Retrying(
        retry=retry_if_exception_type(kafka_errors.RetriableError),
        stop=stop_after_delay(PATIENCE_S),
        wait=wait_random_exponential(0.01, 0.5),
        reraise=True,
    )
    return tries(call)


@contextmanager
def told(place: Place, topic: str = "") -> Iterator[None]:
    """Turn what a client raises into an error that a person can act on."""
    try:
        yield
    except kafka_errors.KafkaError as error:
        raise log_error(error, place, topic) from error


def log_error(error: BaseException, place: Place, topic: str = "") -> LogError:
    """What a client's error means, where, and what to do."""
    where = f"{place}, topic {place.topic(topic)}" if topic else str(place)
    if isinstance(error, kafka_errors.RetriableError) and place.security.get("security_protocol", "PLAINTEXT") != "PLAINTEXT":
        # A client that is turned away at the door is told no more than that the connection ended.
        what = f"No broker answers, or none accepts who we are ({_short(error)})."
        return LogError(
            what, where=where, remedy="Start it, correct the log's URL, or check POLYRISK_KAFKA_SASL_* and POLYRISK_KAFKA_CAFILE."
        )
    for kinds, what, remedy in _MEANINGS:
        if isinstance(error, kinds):
            kind = FencedError if isinstance(error, kafka_errors.FencedInstanceIdError) else LogError
            return kind(what.format(error=_short(error)), where=where, remedy=remedy)
    return LogError(f"Kafka answers: {_short(error)}.", where=where)


def _short(error: BaseException) -> str:
    return (str(error) or type(error).__name__).rstrip(".")[:300]


_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], str, str], ...] = (
    (
        (kafka_errors.SaslAuthenticationFailedError, kafka_errors.UnsupportedSaslMechanismError, kafka_errors.IllegalSaslStateError),
        "The broker does not accept who we are.",
        "Check POLYRISK_KAFKA_SASL_MECHANISM, _SASL_USERNAME and _SASL_PASSWORD.",
    ),
    (
        (kafka_errors.AuthorizationError,),
        "The broker refuses: we have no right to do this ({error}).",
        "Ask its administrator for rights on the log's topics, groups and transactional ids; deploy/kafka/README.md lists them.",
    ),
    (
        (kafka_errors.UnknownTopicOrPartitionError,),
        "A topic of the log is missing.",
        "Let us create topics, or create it as deploy/kafka/README.md says.",
    ),
    (
        (kafka_errors.MessageSizeTooLargeError, kafka_errors.RecordListTooLargeError),
        "A record is larger than the broker takes.",
        f"Split it, or raise the topic's max.message.bytes; ours are created with {MAX_RECORD}.",
    ),
    (
        (kafka_errors.FencedInstanceIdError,),
        "The member was replaced.",
        "It has committed nothing since; open a new consumer to go on.",
    ),
    (
        (kafka_errors.InvalidSessionTimeoutError,),
        "The broker does not allow a session of this length.",
        "Choose one between its group.min.session.timeout.ms and group.max.session.timeout.ms.",
    ),
    (
        (kafka_errors.InvalidReplicationFactorError,),
        "There are fewer brokers than copies are asked for.",
        "Set POLYRISK_KAFKA_REPLICATION to what the cluster has.",
    ),
    (
        (kafka_errors.NotEnoughReplicasError, kafka_errors.NotEnoughReplicasAfterAppendError),
        "Too few brokers hold a copy, so nothing may be written now.",
        "Bring the cluster's other brokers back.",
    ),
    (
        (kafka_errors.RetriableError,),
        "No broker answers ({error}).",
        "Start it, or correct the log's URL.",
    ),
)
