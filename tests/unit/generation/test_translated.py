"""What a client is told when the engine raises."""

import pytest

import engine
from gateway.domain.errors import Code
from gateway.generation.local import translated


@pytest.mark.parametrize(
    "error", [engine.DoesNotFit("`ulimit -v`"), engine.NoDevice("`nvidia-smi`")]
)
def test_what_the_operator_is_told_of_a_model_that_cannot_be_loaded_no_client_is(
    error: engine.EngineError,
) -> None:
    told = translated(error)
    assert told.code is Code.MODEL_UNAVAILABLE
    assert str(error) not in told.message
    assert told.param == "model"
