"""Officers who read, ask, let go and sign over HTTP as a browser does, each in a thread, and remember what came of each press.

Who gets no answer does what a person does: reads the page again, and presses again.
"""

import html
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from statistics import median

import httpx

PATIENCE_S = 30.0
AGAIN_AFTER_S = 2.0
"""After which somebody looks once more at what they have done with."""
HOLDS, PRESSES_TWICE, LETS_GO, SIGNS_WHAT_IS_HELD = 0.12, 0.15, 0.5, 0.4
"""How often, of the pages that somebody reads on which it can be done."""
ONE_SIGNS = 0.1
"""Of how many messages all but one person keep their hands off."""


class Verb(StrEnum):
    """What a button does."""

    SIGN = "sign"
    HOLD = "hold"
    LET_GO = "let-go"


class Answer(StrEnum):
    """What came of a press: nobody knows while the page did not come, or says that something broke."""

    TAKEN = "taken"
    REFUSED = "refused"
    GONE = "gone"
    NONE = "none"


@dataclass(frozen=True)
class Press:
    """A button that somebody pressed. said: why it was refused, or the question that somebody asks."""

    officer: str
    role: str
    verb: Verb
    message: str
    answer: Answer
    said: str = ""


class UnansweredError(Exception):
    """A page did not come."""


@dataclass
class Hands:
    """What all of them do at a moment, and how long presses take: so that a kill can be aimed at one that is in flight."""

    in_flight: int = 0
    took_s: list[float] = field(default_factory=lambda: [0.2])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def pressing(self) -> Iterator[None]:
        """Somebody waits for the answer to a press."""
        begun = time.monotonic()
        with self._lock:
            self.in_flight += 1
        try:
            yield
        finally:
            with self._lock:
                self.in_flight -= 1
                self.took_s = [*self.took_s[-20:], time.monotonic() - begun]

    def usual_s(self) -> float:
        """How long a press takes at present."""
        with self._lock:
            return median(self.took_s)


