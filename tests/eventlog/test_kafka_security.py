"""Who may use a log in Kafka: TLS and passwords from the environment, against a broker that asks for both and gives rights by name."""

import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import record
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kafka_broker import load

from eventlog.log import open_log
from schemas.errors import ConfigurationError, LogError

ACCOUNTS = {"keeper": "right", "guest": "right"}
"""`keeper` may do all, `guest` nothing."""


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate that signs itself, for the loopback: alone, and with its key as a broker wants it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(public)
    (folder / "broker.pem").write_bytes(private + public)
    return folder / "ca.pem", folder / "broker.pem"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """host:port of a listener that asks for TLS and a password, and the certificate to trust."""
    folder = tmp_path_factory.mktemp("guarded")
    authority, store = certificate(folder)
    starter: Any = load()
    port, door = starter.free_port(), starter.free_port()
    users = " ".join(f'user_{name}="{password}"' for name, password in ACCOUNTS.items())
    broker = starter.Broker(folder / "broker", port=port, heap_mb=256)
    listeners = f"PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{door}"
    broker.settings = {
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{broker.controller_port}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(store),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:keeper",
    }
    with broker:
        yield f"127.0.0.1:{door}", authority


@pytest.fixture
def door(guarded: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> str:
    """The guarded listener, with the environment of one who may do all."""
    address, authority = guarded
    for name, value in {
        "SECURITY_PROTOCOL": "SASL_SSL",
        "SASL_MECHANISM": "PLAIN",
        "SASL_USERNAME": "keeper",
        "SASL_PASSWORD": "right",
        "CAFILE": str(authority),
    }.items():
        monkeypatch.setenv(f"POLYRISK_KAFKA_{name}", value)
    return f"kafka://{address}/guarded"


def test_the_right_password_over_tls_opens_the_log(door: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Append, read, groups and transactions work behind TLS and a password, which may stand in a file."""
    (tmp_path / "password").write_text("right\n")
    monkeypatch.delenv("POLYRISK_KAFKA_SASL_PASSWORD")
    monkeypatch.setenv("POLYRISK_KAFKA_SASL_PASSWORD_FILE", str(tmp_path / "password"))
    log = open_log(door)
    stored = log.append([record(1)])
    consumer = log.consumer("processors", "a", ["input"])
    with log.transaction(consumer) as transaction:
        transaction.commit(consumer.poll(timeout_s=10))
    assert log.read("input") == stored
    assert log.lag("processors") == {"input": 0}
    log.close()


def test_a_wrong_password_is_told_without_being_shown(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variables to look at, and no secret."""
    monkeypatch.setenv("POLYRISK_KAFKA_SASL_PASSWORD", "guessed")
    with pytest.raises(LogError, match=r"accepts who we are.*POLYRISK_KAFKA_SASL") as told:
        open_log(door)
    assert "guessed" not in str(told.value)


def test_who_has_no_right_is_told_whom_to_ask(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing right is not taken for a missing broker or topic."""
    monkeypatch.setenv("POLYRISK_KAFKA_SASL_USERNAME", "guest")
    with pytest.raises(LogError, match="no right"):
        open_log(door)


def test_a_broker_that_is_not_trusted_is_refused(door: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A certificate that the named authority did not sign ends the attempt."""
    monkeypatch.setenv("POLYRISK_KAFKA_CAFILE", str(certificate(tmp_path)[0]))
    with pytest.raises(LogError, match="POLYRISK_KAFKA_CAFILE"):
        open_log(door)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SECURITY_PROTOCOL", "TLS", "no security protocol `TLS`"),
        ("SASL_USERNAME", "", "needs the variable POLYRISK_KAFKA_SASL_USERNAME"),
        ("SASL_PASSWORD_FILE", "/nowhere/password", "/nowhere/password: The file cannot be read"),
        ("REPLICATION", "three", "`three` is no number of copies"),
    ],
)
def test_an_environment_that_is_not_right_is_told_by_variable(
    door: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    """What is missing or misspelt is named before anything is sent."""
    monkeypatch.setenv(f"POLYRISK_KAFKA_{name}", value)
    with pytest.raises(ConfigurationError, match=told):
        open_log(f"{door}-{name}")
