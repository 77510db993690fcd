"""The memory of another process, through a descriptor of its /proc/PID/mem."""

from __future__ import annotations

import ctypes
import errno
import struct

# PyDLL: these calls return at once, and giving up our GIL for them could cost 5 ms each time.
_libc = ctypes.PyDLL(None, use_errno=True)
_pread, _pwrite = _libc.pread, _libc.pwrite
for _one in (_pread, _pwrite):
    _one.restype = ctypes.c_ssize_t
    _one.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]


def read_memory(memory: int, address: int, size: int) -> bytes:
    """Bytes of another process; b"" where nothing is mapped."""
    area = ctypes.create_string_buffer(size)
    count = _pread(memory, area, size, address)
    return area.raw[: max(count, 0)]


def write_memory(memory: int, address: int, data: bytes) -> None:
    """Write bytes into another process. Raises OSError; ESRCH if it has no such memory any more."""
    done = 0
    while done < len(data):
        count = _pwrite(memory, data[done:], len(data) - done, address + done)
        if count <= 0:
            number = ctypes.get_errno() if count < 0 else errno.ESRCH
            raise OSError(number, "the target's memory cannot be written")
        done += count


def read_time(memory: int, address: int) -> float | None:
    """A struct timespec of another process, in seconds."""
    data = read_memory(memory, address, 16)
    if len(data) != 16:
        return None
    seconds, nanoseconds = struct.unpack("<qq", data)
    return float(seconds + nanoseconds / 1e9)
