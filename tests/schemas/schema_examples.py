"""One record of every kind, each field filled at least once."""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from schemas.envelopes import Published
from schemas.inputs import Baseline, BaselineRow, ConfigChange, GaugeDeclaration, Heartbeat, Observation, Quality, Signature, Tick
from schemas.levels import Dimension, Level, Truth
from schemas.outputs import (
    BreachChange,
    CompoundEvent,
    DeadLetter,
    EngineChange,
    EventChange,
    Evidence,
    LevelStep,
    Reading,
    ThresholdBreach,
)
from schemas.readings import PlainReading
from schemas.warning_records import (
    Answer,
    AnswerCount,
    ByAgreement,
    Delivery,
    JournalAnchor,
    Judgement,
    MessageState,
    RenderedText,
    Warning,
    WarningReview,
    WarningStatus,
)

AT = datetime(2025, 11, 27, 20, 3, tzinfo=UTC)
LATER = AT + timedelta(minutes=37)
SHA = "0f" * 32

OBSERVATION = Observation(
    area="LK21",
    indicator="river_level",
    start=AT,
    end=AT,
    issued=AT,
    received=LATER,
    lead=timedelta(hours=6),
    member=3,
    value=10.56,
    unit="m",
    quality=Quality.MEASURED,
    feed="lka_irrigation_river",
    key="Peradeniya",
    delivery=SHA,
)
READING = Reading(
    area="LK21",
    indicator="river_level",
    value=10.56,
    unit="m",
    bound=7.0,
    start=AT,
    end=AT,
    received=LATER,
    age=timedelta(minutes=37),
    feed="lka_irrigation_river",
    quality=Quality.MEASURED,
    key="Peradeniya",
    delivery=SHA,
    record="r1",
)
PLAIN = PlainReading(
    id="Peradeniya",
    feed="lka_irrigation_river",
    area="LK21",
    indicator="river_level",
    time=AT,
    end=LATER,
    issued=AT,
    value=10.56,
    unit="m",
    quality=Quality.REPORTED,
)
INPUTS: dict[str, Heartbeat | Tick | ConfigChange | Baseline | GaugeDeclaration] = {
    "heartbeat": Heartbeat(feed="lka_irrigation_river", received=LATER, delivery=SHA, new=True, rows=39, quarantined=1),
    "tick": Tick(at=LATER),
    "configuration": ConfigChange(at=AT, hash=SHA, configuration={"shard": "LKA"}, author="planner", reason="first"),
    "baseline": Baseline(
        at=AT,
        threshold="dengue_channel",
        inputs_hash=SHA,
        rows=(
            BaselineRow(area="LK32", start=AT, end=LATER, bounds={"orange": 31.5}, admitted=True, reason="5 years", statistics={"n": 15}),
        ),
    ),
    "declaration": GaugeDeclaration(at=AT, area="LK21", state="dead", by="a duty officer", reason="washed away"),
}
OUTPUTS: dict[str, Published] = {
    "breach": ThresholdBreach(
        id="b1",
        shard="LKA",
        threshold="river_station",
        area="peradeniya",
        indicator="river_level",
        dimension=Dimension.ENVIRONMENTAL,
        change=BreachChange.OPENED,
        level=Level.RED,
        peak=10.56,
        since=AT,
        at=AT,
        known=LATER,
        record="r1",
        configuration=SHA,
        engine="1",
        reason="engine",
        readings=(READING,),
    ),
    "event": CompoundEvent(
        id="e1",
        shard="LKA",
        rule="river_flood",
        rule_version="1",
        area="LK21",
        area_version="v03",
        change=EventChange.UNCONFIRMED,
        level=Level.RED,
        steps=(LevelStep(step="base", level=Level.ORANGE, why="river_flood"), LevelStep(step="raise", level=Level.RED, why="red")),
        dimensions=(Dimension.ENVIRONMENTAL,),
        since=AT,
        at=LATER,
        known=LATER,
        until=None,
        truth=Truth.UNKNOWN,
        unconfirmed=True,
        silent=("lka_irrigation_river since 2025-11-27",),
        evidence=Evidence(
            condition="any", truth=Truth.TRUE, held=True, parts=(Evidence(condition="a", truth=Truth.TRUE, readings=(READING,)),)
        ),
        record="r1",
        records=("r1",),
        configuration=SHA,
        engine="1",
    ),
    "warning": Warning(
        id="w1.1",
        warning="w1",
        event="e1",
        rule="river_flood",
        shard="LKA",
        area="LK21",
        message_type="Alert",
        status=WarningStatus.ISSUED,
        level=Level.RED,
        reason="opened",
        since=AT,
        known=LATER,
        proposed=LATER,
        issued=LATER,
        expires=LATER + timedelta(days=3),
        texts=(RenderedText(language="en", area="LK21", body="Leave", encoding="GSM-7", segments=1, reviewed=True, recipients=2),),
        recipients=2,
        segments=2,
        cost=1.2,
        currency="LKR",
        signatures=(Signature(by="a duty officer", role="duty_officer", at=LATER),),
        configuration=SHA,
        agreed=ByAgreement(
            name="valleys",
            identity=SHA,
            agreed_by=("A. Fonseka (director)",),
            document="Agreement on valleys, DMC/2025/14",
            until=AT.date(),
            at=LATER,
            digest=SHA,
            recipients=2,
            cost=1.2,
        ),
    ),
    "review": WarningReview(
        message="w1.1",
        warning="w1",
        shard="LKA",
        area="LK21",
        agreement="valleys",
        judgement=Judgement.RIGHT,
        by="a director",
        role="director",
        comment="seen on the bridge",
        at=LATER,
    ),
    "delivery": Delivery(
        warning="w1", message="w1.1", shard="LKA", area="LK21", language="en", state=MessageState.DELIVERED, count=2, at=LATER
    ),
    "answer": AnswerCount(
        warning="w1", message="w1.1", shard="LKA", area="LK21", language="en", answer=Answer.NEED_HELP, count=1, at=LATER
    ),
    "dead_letter": DeadLetter(
        shard="LKA",
        topic="input",
        record="r1",
        record_kind="tick",
        received=LATER,
        sha256=SHA,
        size=5,
        payload="YnJva2U=",
        cut=False,
        error="ValidationError",
        reason="no JSON",
        remedy="send it again",
        configuration=SHA,
        engine="1",
        at=LATER,
    ),
    "engine": EngineChange(
        shard="LKA",
        group="processors",
        number=1,
        engine="2",
        before="1",
        first="r0",
        record="r1",
        at=LATER,
        said=1,
        renamed={"e2": "e1"},
    ),
    "anchor": JournalAnchor(shard="LKA", place=57, hash=SHA, at=LATER),
}
RECORDS: dict[str, BaseModel] = {"observation": OBSERVATION, "reading": PLAIN, **INPUTS, **OUTPUTS}
