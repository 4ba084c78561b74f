"""How often Python looks for garbage in processes that hold a great deal for long, and what becomes of memory that was let go of."""

import ctypes
import gc

import pyarrow as pa

_OF_GLIBC = {-8: 2, -3: 64 * 1024}
"""Options of its `mallopt`: at most so many arenas, and from how many bytes on a block is the machine's again as soon as it is let go of
(`M_ARENA_MAX`, `M_MMAP_THRESHOLD`, which else grows to the largest block that ever was)."""


def look_less_often() -> None:
    """Leave alone what is loaded by now, and look at the rest less often than by default.

    Everything here is freed as it goes out of use, but for a few cycles in libraries; looking for those each few hundred objects, among a
    million that stay, took a tenth of the engine's and of the dispatcher's time.
    """
    leave_alone()
    gc.set_threshold(50_000, 20, 100)


def leave_alone() -> None:
    """Look no more at what is there by now: it stays, and what of it goes out of use is freed as ever."""
    gc.collect()
    gc.freeze()


def look_often() -> None:
    """For a process that makes pages: each leaves cycles that hold all that it showed, until somebody looks.

    That is cheap only once what stays is left alone (`leave_alone`).
    """
    gc.set_threshold(2_000, 10, 10)


def hold_little() -> None:
    """For a process that stands beside many others: what it lets go of can be given back to the machine.

    Arrow's own pool keeps for good the most that it ever needed at once, and glibc keeps a pool for each of some threads, each with its own
    gaps. Called before there are threads.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    set_option = getattr(_libc(), "mallopt", None)
    if set_option is not None:
        for option, value in _OF_GLIBC.items():
            set_option(option, value)


def give_back() -> None:
    """Give back what was let go of, after work that needed much for a while. A C library other than glibc does as it sees fit."""
    trim = getattr(_libc(), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
