"""What is put into an envelope or a batch comes out of it unchanged."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from schema_examples import AT, INPUTS, LATER, OBSERVATION, OUTPUTS, SHA

from schemas.envelopes import (
    VERSIONS,
    input_record,
    observations_record,
    output_record,
    read_input,
    read_output,
    record_from_json,
    record_to_json,
)
from schemas.errors import NewerVersionError, PolyriskError
from schemas.indicators import CATALOGUE
from schemas.inputs import Observation, Quality
from schemas.microseconds import to_microseconds
from schemas.observations import SCHEMA, check, decode, encode, from_batch, to_batch
from schemas.records import Record
from schemas.topics import TOPICS

moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside
lengths = st.timedeltas(timedelta(0), timedelta(days=366))
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """Any observation that the model allows."""
    start, indicator = draw(moments), draw(st.sampled_from(sorted(CATALOGUE)))
    return Observation(
        area=draw(words),
        indicator=indicator,
        start=start,
        end=start + draw(lengths),
        issued=draw(st.none() | moments),
        received=draw(moments),
        lead=draw(st.none() | lengths),
        member=draw(st.none() | st.integers(0, 100)),
        value=draw(st.none() | st.floats(allow_nan=False, allow_infinity=False)),
        unit=CATALOGUE[indicator].unit,
        quality=draw(st.sampled_from(Quality)),
        feed=draw(words),
        key=draw(words),
        delivery=draw(words),
    )


@settings(derandomize=True, deadline=None, database=None, max_examples=200)
@given(st.lists(observations(), max_size=6))
def test_batches_give_back_their_rows(rows: list[Observation]) -> None:
    """Rows to a batch, to bytes and back are the same rows in the same order, nulls as nulls and floats to the last bit."""
    batch = to_batch(rows)
    assert batch.schema == SCHEMA
    assert from_batch(decode(encode(batch))) == rows


def test_the_same_batch_gives_the_same_bytes() -> None:
    """What is hashed or compared must not depend on when it was written."""
    assert encode(to_batch([OBSERVATION, OBSERVATION])) == encode(to_batch([OBSERVATION, OBSERVATION]))


def test_a_batch_with_another_column_type_is_refused_by_name() -> None:
    """The refusal names the column, what was expected and what was found."""
    batch = to_batch([OBSERVATION])
    index = SCHEMA.get_field_index("value")
    wrong = batch.set_column(index, pa.field("value", pa.float32()), batch.column(index).cast(pa.float32()))
    with pytest.raises(PolyriskError, match=r"`value`.*double.*float"):
        check(wrong)
    with pytest.raises(PolyriskError, match=r"`key`.*string.*None"):
        check(batch.drop_columns(["key"]))


def test_bytes_that_are_no_batch_are_refused() -> None:
    """A payload that is not an Arrow stream is an error a person can read."""
    with pytest.raises(PolyriskError, match="no Arrow stream"):
        decode(b"<html>")


def test_observations_travel_in_their_envelope() -> None:
    """The record of a delivery goes to the input topic of its shard and gives its rows back."""
    record = observations_record("LKA", "lka_irrigation_river", SHA, LATER, to_batch([OBSERVATION]))
    assert (record.topic, record.shard, record.kind, record.received) == ("input", "LKA", "observations", LATER)
    batch = read_input(record)
    assert isinstance(batch, pa.RecordBatch)
    assert from_batch(batch) == [OBSERVATION]


@pytest.mark.parametrize("kind", sorted(INPUTS))
def test_inputs_travel_in_their_envelope(kind: str) -> None:
    """Each input comes back equal, on a topic that allows its kind, with an id made of what it says."""
    record = input_record("LKA", INPUTS[kind])
    assert read_input(record) == INPUTS[kind]
    assert record.kind == kind
    assert kind in TOPICS[record.topic].kinds
    assert record == input_record("LKA", INPUTS[kind])


def test_two_inputs_of_one_moment_have_two_ids() -> None:
    """What differs in feed, threshold, place or state is another record, so the log does not drop it as said before."""
    heartbeat, declaration, baseline = INPUTS["heartbeat"], INPUTS["declaration"], INPUTS["baseline"]
    pairs = [
        (heartbeat, heartbeat.model_copy(update={"feed": "another"})),
        (declaration, declaration.model_copy(update={"area": "another"})),
        (declaration, declaration.model_copy(update={"state": "back"})),
        (baseline, baseline.model_copy(update={"threshold": "another"})),
    ]
    for one, other in pairs:
        assert input_record("LKA", one).id != input_record("LKA", other).id


@pytest.mark.parametrize("kind", sorted(OUTPUTS))
def test_outputs_travel_as_cloudevents(kind: str) -> None:
    """Each published event comes back equal, with the attributes that CloudEvents 1.0 requires: id, source, specversion, type."""
    record = output_record(OUTPUTS[kind], "an-id", AT)
    assert read_output(record) == OUTPUTS[kind]
    assert kind in TOPICS[record.topic].kinds
    assert record.headers["ce_specversion"] == "1.0"
    assert record.headers["ce_id"] == "an-id"
    assert record.headers["ce_source"] == "/polyrisk/LKA"
    assert record.headers["ce_type"] == f"org.polyrisk.{kind}.v{VERSIONS[kind]}"
    assert datetime.fromisoformat(record.headers["ce_time"]) == AT
    assert record.headers["ce_dataschema"] == f"schemas/json/{kind}.json"


@pytest.mark.parametrize("kind", sorted(OUTPUTS))
def test_records_are_kept_as_text(kind: str) -> None:
    """What waits in an outbox comes back as it was, to the microsecond."""
    record = output_record(OUTPUTS[kind], "an-id", AT + timedelta(microseconds=1))
    assert record_from_json(record_to_json(record)) == record


def test_what_earlier_versions_kept_as_text_is_read() -> None:
    """An outbox may hold what a version before wrote into it."""
    kept = (
        '{"topic":"warnings","shard":"LKA","kind":"warning","id":"w:1","received":"2025-11-27T20:03:00.000001Z",'
        '"payload":"{\\"kind\\":\\"warning\\"}","headers":{"ce_id":"w:1"}}'
    )
    received = to_microseconds(datetime(2025, 11, 27, 20, 3, tzinfo=UTC)) + 1
    assert record_from_json(kept) == Record("warnings", "LKA", "warning", "w:1", received, b'{"kind":"warning"}', {"ce_id": "w:1"})


@pytest.mark.parametrize("kind", sorted({**INPUTS, **OUTPUTS}))
def test_a_payload_of_a_newer_schema_is_refused(kind: str) -> None:
    """What a newer version wrote might be misread, so it is not read at all, and the error says what to start."""
    written = input_record("LKA", INPUTS[kind]) if kind in INPUTS else output_record(OUTPUTS[kind], "an-id", AT)
    newer = replace(written, headers={**written.headers, "ce_type": f"org.polyrisk.{kind}.v{VERSIONS[kind] + 1}"})
    with pytest.raises(NewerVersionError, match=r"newer version.*Start that version"):
        (read_input if kind in INPUTS else read_output)(newer)


def test_an_input_without_a_version_is_of_the_first() -> None:
    """Inputs of the first release carried none; a type that names none is no record of ours."""
    tick = input_record("LKA", INPUTS["tick"])
    assert read_input(replace(tick, headers={})) == INPUTS["tick"]
    with pytest.raises(PolyriskError, match="names no version"):
        read_input(replace(tick, headers={"ce_type": "tick"}))


def test_every_kind_of_every_topic_has_a_version() -> None:
    """No kind may travel whose payload could not be told from that of another version."""
    assert set(VERSIONS) == {kind for topic in TOPICS.values() for kind in topic.kinds}
