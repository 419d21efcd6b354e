"""What a process may use is read right off machines that are not this one, and off this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.devices import Devices, detect_devices, measure_bandwidth
from engine.processor import Cache, has_avx512
from tests.unit.engine import machines
from tests.unit.engine.machines import GIB


def test_this_machine_has_what_the_system_says() -> None:
    devices = detect_devices()
    assert 1 <= devices.physical <= devices.cores <= len(os.sched_getaffinity(0))
    assert 0 < devices.memory <= devices.memory_total
    assert devices.processor.logical >= len(os.sched_getaffinity(0))
    assert "int8" in devices.compute_types


def test_affinity_bounds_the_cores() -> None:
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from engine import detect_devices; print(detect_devices().cores)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "1"


def test_threads_of_one_core_are_counted_once_where_arithmetic_is(tmp_path: Path) -> None:
    devices = detect_devices(machines.epyc(tmp_path))
    assert (devices.cores, devices.physical) == (32, 16)
    assert devices.replicas() == 16
    assert devices.processor.model == "AMD EPYC 4545P 16-Core Processor"
    assert devices.processor.isa == ("AVX2", "AVX512", "VNNI")
    assert devices.memory == 60 * GIB
    assert devices.memory_total == 64 * GIB


def test_caches_are_counted_by_who_shares_them(tmp_path: Path) -> None:
    assert detect_devices(machines.epyc(tmp_path)).processor.caches == (
        Cache(1, "Data", 48 << 10, 16),
        Cache(1, "Instruction", 32 << 10, 16),
        Cache(2, "Unified", 1 << 20, 16),
        Cache(3, "Unified", 32 << 20, 2),
    )


def test_an_arm_processor_has_the_name_that_its_numbers_stand_for(tmp_path: Path) -> None:
    devices = detect_devices(machines.altra(tmp_path))
    assert devices.processor.model == "Arm Neoverse-N1"
    assert devices.processor.isa == ("NEON", "DOTPROD")
    assert (devices.cores, devices.physical) == (4, 4)


def test_a_block_about_the_board_is_no_processor(tmp_path: Path) -> None:
    machine = detect_devices(machines.raspberry(tmp_path)).processor
    assert (machine.logical, machine.model) == (4, "Arm Cortex-A76")


def test_numa_nodes_have_their_processors_and_memory(tmp_path: Path) -> None:
    devices = detect_devices(machines.two_sockets(tmp_path))
    first, second = devices.processor.nodes
    assert first.cpus == frozenset([*range(18), *range(36, 54)])
    assert second.memory == 192 * GIB
    assert not first.cpus & second.cpus
    assert (devices.cores, devices.physical) == (72, 36)


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("400000 100000", 4), ("50000 100000", 1), ("max 100000", 8), ("x", 8), ("1 0", 8)],
)
def test_a_limit_of_a_parent_cgroup_bounds_the_cores(
    tmp_path: Path, quota: str, cores: int
) -> None:
    root = machines.pod(tmp_path, cores=quota, limit=8 * GIB, current=GIB, cache=0)
    assert detect_devices(root).cores == cores


def test_a_limit_of_a_parent_cgroup_bounds_the_memory_and_page_cache_is_free(
    tmp_path: Path,
) -> None:
    root = machines.pod(tmp_path, cores="max 100000", limit=8 * GIB, current=3 * GIB, cache=2 * GIB)
    devices = detect_devices(root)
    assert devices.memory == 7 * GIB
    assert devices.memory_total == 8 * GIB


def test_the_older_cgroups_bound_both_too(tmp_path: Path) -> None:
    root = machines.docker_v1(
        tmp_path, quota="300000", limit=str(6 * GIB), usage=2 * GIB, cache=GIB
    )
    devices = detect_devices(root)
    assert (devices.cores, devices.physical) == (3, 3)
    assert devices.memory == 5 * GIB
    assert devices.container.memory == 6 * GIB


def test_no_limit_of_the_older_cgroups_is_none(tmp_path: Path) -> None:
    root = machines.docker_v1(tmp_path, quota="-1", limit="9223372036854771712", usage=GIB, cache=0)
    devices = detect_devices(root)
    assert devices.container.memory is None
    assert devices.cores == 32
    assert devices.memory == 60 * GIB


@pytest.mark.parametrize("path", ["/..", "/../elsewhere", "/docker/other", "/"])
def test_a_path_that_is_not_mounted_leaves_what_is(tmp_path: Path, path: str) -> None:
    root = machines.docker_v1(tmp_path, quota="300000", limit=str(6 * GIB), usage=GIB, cache=0)
    text = (root / "proc/self/cgroup").read_text().replace("/docker/0123abcd", path)
    machines.write(root, {"proc/self/cgroup": text})
    # A directory of that name would be somebody else's.
    machines.write(root, {f"sys/fs/cgroup/memory{path}/memory.limit_in_bytes": "1\n"})
    machines.write(root, {"sys/fs/cgroup/memory/memory.limit_in_bytes": f"{6 * GIB}\n"})
    devices = detect_devices(root)
    assert devices.cores == 3
    assert devices.memory == 5 * GIB


def test_half_of_a_set_of_processors_has_half_of_the_cores(tmp_path: Path) -> None:
    root = machines.epyc(tmp_path)
    machines.write(root, {"proc/self/status": machines.status("0-7,16-23")})
    assert (detect_devices(root).cores, detect_devices(root).physical) == (16, 8)


def test_a_machine_that_tells_nothing_has_one_core_and_no_memory(tmp_path: Path) -> None:
    devices = detect_devices(tmp_path)
    assert (devices.cores, devices.memory) == (1, 0)
    assert devices.processor.model == "unknown"


def test_nonsense_in_a_file_is_not_believed(tmp_path: Path) -> None:
    root = machines.pod(tmp_path, cores="a b", limit=8 * GIB, current=GIB, cache=0)
    place = root / "sys/fs/cgroup/kubepods/pod1"
    (place / "memory.max").write_text("lots\n")
    (place / "container/cpuset.cpus.effective").write_text("all\n")
    devices = detect_devices(root)
    assert devices.container.memory is None
    assert devices.cores == 32


def test_there_is_always_one_replica() -> None:
    assert Devices(cores=2, memory=0).replicas(threads=8) == 1
    assert Devices(cores=8, memory=0).replicas(threads=2) == 4
    assert Devices(cores=8, memory=0, physical=4).replicas() == 4


def test_a_copy_is_measured_by_as_many_threads_as_are_asked_for() -> None:
    assert measure_bandwidth(2, seconds=0.01) > 0


AVX512 = "avx512f avx512dq avx512cd avx512bw avx512vl"


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ([AVX512, AVX512], True),
        ([AVX512, "avx2"], False),
        ([AVX512.removesuffix("avx512vl")], False),
        ([], False),
    ],
    ids=["every-core", "one-core-without", "no-vl", "no-processor"],
)
def test_avx512_is_there_only_where_every_core_has_all_of_it(
    tmp_path: Path, flags: list[str], *, found: bool
) -> None:
    blocks = [f"processor\t: {index}\nflags\t\t: {each}\n" for index, each in enumerate(flags)]
    machines.write(tmp_path, {"proc/cpuinfo": "\n".join(blocks)})
    assert has_avx512(tmp_path) is found


def test_ctranslate2_is_told_its_instructions_unless_somebody_else_has() -> None:
    program = "import os, engine.ct2; print(os.environ.get('CT2_FORCE_CPU_ISA'))"

    def told(**extra: str) -> str:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("CT2_")}
        ran = subprocess.run(
            [sys.executable, "-c", program],
            env=plain | extra,
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout.strip()

    assert told() == ("AVX512" if has_avx512() else "None")
    assert told(CT2_FORCE_CPU_ISA="GENERIC") == "GENERIC"
