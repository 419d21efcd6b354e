"""A plan never promises more memory than there is, and says what to do where nothing fits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import DoesNotFit, NoDevice
from engine.batching import Waiting, choose
from engine.costs import Costs
from engine.devices import Cuda, Devices
from engine.footprint import REPLICA, footprint
from engine.plan import GATEWAY, Plan, Wish, make_plan

GIB = 1 << 30


@dataclass(frozen=True)
class Model:
    """SmolLM2-135M's shape unless told otherwise."""

    name: str = "small"
    context_length: int = 8192
    layers: int = 30
    heads: int = 9
    heads_kv: int = 3
    head_dim: int = 64
    hidden: int = 576
    feed_forward: int = 1536
    vocabulary: int = 49152


SMALL = Model()
LARGE = Model("large", 131_072, 32, 32, 8, 128, 4096, 14336, 128_256)
GPU = Cuda(0, frozenset({"int8_float16", "int8", "float16", "float32", "int8_float32"}))
OLD_GPU = Cuda(1, frozenset({"int8", "float32", "int8_float32"}))


def box(memory: float, cores: int = 4, **more: object) -> Devices:
    return replace(Devices(cores=cores, memory=int(memory * GIB)), **more)


def test_a_box_with_room_has_a_replica_for_each_core_and_the_whole_context() -> None:
    [small] = make_plan(box(64), [SMALL]).models
    assert (small.device, small.compute_type) == ("cpu", "int8")
    assert (small.replicas, small.threads, small.context) == (4, 1, 8192)
    assert small.limits.max_tokens <= 65_536
    assert small.limits.max_batch == 32


def test_threads_share_the_cores_out() -> None:
    assert make_plan(box(64, 8), [SMALL], Wish(threads=4)).models[0].replicas == 2


def test_cores_that_have_no_replica_of_their_own_help_one() -> None:
    [middle] = make_plan(box(7, 4), [replace(LARGE, name="middle", layers=8)]).models
    assert middle.replicas < 4
    assert middle.replicas * middle.threads == 4
    [small] = make_plan(box(7, 4), [SMALL], Wish(replicas=2, threads=1)).models
    assert (small.replicas, small.threads) == (2, 1)


def test_where_memory_is_short_a_long_context_goes_before_a_busy_core() -> None:
    [small] = make_plan(box(7), [SMALL]).models
    assert (small.replicas, small.context) == (4, 4096)


def test_where_it_is_shorter_replicas_go_before_a_usable_context() -> None:
    [small] = make_plan(box(4), [SMALL]).models
    assert small.context == 4096
    assert 1 <= small.replicas < 4


def test_what_was_asked_for_is_never_changed() -> None:
    wish = Wish(replicas=3, context=2048, max_batch=7)
    [small] = make_plan(box(4), [SMALL], wish).models
    assert (small.replicas, small.context, small.limits.max_batch) == (3, 2048, 7)
    with pytest.raises(DoesNotFit, match="3 replicas with prompts and replies of 8192 tokens"):
        make_plan(box(4), [SMALL], replace(wish, context=8192))


def test_a_context_longer_than_the_models_is_the_models() -> None:
    assert make_plan(box(64), [SMALL], Wish(context=10**6)).models[0].context == 8192


def test_a_model_larger_than_the_memory_is_refused_with_what_to_do() -> None:
    with pytest.raises(DoesNotFit) as caught:
        make_plan(box(7), [LARGE])
    message = str(caught.value)
    assert "loading large takes 1" in message
    assert "6.5 GiB are there" in message
    for word in ("smaller model", "engine.models", "engine.memory", "intramural engine plan"):
        assert word in message


def test_a_model_counts_twice_while_it_loads() -> None:
    sizes = footprint(LARGE)
    held = (sizes.weights + GATEWAY) / GIB
    with pytest.raises(DoesNotFit, match="loading large"):
        make_plan(box(held + 1, 1), [LARGE])


def test_the_budget_of_the_settings_holds_where_the_machine_has_more() -> None:
    tight = make_plan(box(64), [SMALL], Wish(memory=3 * GIB))
    assert tight.budget == 3 * GIB
    assert tight.memory <= 3 * GIB
    assert make_plan(box(4), [SMALL], Wish(memory=64 * GIB)).budget == 4 * GIB - GATEWAY


def test_models_share_one_plan() -> None:
    models = [SMALL, replace(SMALL, name="other")]
    alone = make_plan(box(20), [SMALL])
    both = make_plan(box(20), models)
    assert [each.model for each in both.models] == ["small", "other"]
    assert both.memory <= both.budget
    assert both["other"].working < alone["small"].working
    with pytest.raises(KeyError):
        both["third"]


def test_the_second_model_that_does_not_fit_beside_the_first_is_named() -> None:
    middle = replace(LARGE, name="middle", layers=12)
    with pytest.raises(DoesNotFit, match=r"loading second .* beside .* of other models"):
        make_plan(box(9), [middle, replace(middle, name="second")])


def test_a_gpu_is_preferred_and_computes_in_int8_float16() -> None:
    [small] = make_plan(box(64, cuda=(GPU,)), [SMALL]).models
    assert (small.device, small.device_index) == ("cuda", (0,))
    assert (small.compute_type, small.replicas, small.context) == ("int8_float16", 1, 8192)