class SigningOfficer:
    """Somebody on duty, signed in.

    Args:
        session: the cookie's value. first: signs whatever waits; the others leave a part of it.
    """

    def __init__(self, name: str, role: str, address: str, session: str, seed: str, hands: Hands, *, first: bool) -> None:
        self.name, self.role, self.first = name, role, first
        self.presses: list[Press] = []
        self.failed: BaseException | None = None
        self.calm = threading.Event()
        self._seed, self._hands, self._address, self._session = seed, hands, address, session
        self._chance = Random(f"{seed} {name}")
        self._ended = threading.Event()
        self._done: dict[str, float] = {}
        self._owed: set[str] = set()  # messages whose last press had no answer
        self._forms: dict[str, tuple[str, dict[str, str]]] = {}  # message to the last form to sign it
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def begin(self) -> None:
        """Come on duty."""
        self._thread.start()

    def end(self) -> None:
        """Go off duty once the press in hand is over."""
        self._ended.set()
        self._thread.join()

    @property
    def owes(self) -> bool:
        """Whether they have yet to learn what became of a press."""
        return bool(self._owed)

    def _work(self) -> None:
        cookies = {"polyrisk": self._session}
        try:
            with httpx.Client(base_url=self._address, cookies=cookies, timeout=PATIENCE_S) as self._client:
                while not self._ended.is_set():
                    self._look_around()
                    time.sleep(self._chance.uniform(0.0, 0.05))
        except BaseException as error:  # noqa: BLE001 - the round says it
            self.failed = error

    def _look_around(self) -> None:
        try:
            waiting = re.findall(r'href="/waiting/([^"]+)"', self._read("/waiting") or "")
            for message in sorted(self._owed - set(waiting)):
                self._decide(message)
            now = time.monotonic()
            mine = [one for one in waiting if now - self._done.get(one, -AGAIN_AFTER_S) >= AGAIN_AFTER_S and self.concerns(one)]
            if mine:
                self._decide(self._chance.choice(mine))
        except UnansweredError:
            return

    def concerns(self, message: str) -> bool:
        """Whether they sign this message at all."""
        return self.first or Random(f"{self._seed} {message}").random() >= ONE_SIGNS

    def _decide(self, message: str) -> None:
        page = self._read(f"/waiting/{message}")
        if page is None:
            if message in self._owed:
                self._note(Verb.SIGN, message, Answer.GONE)
            self._done[message] = time.monotonic()
            return
        signing, holding, letting = (self._form(page, verb) for verb in (Verb.SIGN, Verb.HOLD, Verb.LET_GO))
        if letting is not None:
            self._decide_on_held(message, letting)
        elif signing is None:
            self._done[message] = time.monotonic()
        elif holding is not None and not self.calm.is_set() and message not in self._owed and self._chance.random() < HOLDS:
            why = f"Question {len(self.presses)} of {self.name}"
            self._press(Verb.HOLD, message, holding, why=why, minutes="15")
        elif message not in self._owed and f"Signed by <b>{html.escape(self.name)}</b>" in page:
            self._done[message] = time.monotonic()
        else:
            self._forms[message] = signing
            self._press(Verb.SIGN, message, signing)
            if self._chance.random() < PRESSES_TWICE:
                self._press(Verb.SIGN, message, signing)

    def _decide_on_held(self, message: str, letting: tuple[str, dict[str, str]]) -> None:
        """Let it go, or try to sign it by a page that was read before it was held."""
        if self.calm.is_set() or self._chance.random() < LETS_GO:
            self._press(Verb.LET_GO, message, letting)
        elif message in self._forms and self._chance.random() < SIGNS_WHAT_IS_HELD:
            self._press(Verb.SIGN, message, self._forms[message])

    def _press(self, verb: Verb, message: str, form: tuple[str, dict[str, str]], **fields: str) -> None:
        where, hidden = form
        asked = fields.get("why", "")
        try:
            with self._hands.pressing():
                answer = self._ask(lambda: self._client.post(where, data={**hidden, **fields}, headers={"origin": self._address}))
        except UnansweredError:
            self._note(verb, message, Answer.NONE, asked)
            raise
        if answer.status_code == 303:
            self._note(verb, message, Answer.TAKEN, asked)
            self._read(answer.headers["location"])
        elif answer.status_code == 404:
            self._note(verb, message, Answer.GONE, asked)
        elif answer.status_code == 409:
            found = re.search(r'id="refused"><b>(.*?)</b>', answer.text, re.S)
            self._note(verb, message, Answer.REFUSED, asked or html.unescape(found[1] if found else ""))
        else:
            raise AssertionError(f"{verb} {message} as {self.name}: {answer.status_code} {answer.text[:500]}")

    def _note(self, verb: Verb, message: str, answer: Answer, said: str = "") -> None:
        self.presses.append(Press(self.name, self.role, verb, message, answer, said))
        if verb is Verb.SIGN:
            (self._owed.add if answer is Answer.NONE else self._owed.discard)(message)
            if answer is not Answer.NONE:
                self._done[message] = time.monotonic()

    def _read(self, path: str) -> str | None:
        """A page; none if there is no such thing (any more)."""
        answer = self._ask(lambda: self._client.get(path))
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise AssertionError(f"{path} as {self.name}: {answer.status_code} {answer.text[:500]}")
        return answer.text

    def _ask(self, request: Callable[[], httpx.Response]) -> httpx.Response:
        """What came, unless nothing did, or only that something broke."""
        try:
            answer = request()
        except httpx.TransportError as error:
            raise UnansweredError from error
        if answer.status_code >= 500:
            raise UnansweredError
        return answer

    def _form(self, page: str, verb: Verb) -> tuple[str, dict[str, str]] | None:
        """Where a form of the page goes, and its hidden fields."""
        for form in re.findall(r"<form[^>]* method=\"post\".*?</form>", page, re.S):
            where = re.search(rf'action="([^"]*/{verb.value})"', form)
            if where is not None:
                return where[1], dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
        return None
