"""Files of /proc and /sys as other machines have them, written below a directory.

Each is shortened to the lines and flags that matter; fields, order and spelling are the kernel's.
"""

from __future__ import annotations

from pathlib import Path

GIB = 1 << 30


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def meminfo(total: int, available: int) -> str:
    return (
        f"MemTotal:       {total // 1024:>8} kB\nMemFree:         1048576 kB\n"
        f"MemAvailable:   {available // 1024:>8} kB\nBuffers:           31932 kB\n"
    )


def status(cpus: str) -> str:
    return (
        f"Name:\tpython3\nVmPeak:\t  999999 kB\nCpus_allowed:\tffff\nCpus_allowed_list:\t{cpus}\n"
    )


def _epyc(number: int) -> str:
    """An AMD EPYC 4545P: 16 cores, 32 threads; thread 16 is the second of core 0."""
    return (
        f"processor\t: {number}\nvendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 68\n"
        "model name\t: AMD EPYC 4545P 16-Core Processor\nstepping\t: 0\n"
        "cpu MHz\t\t: 5131.972\ncache size\t: 1024 KB\nphysical id\t: 0\nsiblings\t: 32\n"
        f"core id\t\t: {number % 16}\ncpu cores\t: 16\napicid\t\t: {number}\n"
        "flags\t\t: fpu vme de pse tsc msr sse4_2 fma avx f16c avx2 bmi2 avx512f avx512dq avx512cd "
        "avx512bw avx512vl avx_vnni avx512_bf16 avx512_vnni\nbugs\t\t: sysret_ss_attrs\n"
        "address sizes\t: 48 bits physical, 48 bits virtual\npower management: ts ttp tm\n\n"
    )


def epyc(root: Path) -> Path:
    files = {
        "proc/cpuinfo": "".join(map(_epyc, range(32))),
        "proc/meminfo": meminfo(64 * GIB, 60 * GIB),
        "proc/self/status": status("0-31"),
        "proc/self/cgroup": "0::/system.slice/intramural.service\n",
        "proc/self/mountinfo": (
            "35 24 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
        ),
        "sys/fs/cgroup/system.slice/intramural.service/cpu.max": "max 100000\n",
        "sys/fs/cgroup/system.slice/intramural.service/memory.max": "max\n",
    }
    for number in range(32):
        core = number % 16
        cpu = f"sys/devices/system/cpu/cpu{number}"
        files[f"{cpu}/topology/thread_siblings_list"] = f"{core},{core + 16}\n"
        half = "0-7,16-23" if core < 8 else "8-15,24-31"
        for index, (level, kind, size, shared) in enumerate(
            (
                ("1", "Data", "48K", f"{core},{core + 16}"),
                ("1", "Instruction", "32K", f"{core},{core + 16}"),
                ("2", "Unified", "1024K", f"{core},{core + 16}"),
                ("3", "Unified", "32768K", half),
            )
        ):
            cache = f"{cpu}/cache/index{index}"
            files[f"{cache}/level"] = f"{level}\n"
            files[f"{cache}/type"] = f"{kind}\n"
            files[f"{cache}/size"] = f"{size}\n"
            files[f"{cache}/shared_cpu_list"] = f"{shared}\n"
    return write(root, files)


def altra(root: Path) -> Path:
    """Four cores of an Ampere Altra in a virtual machine: no model name, no topology in cpuinfo."""
    processors = "".join(
        f"processor\t: {number}\nBogoMIPS\t: 50.00\n"
        "Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid "
        "asimdrdm lrcpc dcpop asimddp\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
        "CPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\n"
        for number in range(4)
    )
    return write(
        root,
        {
            "proc/cpuinfo": processors,
            "proc/meminfo": meminfo(24 * GIB, 22 * GIB),
            "proc/self/status": status("0-3"),
        },
    )


