"""SMS through a real Kannel: what an operator gets, which receipts come back, and that neither throttling nor kill -9 loses anything."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import smpp34
from kannel_gateway import DELIVERED, PASSWORD, UNDELIVERED, USER, Kannel, Operator, Receipts, free_port, wait_until
from test_channels import TEXTS, number, within

from alerts.channels.contract import Accepted, Cause, Channel, Outgoing, Receipt, ReceiptState, Refusal, Refused
from alerts.channels.kannel_smpp import KannelAccount, KannelSmpp, receipt_of

SENDER = "PolyriskNP"
REJECTED = smpp34.ESME_RINVDSTADR


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    """What is closed when all is done."""
    with ExitStack() as opened:
        yield opened


@pytest.fixture(scope="module")
def receipts(stack: ExitStack) -> Receipts:
    """Where receipts come."""
    return stack.enter_context(Receipts())


@pytest.fixture(scope="module")
def verdicts() -> dict[str, str | int]:
    """What the operator does with the next part."""
    return {"next": DELIVERED}


@pytest.fixture(scope="module")
def operator(stack: ExitStack, verdicts: dict[str, str | int]) -> Operator:
    """Answers as it is told."""
    return stack.enter_context(Operator(free_port(), lambda _: verdicts["next"]))


@pytest.fixture(scope="module")
def kannel(stack: ExitStack, operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> Kannel:
    """Bound to the operator."""
    return stack.enter_context(Kannel(tmp_path_factory.mktemp("kannel"), operator.port))


def channel(kannel: Kannel, receipts: Receipts | None = None, password: str = PASSWORD) -> KannelSmpp:
    """Ours."""
    return KannelSmpp(KannelAccount(kannel.url, USER, password, SENDER, receipts.url if receipts else None, stands_in=True))


def send(kannel: Kannel, receipts: Receipts | None, *messages: Outgoing) -> list[Accepted]:
    """Give Kannel some messages, one after the other."""

    async def each(entered: Channel) -> list[Accepted]:
        return [await entered.send(message) for message in messages]

    return within(channel(kannel, receipts), each)


def received(receipts: Receipts, reference: str) -> list[Receipt]:
    """What is known of one message."""
    read = [receipt_of(query, PASSWORD) for query in list(receipts.queries)]
    return [receipt for receipt in read if receipt is not None and receipt.reference == reference]


@pytest.mark.parametrize(("language", "parts"), [("ne", 2), ("si", 2), ("en", 1)])
def test_each_part_is_within_an_sms_and_all_make_the_text(kannel: Kannel, operator: Operator, language: str, parts: int) -> None:
    """Nepali and Sinhala go in UCS-2 parts with a header that joins them; braces and the euro stay themselves in GSM-7."""
    to = number(10 + len(language + TEXTS[language]))
    send(kannel, None, Outgoing(to, TEXTS[language], 3_600, language))
    wait_until(lambda: any(to.endswith(t) for _, t, _ in operator.texts()), "the text does not arrive")
    got = [pdu for pdu in operator.pdus if to.endswith(pdu.to)]
    assert [len(pdu.header) + len(pdu.content) <= 140 for pdu in got] == [True] * parts
    assert {pdu.coding for pdu in got} == {0 if language == "en" else 8}
    assert [text for _, t, text in operator.texts() if to.endswith(t)] == [TEXTS[language]]


@pytest.mark.parametrize(
    ("verdict", "state", "cause"),
    [
        (DELIVERED, ReceiptState.DELIVERED, Cause.NONE),
        (UNDELIVERED, ReceiptState.UNDELIVERED, Cause.UNEXPLAINED),
        (REJECTED, ReceiptState.FAILED, Cause.NONE),
    ],
)
def test_receipts_come_back_with_our_reference(
    kannel: Kannel, receipts: Receipts, verdicts: dict[str, str | int], verdict: str | int, state: ReceiptState, cause: Cause
) -> None:
    """Delivered, undelivered, or refused by the operator: each under the id that our message was accepted as."""
    verdicts["next"] = verdict
    reference = f"LKA:rule:LK21:1.{verdict} 100%d:s0123"
    (accepted,) = send(kannel, receipts, Outgoing(number(20), "FLOOD", 3_600, reference))
    wait_until(lambda: any(r.state is state for r in received(receipts, reference)), "no receipt")
    verdicts["next"] = DELIVERED
    got = received(receipts, reference)
    assert {r.provider_id for r in got} == {accepted.provider_id}
    assert [r.cause for r in got if r.state is state] == [cause]
    if state is not ReceiptState.FAILED:
        assert got[0].state is ReceiptState.SENT
    else:
        assert got[-1].code == "0x0000000b"


def test_a_forged_receipt_says_nothing(receipts: Receipts, kannel: Kannel) -> None:
    """The address of a message's receipts holds a key that only we can make; one for another message does not fit."""
    send(kannel, receipts, Outgoing(number(21), "FLOOD", 3_600, "mine"))
    wait_until(lambda: received(receipts, "mine"), "no receipt")
    query = next(q for q in receipts.queries if q["ref"] == "mine")
    assert receipt_of(query, PASSWORD) is not None
    assert receipt_of({**query, "ref": "another"}, PASSWORD) is None
    assert receipt_of({**query, "key": ""}, PASSWORD) is None
    assert receipt_of({name: value for name, value in query.items() if name != "key"}, PASSWORD) is None
    assert receipt_of({**query, "type": "3"}, PASSWORD) is None


