"""A run over years lets go of what nothing asks for any more, and says the same with it."""

import pytest
from years import country, years

from processors.backtest import run
from processors.backtest_baselines import baselines_of, in_order


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_what_is_let_go_of_would_have_changed_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Activations and truths, of a rule too whose onsets came long before the span that it looks back over."""
    configuration, history = country(dengue="mean + 0.5 sd"), years(seed)
    baselines = in_order(baselines_of(configuration, history))
    lightly = run(configuration, history, baselines)
    monkeypatch.setattr("processors.backtest.lightened", lambda state: state)
    whole = run(configuration, history, baselines)
    assert lightly.activations == whole.activations
    assert dict(lightly.truths) == dict(whole.truths)