def raspberry(root: Path) -> Path:
    """A board whose cpuinfo ends in a block about the board itself."""
    processors = "".join(
        f"processor\t: {number}\nBogoMIPS\t: 108.00\n"
        "Features\t: fp asimd evtstrm aes crc32 cpuid asimddp\nCPU implementer\t: 0x41\n"
        "CPU architecture: 8\nCPU variant\t: 0x4\nCPU part\t: 0xd0b\nCPU revision\t: 1\n\n"
        for number in range(4)
    )
    board = "Revision\t: c04170\nSerial\t\t: 0000000000000000\nModel\t\t: Raspberry Pi 5 Model B\n"
    return write(root, {"proc/cpuinfo": processors + board, "proc/meminfo": meminfo(GIB, GIB)})


def _gold(number: int) -> str:
    """An Intel Xeon Gold 6240: two sockets of 18 cores, two threads each."""
    socket = (number // 18) % 2
    return (
        f"processor\t: {number}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n"
        "model name\t: Intel(R) Xeon(R) Gold 6240 CPU @ 2.60GHz\nstepping\t: 7\n"
        f"physical id\t: {socket}\nsiblings\t: 36\ncore id\t\t: {number % 18}\ncpu cores\t: 18\n"
        "flags\t\t: fpu sse4_2 fma avx f16c avx2 avx512f avx512dq avx512cd avx512bw avx512vl "
        "avx512_vnni\n\n"
    )


def two_sockets(root: Path) -> Path:
    """72 logical processors on two NUMA nodes; /sys has no topology, only cpuinfo does."""
    files = {
        "proc/cpuinfo": "".join(map(_gold, range(72))),
        "proc/meminfo": meminfo(384 * GIB, 370 * GIB),
        "proc/self/status": status("0-71"),
    }
    for node, cpus in ((0, "0-17,36-53"), (1, "18-35,54-71")):
        directory = f"sys/devices/system/node/node{node}"
        files[f"{directory}/cpulist"] = f"{cpus}\n"
        files[f"{directory}/meminfo"] = (
            f"Node {node} MemTotal:       {192 * GIB // 1024} kB\n"
            f"Node {node} MemFree:        {180 * GIB // 1024} kB\n"
        )
    return write(root, files)


def pod(root: Path, *, cores: str, limit: int, current: int, cache: int) -> Path:
    """A Kubernetes pod with cgroup v2 on the EPYC: the limit is the pod's, not the container's."""
    epyc(root)
    place = "sys/fs/cgroup/kubepods/pod1"
    return write(
        root,
        {
            "proc/self/cgroup": "0::/kubepods/pod1/container\n",
            f"{place}/cpu.max": f"{cores}\n",
            f"{place}/memory.max": f"{limit}\n",
            f"{place}/memory.current": f"{current}\n",
            f"{place}/memory.stat": f"anon {current - cache}\ninactive_file {cache}\n",
            f"{place}/container/cpu.max": "max 100000\n",
            f"{place}/container/memory.max": "max\n",
            f"{place}/container/memory.current": f"{current}\n",
            f"{place}/container/cpuset.cpus.effective": "0-7\n",
        },
    )


def docker_v1(root: Path, *, quota: str, limit: str, usage: int, cache: int) -> Path:
    """A Docker container on cgroup v1: /proc names the host's path, the mounts show its inside."""
    epyc(root)
    inside = "/docker/0123abcd"
    controllers = ("cpu,cpuacct", "memory", "cpuset")
    return write(
        root,
        {
            "proc/self/cgroup": "".join(
                f"{number}:{names}:{inside}\n" for number, names in enumerate(controllers, 2)
            )
            + f"1:name=systemd:{inside}\n",
            "proc/self/mountinfo": "".join(
                f"{number} 30 0:{number} {inside} /sys/fs/cgroup/{names} ro,nosuid,relatime "
                f"master:{number} - cgroup cgroup rw,{names}\n"
                for number, names in enumerate(controllers, 31)
            ),
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": f"{quota}\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{limit}\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{usage}\n",
            "sys/fs/cgroup/memory/memory.stat": f"cache {cache}\ntotal_inactive_file {cache}\n",
            "sys/fs/cgroup/cpuset/cpuset.cpus": "0-31\n",
        },
    )
