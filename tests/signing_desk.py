"""A console with officers who have signed in, over a registry and a log that tests fill. How they sign in is tried elsewhere."""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from alerts.channels.contract import Channel
from alerts.officers import accounts, sessions
from alerts.officers.officer import ConsoleRole, Grant
from alerts.officers.sessions import Stage
from alerts.people.keys import Keys
from alerts.people.person import Consent, Enrolment, Need
from alerts.registry import Registry
from alerts.service import AlertService
from console.pages import create_app
from console.planner_histories import Source
from console.screenshot import served
from eventlog.log import EventLog, open_log
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.envelopes import output_record, read_output
from schemas.outputs import CompoundEvent
from schemas.topics import WARNINGS
from schemas.warning_records import Warning

DUTY = Grant(ConsoleRole.OPERATOR, "LKA", "duty_officer")
FIRST = Grant(ConsoleRole.APPROVER, "LKA", "duty_officer")
SECOND = Grant(ConsoleRole.APPROVER, "LKA", "director")
LANGUAGES = ("en", "si", "ta")


@dataclass
class Desk:
    """A console over a registry and a log, at a moment that tests move.

    Attributes:
        registry_url: of an empty database; a SQLite file in the folder if none is said. app: what is served.
        histories: that planners may choose from; by default the country's cases.
    """

    folder: Path
    now: datetime
    country: LoadedCountry = field(default_factory=lambda: load_country(countries_root() / "lka"))
    channel: Channel | None = None
    registry_url: str = ""
    histories: Sequence[Source] | None = None
    log: EventLog = field(init=False)
    registry: Registry = field(init=False)

    def __post_init__(self) -> None:
        self.log = open_log(f"sqlite:///{self.folder}/log.sqlite")
        self.registry = Registry(
            self.registry_url or f"sqlite:///{self.folder}/registry.sqlite", Keys.load(self.folder / "keys", create=True)
        )
        self.service = AlertService(self.log, self.registry, self.country, self.channel)
        self._stack = ExitStack()
        signed_in = self.now  # a case runs through days; sessions do not
        self.app = create_app(
            self.log, self.country, now=lambda: self.now, registry=self.registry, clock=lambda: signed_in, histories=self.histories
        )
        self.address = self._stack.enter_context(served(self.app))

    def enrol(self, number: int, area: str = "LK21", needs: tuple[Need, ...] = ()) -> None:
        """A household, which has been there for long."""
        consent = Consent(self.now - timedelta(days=9), "v1", "a volunteer")
        self.registry.enrol(Enrolment(f"+94771{number:06d}", area, LANGUAGES[number % 3], "household", consent, needs=needs))

    def hears(self, said: CompoundEvent) -> None:
        """The log says that an event changed, and the alert service hears of it now."""
        self.log.append([output_record(said, f"event:{said.id}:{said.change}:{said.known.isoformat()}", said.known)])
        self.service.take_in(self.now)

    def passes(self, **span: float) -> None:
        """Time passes, and the alert service looks once."""
        self.now += timedelta(**span)
        self.service.take_in(self.now)

    def said(self) -> list[Warning]:
        """All that went out, as the log says it."""
        read = (read_output(stored.record) for stored in self.log.read(WARNINGS.name))
        return [one for one in read if isinstance(one, Warning) and one.issued is not None]

    def waiting(self) -> Warning:
        """The one message that waits."""
        (found,) = self.service.pending()
        return found

    @contextmanager
    def officer(self, name: str, *grants: Grant) -> Iterator["Officer"]:
        """Somebody who has signed in."""
        with self.registry.acting() as connection:
            made = accounts.add(connection, name, name.title(), "test", self.now)
            for grant in grants:
                made = accounts.grant(connection, made, grant, "test", self.now)
            accounts.keep_password(connection, made.id, "a hash")
            accounts.note_set_up(connection, made.id, self.now)
            token = sessions.begin(connection, made.id, Stage.FULL, self.now)
        cookies = {"polyrisk": token}
        with httpx.Client(base_url=self.address, cookies=cookies, timeout=60, follow_redirects=True) as client:
            yield Officer(client, name.title(), token)

    def close(self) -> None:
        """Stop serving and let go of the files."""
        self._stack.close()
        self.registry.close()
        self.log.close()


@dataclass
class Officer:
    """Reads pages and presses buttons, as a browser without scripts does."""

    client: httpx.Client
    display: str
    session: str

    def reads(self, path: str) -> str:
        """A page."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def presses(self, page: str, action: str, /, **fields: str) -> tuple[int, str]:
        """Fill in the form of a page that goes to an address ending so, and send it; status and page that come of it."""
        forms = re.findall(r"<form[^>]* method=\"post\".*?</form>", page, re.S)
        (form,) = [one for one in forms if re.search(rf'action="[^"]*/{action}"', one)]
        where = re.search(r'action="([^"]+)"', form)
        assert where is not None
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
        answer = self.client.post(where[1], data={**hidden, **fields}, headers={"origin": str(self.client.base_url).rstrip("/")})
        return answer.status_code, answer.text

    def sends(self, path: str, page: str, **fields: str) -> tuple[int, str]:
        """Send fields to an address with the token of a page, as a form made by hand would."""
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token is not None
        answer = self.client.post(path, data={"form_token": token[1], **fields}, headers={"origin": str(self.client.base_url).rstrip("/")})
        return answer.status_code, answer.text
