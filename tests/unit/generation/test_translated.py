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


@pytest.mark.parametrize("field", ["messages", "prompt", "input"])
def test_a_client_is_told_which_of_its_fields_the_engine_does_not_take(field: str) -> None:
    told = translated(engine.UnsupportedInput("A text is empty."), of=field)
    assert (told.code, told.param) == (Code.INVALID_MESSAGES, field)