def test_what_the_operator_throttles_kannel_sends_again(tmp_path: Path) -> None:
    """The first two attempts are throttled; the text arrives once."""
    port = free_port()
    with Operator(port, lambda n: smpp34.ESME_RTHROTTLED if n < 2 else DELIVERED) as operator, Kannel(tmp_path, port) as kannel:
        send(kannel, None, Outgoing(number(22), "FLOOD", 3_600, "throttled"))
        wait_until(operator.texts, "the text does not arrive")
        assert operator.submitted == 3
        assert [text for _, _, text in operator.texts()] == ["FLOOD"]


def test_kill_9_with_messages_in_the_queue_loses_none_and_doubles_none(tmp_path: Path) -> None:
    """The operator is away, Kannel has accepted, and is killed; when both are back each text arrives once."""
    port = free_port()
    texts = [TEXTS["ne"], TEXTS["si"], *(f"FLOOD {n}" for n in range(10))]
    with Kannel(tmp_path, port) as kannel:
        send(kannel, None, *(Outgoing(number(30 + n), text, 3_600, f"queued:{n}") for n, text in enumerate(texts)))
        kannel.kill()
        with Operator(port) as operator:
            kannel.start()
            wait_until(lambda: len(operator.texts()) >= len(texts), f"{len(operator.texts())} of {len(texts)} arrive")
            send(kannel, None, Outgoing(number(50), "the last", 3_600, "after"))
            wait_until(lambda: "the last" in [text for _, _, text in operator.texts()], "Kannel does not go on")
            assert sorted(text for _, _, text in operator.texts()) == sorted([*texts, "the last"])


def test_a_wrong_password_and_a_number_that_is_none_are_surely_not_taken(kannel: Kannel) -> None:
    """Kannel's refusals have our words: the account, or the number."""

    def refused(channel: KannelSmpp, to: str) -> Refusal:
        with pytest.raises(Refused) as caught:
            within(channel, lambda entered: entered.send(Outgoing(to, "FLOOD", 60, "refused")))
        return caught.value.refusal

    assert refused(channel(kannel, password="wrong"), number(23)) is Refusal.UNAUTHORISED
    assert refused(channel(kannel), "+999x") is Refusal.INVALID_NUMBER


def test_kannel_logs_no_number(kannel: Kannel, operator: Operator) -> None:
    """As the template sets it up, what it writes about what it sends names nobody."""
    send(kannel, None, Outgoing("+999700700700", "FLOOD", 3_600, "logged"))
    wait_until(lambda: any(to == "999700700700" for _, to, _ in operator.texts()), "the text does not arrive")
    logs = sorted(kannel.folder.glob("*.log"))
    assert len(logs) == 2
    assert "999700700700" not in "".join(log.read_text(encoding="utf-8", errors="replace") for log in logs)


def test_many_at_once_are_taken(kannel: Kannel, operator: Operator) -> None:
    """Two hundred submissions over 32 connections, each arriving at its own number."""
    numbers = {number(1_000 + n) for n in range(200)}

    async def all_of_them(entered: Channel) -> int:
        return len(await asyncio.gather(*(entered.send(Outgoing(to, "FLOOD", 60, to[-6:])) for to in numbers)))

    assert within(channel(kannel), all_of_them) == 200
    wait_until(lambda: numbers <= {f"+{to}" for _, to, _ in operator.texts()}, "not all arrive")