def test_an_older_gpu_computes_in_what_it_can() -> None:
    [small] = make_plan(box(64, cuda=(OLD_GPU,)), [SMALL]).models
    assert (small.compute_type, small.device_index) == ("int8", (1,))


def test_gpus_that_cannot_do_the_best_type_are_left_out() -> None:
    [small] = make_plan(box(64, cuda=(GPU, OLD_GPU)), [SMALL]).models
    assert small.device_index == (0,)


def test_every_gpu_has_as_many_replicas() -> None:
    cuda = (GPU, Cuda(1, GPU.compute_types))
    assert make_plan(box(64, cuda=cuda), [SMALL]).models[0].replicas == 2
    assert make_plan(box(64, cuda=cuda), [SMALL], Wish(replicas=3)).models[0].replicas == 4


def test_a_model_on_a_gpu_takes_none_of_the_machines_memory() -> None:
    assert make_plan(box(2, cuda=(GPU,)), [SMALL]).memory == 0


def test_the_preference_decides_and_what_it_leaves_out_is_not_used() -> None:
    devices = box(64, cuda=(GPU,))
    assert make_plan(devices, [SMALL], Wish(prefer=("cpu", "cuda"))).models[0].device == "cpu"
    assert make_plan(box(64), [SMALL], Wish(prefer=("cuda", "cpu"))).models[0].device == "cpu"
    with pytest.raises(NoDevice, match=r"engine\.prefer names cuda"):
        make_plan(box(64), [SMALL], Wish(prefer=("cuda",)))


def test_a_processor_without_int8_computes_in_float32_and_takes_its_memory() -> None:
    plain = box(64, compute_types=frozenset({"float32"}))
    [small] = make_plan(plain, [SMALL]).models
    assert small.compute_type == "float32"
    assert small.weights > 3 * make_plan(box(64), [SMALL]).models[0].weights


MODELS = st.builds(
    Model,
    name=st.sampled_from(["a", "b", "c"]),
    context_length=st.integers(512, 131_072),
    layers=st.integers(1, 48),
    heads=st.sampled_from([8, 16, 32]),
    heads_kv=st.sampled_from([1, 4, 8]),
    head_dim=st.sampled_from([64, 128]),
    hidden=st.sampled_from([512, 1024, 4096]),
    feed_forward=st.sampled_from([1536, 8192]),
    vocabulary=st.sampled_from([32_000, 152_000]),
)


def planned(devices: Devices, models: list[Model], wish: Wish) -> Plan | None:
    try:
        return make_plan(devices, models, wish)
    except DoesNotFit:
        return None


@given(
    st.integers(0, 128 * 1024),
    st.integers(1, 64),
    st.lists(MODELS, min_size=1, max_size=3, unique_by=lambda model: model.name),
    st.builds(
        Wish,
        replicas=st.none() | st.integers(1, 16),
        context=st.none() | st.integers(256, 32_768),
        memory=st.none() | st.integers(1, 64 * GIB),
    ),
)
def test_no_plan_takes_more_than_its_budget_nor_the_machine(
    mebibytes: int, cores: int, models: list[Model], wish: Wish
) -> None:
    devices = Devices(cores=cores, memory=mebibytes << 20)
    plan = planned(devices, models, wish)
    if plan is None:
        return
    assert plan.memory <= plan.budget <= max(0, devices.memory - GATEWAY)
    for each, model in zip(plan.models, models, strict=True):
        sizes = footprint(model)
        # A single job is never too large for its batch, and no batch for the memory.
        assert each.limits.max_tokens * sizes.position >= sizes.longest(each.context)
        assert each.working >= each.replicas * (REPLICA + sizes.longest(each.context))


@given(
    st.lists(st.tuples(st.integers(1, 8000), st.integers(1, 190)), min_size=1, max_size=64),
    st.integers(2, 24),
)
def test_no_batch_that_is_chosen_takes_more_than_its_share(
    jobs: list[tuple[int, int]], memory: int
) -> None:
    plan = planned(box(memory, 2), [SMALL], Wish(context=8192))
    if plan is None:
        return
    [small] = plan.models
    lengths = dict(enumerate(jobs))
    waiting = [Waiting(n, prompt, reply, 0) for n, (prompt, reply) in lengths.items()]
    chosen = [lengths[n] for n in choose(waiting, small.limits, Costs()).arrivals]
    batch = footprint(SMALL).batch(
        len(chosen), max(prompt for prompt, _ in chosen), max(reply for _, reply in chosen)
    )
    assert batch + REPLICA <= small.working // small.replicas


@given(st.integers(3, 64), st.integers(1, 32))
def test_more_memory_never_means_fewer_replicas_or_less_context_for_them(
    memory: int, cores: int
) -> None:
    less = planned(box(memory, cores), [SMALL], Wish())
    more = planned(box(memory + 1, cores), [SMALL], Wish())
    assert less is None or more is not None
    if less and more:
        a, b = less.models[0], more.models[0]
        assert (b.replicas, b.context) >= (a.replicas, a.context)
