"""A warning of Cyclone Ditwah decided on by two people, each at a browser of their own: questioned, signed, sent, updated, ended.

The events are those that the engine made of the case; all that follows from them happens here, on pages, up to the all-clear.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from page_left import wait_until_left
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from signing_desk import Desk

from alerts.people.person import Consent, Enrolment
from console.screenshot import picture
from schemas.outputs import CompoundEvent, EventChange
from schemas.warning_records import Warning

QUESTION = "Is the gauge right? It rose two metres in an hour."
HOUSEHOLDS = 30
_TURNS = {EventChange.ESCALATED, EventChange.EASED}


def whole_lives(events: Sequence[CompoundEvent]) -> list[list[CompoundEvent]]:
    """The changes of each public event that changed its level while it stood and then ended as known to be over."""
    by_id: dict[str, list[CompoundEvent]] = {}
    for one in events:
        if one.audience == "public" and not one.in_shadow and not one.quiet:
            by_id.setdefault(one.id, []).append(one)
    return [said for said in by_id.values() if said[-1].change is EventChange.CLOSED and _TURNS & {one.change for one in said}]


def households(area: str, at: datetime) -> list[tuple[str, Enrolment]]:
    """Households with numbers that belong to nobody, which have been there for long, in three languages."""
    consent = Consent(at - timedelta(days=9), "v1", "a volunteer")
    people = [Enrolment(f"+99900000{n:04d}", area, ("en", "si", "ta")[n % 3], "household", consent) for n in range(HOUSEHOLDS)]
    return [(f"household-{number}", person) for number, person in enumerate(people)]


@dataclass
class Seat:
    """An officer at a browser."""

    driver: webdriver.Chrome
    address: str

    @classmethod
    def at(cls, driver: webdriver.Chrome, address: str, session: str) -> "Seat":
        """Somebody who has signed in."""
        driver.get(f"{address}/healthz")
        driver.add_cookie({"name": "polyrisk", "value": session})
        return cls(driver, address)

    def reads(self, path: str) -> str:
        """Goes to a page; what stands there."""
        self.driver.get(f"{self.address}{path}")
        return self.text

    @property
    def text(self) -> str:
        """What stands on the page before them."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def presses(self, action: str, **fields: str) -> str:
        """Fills in the form of this page that goes to an address ending so, and presses its button; what stands there then."""
        form: WebElement = self.driver.find_element(By.CSS_SELECTOR, f'form[action$="/{action}"]')
        for name, text in fields.items():
            box = form.find_element(By.NAME, name)
            box.clear()
            box.send_keys(text)
        form.find_element(By.TAG_NAME, "button").click()
        wait_until_left(self.driver, form)
        return self.text


@dataclass
class Story:
    """What happened, in order.

    Attributes:
        out: messages that went out. pictures: where pictures are written; none if none are taken.
    """

    desk: Desk
    one: Seat
    two: Seat
    pictures: Path | None = None
    out: list[Warning] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def live(self, events: Sequence[CompoundEvent], look: Callable[[str], None] = lambda _: None) -> None:
        """Live through an event's changes.

        Args:
            look: is told of each moment that a picture is worth, by name.
        """
        for change in events:
            self.desk.now = change.known
            self.desk.hears(change)
            self._decide()
            look(change.change.value)
        self._shoot("all-clear", self.one, f"/warning/{self.out[0].warning}")

    def _decide(self) -> None:
        """Whatever waits is read and signed by both; the very first is questioned before."""
        for waiting in self.desk.service.pending():
            path = f"/waiting/{waiting.id}"
            if not self.out:
                self._shoot("proposed", self.one, "/")
                self._shoot("waits", self.one, "/waiting")
                self._shoot("to-sign", self.one, path)
                self._question(path)
            elif len(self.out) == 1:
                self._shoot("update", self.one, path)
            self._passes(1)
            self.one.reads(path)
            assert "1 of 2 signatures" in self.one.presses("sign")
            if not self.out:
                self._shoot("signed-once", self.two, path)
            self._passes(1)
            self.two.reads(path)
            self.two.presses("sign")
            self._passes(1)
            self.desk.service.dispatch(self.desk.now)
            self.out += [w for w in self.desk.said() if w.id == waiting.id]
            if len(self.out) == 1:
                self._shoot("sent", self.two, f"/warning/{waiting.warning}?message={waiting.id}")

    def _question(self, path: str) -> None:
        self.two.reads(path)
        assert QUESTION in self.two.presses("hold", why=QUESTION, minutes="15")
        self._passes(2)
        self._shoot("questioned", self.one, path)
        self.two.reads(path)
        assert "Held by" not in self.two.presses("let-go")

    def _passes(self, minutes: float) -> None:
        self.desk.now += timedelta(minutes=minutes)

    def _shoot(self, name: str, seat: Seat, path: str) -> None:
        seat.reads(path)
        if self.pictures is not None:
            self.taken.append(f"{len(self.taken) + 1}-{name}.png")
            picture(seat.driver, self.pictures / self.taken[-1])
