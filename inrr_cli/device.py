"""Which device to compute on, and in which precision."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import cache
from threading import Lock
from typing import TypeVar

import torch

from inrr_cli.errors import InputError
from inrr_cli.interruption import delay_signals, raise_if_lost

Item = TypeVar("Item")
Output = TypeVar("Output")

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of GNU's malloc.h


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


@contextmanager
def one_thread_per_operation() -> Iterator[None]:
    """Within, torch computes each operation on the cpu by one thread, and `map_in_threads` shares out larger pieces.

    Threads that share a single operation wait for each other thousands of times a second. Where another process takes
    one's turn, all of them wait, and a fit takes up to ten times as long as with one thread (`examples/busy.py`).
    """
    _bound_heaps()
    with _lock:
        _within.append(torch.get_num_threads() if not _within else _within[0])
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            threads = _within.pop()
            if not _within:
                torch.set_num_threads(threads)


def map_in_threads(function: Callable[[Item], Output], items: Iterable[Item], device: torch.device) -> Iterator[Output]:
    """Yield ``function(item)`` for each item in order: on the cpu by one thread for each core, elsewhere one by one.

    Gradients are computed in the threads if they are in the caller's. There is no autocast.
    """
    threads = _within[0] if _within else torch.get_num_threads()
    if device.type != "cpu" or threads == 1:
        for item in items:
            raise_if_lost()
            yield function(item)
        return
    pool, with_gradients = _pool(threads), torch.is_grad_enabled()

    def work(item: Item) -> Output:
        with torch.set_grad_enabled(with_gradients):  # a mode of each thread
            return function(item)

    waiting: deque[Future[Output]] = deque()

    def first() -> Output:
        with delay_signals():
            return waiting.popleft().result()

    try:
        for item in items:
            raise_if_lost()
            with delay_signals():
                waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * threads:
                yield first()
        while waiting:
            yield first()
    finally:
        with delay_signals():
            for future in waiting:
                future.cancel()
            wait(waiting)


def add_gradients(parameters: Iterable[torch.Tensor], gradients: Iterable[torch.Tensor | None]) -> None:
    """Add what `torch.autograd.grad` returned in a thread, in any precision, to the gradients of the parameters."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is not None:
            parameter.grad = gradient.to(parameter) if parameter.grad is None else parameter.grad.add_(gradient)


_lock = Lock()
_within: list[int] = []  # torch's number of threads, for each `one_thread_per_operation` that has been entered


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "inrr", initializer=torch.set_num_threads, initargs=(1,))


@cache
def _bound_heaps() -> None:
    """Take large tensors from the system and give them back to it, where the C library is GNU's; keep small ones.

    Otherwise each thread keeps large ones in a heap of its own, where tensors that another thread frees leave holes: a
    fit takes up to three times the memory. And small ones are given back one by one, as Dask asks of its workers
    (MALLOC_TRIM_THRESHOLD_): the system then takes longer than the work.
    """
    with suppress(OSError, AttributeError, TypeError):  # Windows has no library of the process
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, 2**23)
        library.mallopt(M_TRIM_THRESHOLD, 2**26)
