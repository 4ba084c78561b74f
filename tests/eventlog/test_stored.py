"""Records as homes give them back are as good as checked ones."""

import pickle

from contract import record

from eventlog.stored import placed, stored
from schemas.records import Stored


def test_a_record_made_without_checks_equals_a_checked_one() -> None:
    """It compares, copies, prints and travels between processes as the checked one does."""
    checked = Stored(record=record(1), partition=2, offset=3)
    made = stored(**{name: getattr(checked.record, name) for name in type(checked.record).model_fields}, partition=2, offset=3)
    assert made == placed(record(1), 2, 3) == checked
    assert made.model_dump_json() == checked.model_dump_json()
    assert pickle.loads(pickle.dumps(made)) == checked


def test_a_copy_of_one_changes_no_other() -> None:
    """What a copy is told of itself stays with the copy."""
    made = placed(record(1), 2, 3)
    copy = made.model_copy(update={"offset": 4})
    assert (copy.offset, made.offset) == (4, 3)
    assert made.model_fields_set == copy.model_fields_set == {"record", "partition", "offset"}
