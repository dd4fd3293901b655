"""Which device to compute on, and in which precision."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

from inrr_cli.errors import InputError

Item = TypeVar("Item")
Output = TypeVar("Output")


def choose_device(name: str = "auto") -> torch.device:
    """Return the device called ``name``; ``auto`` takes cuda, else mps, else cpu.

    Raises
    ------
    InputError
        If there is no such device here.
    """
    available = available_devices()
    if name == "auto":
        return torch.device(available[0])
    if name not in available:
        raise InputError(f"the device {name} is not available here; use {' or '.join(available)}")
    return torch.device(name)


def available_devices() -> list[str]:
    """Devices that can be used here, the fastest first."""
    return [
        *(["cuda"] if torch.cuda.is_available() else []),
        *(["mps"] if torch.backends.mps.is_available() else []),
        "cpu",
    ]


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 matrices faster than float32 ones.

    Decided by what the processor says of itself, not by timing, so that the same machine always computes the same.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return bool(_processor().get("avx512_bf16") or _processor().get("amx_bf16") or _processor().get("bf16"))
    return False


def _processor() -> dict[str, object]:
    read = getattr(torch.cpu, "get_capabilities", None)  # torch 2.13 and later
    if read is not None:
        return dict(read())
    return {"avx512_bf16": torch.cpu._is_avx512_bf16_supported()}


def map_in_threads(function: Callable[[Item], Output], items: Iterable[Item], device: torch.device) -> Iterator[Output]:
    """Yield ``function(item)`` for each item in order: on the cpu one thread for each core, elsewhere one by one.

    Many small matrix problems keep every core busy this way, where torch would split none of them.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or threads == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        waiting: deque[Future[Output]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
            torch.set_num_threads(threads)
