"""What main's queue of pending calls gets: machine code that runs a text and lets nothing out.

`PyRun_SimpleString` would print what the text raises, end the process for a SystemExit, and return
-1, for which the interpreter raises a SystemError in the main thread: a target whose audit hook
forbids `compile`, or that has no memory left just then, would be harmed by our being refused. This
code (x86-64) runs the text in a namespace of its own, notes the type of what it raised, puts back
whatever exception was set before, and always returns 0.

Its pages can be freed when main is out of them, which the code itself cannot say: after its last
word there is still its return. So it goes by an instruction of the C library that does both.

Instruction encodings: Intel's Software Developer's Manual, volume 2.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

from modtui.reach.memory import read_memory

CODE_SIZE = 512
DATA_SIZE = 64
FUNCTIONS = (
    "PyErr_Fetch",
    "PyErr_Restore",
    "PyErr_Occurred",
    "PyDict_New",
    "PyRun_StringFlags",
    "Py_DecRef",
)
# mov dword [rdi], 0; xor eax, eax; ret - or the same for who comes with 0 in eax.
LAST_WORDS = (b"\xc7\x07\0\0\0\0\x31\xc0\xc3", b"\x89\x07\xc3")
_WITHIN, _WHY, _TYPE, _VALUE, _TRACE, _SPACE = range(0, 48, 8)  # offsets in the data
_FILE_INPUT = 257  # Py_file_input
_NAME_OF_TYPE = 24  # tp_name in a PyTypeObject
_LONGEST_NAME = 100


def data() -> bytes:
    """What its data is at first: main has not been through yet."""
    return struct.pack("<Q", 1).ljust(DATA_SIZE, b"\0")


def assemble(address: Callable[[str], int], last_words: int, data_at: int, text: int) -> bytes:
    """The code; `address` tells where a function of the interpreter is."""

    def call(name: str) -> bytes:
        return b"\x48\xb8" + struct.pack("<Q", address(name)) + b"\xff\xd0"

    run = b"\x48\xbf" + struct.pack("<Q", text)  # mov rdi, text
    run += b"\xbe" + struct.pack("<I", _FILE_INPUT)  # mov esi, ...
    run += bytes.fromhex("4889c2 4889c1 4531c0")  # rdx = rcx = the namespace; r8 = NULL
    run += call("PyRun_StringFlags")
    good = b"\x48\x89\xc7" + call("Py_DecRef")  # of the result
    bad = call("PyErr_Occurred") + _store_rax(_WHY)
    good += b"\xeb" + struct.pack("<b", len(bad))  # jmp over it
    run += _jump_if_null(len(good)) + good
    code = b"\x53\x48\xbb" + struct.pack("<Q", data_at)  # push rbx; mov rbx, data
    code += _three(b"\x8d") + call("PyErr_Fetch")
    code += call("PyDict_New") + _store_rax(_SPACE) + _jump_if_null(len(run)) + run + bad
    code += bytes((0x48, 0x8B, 0x7B, _SPACE)) + call("Py_DecRef")
    code += _three(b"\x8b") + call("PyErr_Restore")
    code += b"\x48\x89\xdf\x5b\x31\xc0"  # mov rdi, rbx; pop rbx; xor eax, eax
    code += b"\x48\xb9" + struct.pack("<Q", last_words) + b"\xff\xe1"  # jmp there
    assert len(code) <= CODE_SIZE
    return code


def _three(operation: bytes) -> bytes:
    """lea or mov rdi, rsi, rdx of the saved exception's three places."""
    registers = ((0x7B, _TYPE), (0x73, _VALUE), (0x53, _TRACE))
    return b"".join(b"\x48" + operation + bytes(pair) for pair in registers)


def _store_rax(offset: int) -> bytes:
    return bytes((0x48, 0x89, 0x43, offset))


def _jump_if_null(over: int) -> bytes:
    return b"\x48\x85\xc0\x0f\x84" + struct.pack("<i", over)


def is_over(memory: int, data_at: int) -> bool:
    """Has main run it, and left it? Also if that memory is no more."""
    return read_memory(memory, data_at + _WITHIN, 4) in (bytes(4), b"")


def wait(memory: int, data_at: int, seconds: float) -> bool:
    """Wait for main to be out of it; False if it is not in time."""
    end = time.monotonic() + seconds
    while not is_over(memory, data_at):
        if time.monotonic() > end:
            return False
        time.sleep(0.0005)
    return True


def raised(memory: int, data_at: int) -> str:
    """The name of the type that the text, or its compilation, has raised; "" if it did not."""
    words = read_memory(memory, data_at, DATA_SIZE)
    if len(words) < DATA_SIZE or any(words[:4]):
        return ""
    (kind,) = struct.unpack_from("<Q", words, _WHY)
    if not kind:
        return ""
    pointer = read_memory(memory, kind + _NAME_OF_TYPE, 8)
    name = read_memory(memory, int.from_bytes(pointer, "little"), _LONGEST_NAME)
    text = name.partition(b"\0")[0].decode("ascii", "replace")
    return text if text.replace(".", "_").isidentifier() else "an error"
