"""Programs in C: registers that nobody may touch, and interpreters inside of other programs."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modtui.reach import NotPython, ReachError, Unsupported, connect
from modtui.reach.processes import processes
from tests.pythons import PYTHONS, Python
from tests.targets import PRELUDE, Target, eventually, program, target, threads_of, unharmed

COMPILER = shutil.which("cc") or shutil.which("gcc")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler here")
FLAGS = Path("/proc/cpuinfo").read_text().partition("flags")[2].partition("\n")[0].split()
NATIVE = [python for python in PYTHONS if not python.root]


def compile_c(folder: Path, source: str, name: str, *flags: str) -> Path:
    """Compile a program or, with -shared, a library."""
    assert COMPILER is not None
    text = folder / f"{name}.c"
    text.write_text(source)
    command = [COMPILER, "-O1", "-fPIC", str(text), "-o", str(folder / name), *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / name


# It sets the general registers, the x87 stack, all vector registers and the red zone, waits (in a
# loop, or in a system call), and looks at them again.
CHECKER = r"""
#include <stdint.h>
#include <string.h>
#include <time.h>
enum { VECTORS = COUNT * SIZE };
struct state { uint8_t vectors[VECTORS]; uint64_t general[8]; uint64_t zone[4]; uint64_t x87; };
static struct state want, seen;
static struct timespec pause_time = {0, 4000000};
long enter(struct state *from, struct state *to, long count, struct timespec *pause);
__asm__(
    ".text\n.globl enter\n.type enter, @function\nenter:\n"
    "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "push %rsi\n push %rcx\n"
    LOAD
    "mov GENERAL+64(%rdi), %rax\n mov %rax, -128(%rsp)\n"
    "mov GENERAL+72(%rdi), %rax\n mov %rax, -120(%rsp)\n"
    "mov GENERAL+80(%rdi), %rax\n mov %rax, -64(%rsp)\n"
    "mov GENERAL+88(%rdi), %rax\n mov %rax, -8(%rsp)\n"
    "fldpi\n"
    "mov GENERAL(%rdi), %r8\n mov GENERAL+8(%rdi), %r9\n mov GENERAL+16(%rdi), %r10\n"
    "mov GENERAL+24(%rdi), %r12\n mov GENERAL+32(%rdi), %r13\n mov GENERAL+40(%rdi), %r14\n"
    "mov GENERAL+48(%rdi), %r15\n mov GENERAL+56(%rdi), %rbp\n"
    "test %rdx, %rdx\n jz 2f\n"
    "1: dec %rdx\n jnz 1b\n jmp 3f\n"
    "2: mov $35, %eax\n mov (%rsp), %rdi\n xor %esi, %esi\n syscall\n"
    "3: mov 8(%rsp), %rsi\n"
    STORE
    "mov %r8, GENERAL(%rsi)\n mov %r9, GENERAL+8(%rsi)\n mov %r10, GENERAL+16(%rsi)\n"
    "mov %r12, GENERAL+24(%rsi)\n mov %r13, GENERAL+32(%rsi)\n mov %r14, GENERAL+40(%rsi)\n"
    "mov %r15, GENERAL+48(%rsi)\n mov %rbp, GENERAL+56(%rsi)\n"
    "mov -128(%rsp), %rax\n mov %rax, GENERAL+64(%rsi)\n"
    "mov -120(%rsp), %rax\n mov %rax, GENERAL+72(%rsi)\n"
    "mov -64(%rsp), %rax\n mov %rax, GENERAL+80(%rsi)\n"
    "mov -8(%rsp), %rax\n mov %rax, GENERAL+88(%rsi)\n"
    "fstpl GENERAL+96(%rsi)\n"
    "add $16, %rsp\n"
    "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n xor %eax, %eax\n ret\n");
long check(int asleep)
{
    double pi = 3.14159265358979323846;
    for (unsigned n = 0; n < sizeof want; n++)
        ((uint8_t *)&want)[n] = (uint8_t)(n * 37 + 11);
    memcpy(&want.x87, &pi, 8);
    memset(&seen, 0, sizeof seen);
    enter(&want, &seen, asleep ? 0 : 1000000, &pause_time);
    return memcmp(&want, &seen, sizeof want);
}
"""


def checker() -> str:
    """The source for this processor's vector registers."""
    if "avx512f" in FLAGS:
        size, count, register, move = 64, 32, "zmm", "vmovdqu64"
    elif "avx" in FLAGS:
        size, count, register, move = 32, 16, "ymm", "vmovdqu"
    else:
        size, count, register, move = 16, 16, "xmm", "movdqu"
    load = "".join(f"{move} {n * size}(%rdi), %{register}{n}\\n" for n in range(count))
    store = "".join(f"{move} %{register}{n}, {n * size}(%rsi)\\n" for n in range(count))
    clean = "vzeroupper\\n" if size > 16 else ""
    text = CHECKER.replace("COUNT * SIZE", f"{count} * {size}")
    text = text.replace("GENERAL", str(count * size))
    return text.replace(" LOAD\n", f' "{load}"\n').replace(" STORE\n", f' "{store}{clean}"\n')


CHECKING = """
import ctypes
library = (ctypes.PyDLL if HOLDS_GIL else ctypes.CDLL)(PATH)
rounds = wrong = 0
def work():
    global rounds, wrong
    while True:
        wrong += library.check(ASLEEP) != 0
        rounds += 1
run(work, lambda: rounds > 20 and not wrong)
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="written for x86-64")
@pytest.mark.parametrize("asleep", [0, 1], ids=["running", "blocked"])
@pytest.mark.parametrize("holds_gil", [False, True], ids=["released", "held"])
def test_registers_are_what_they_were(tmp_path: Path, asleep: int, holds_gil: bool) -> None:
    """Vector registers, the x87 stack, general registers and the red zone, at random moments."""
    wide = ["-mavx512f"] if "avx512f" in FLAGS else ["-mavx"] if "avx" in FLAGS else []
    library = compile_c(tmp_path, checker(), "checker.so", "-shared", *wide)
    source = PRELUDE + CHECKING.replace("PATH", repr(str(library)))
    source = source.replace("ASLEEP", str(asleep)).replace("HOLDS_GIL", str(holds_gil))
    with target(NATIVE[-2], source) as process:
        for _ in range(15):
            connect(process.pid).detach()
        assert eventually(lambda: threads_of(process.pid) == 1)
        unharmed(process.finish())


# Interpreters in other programs.

HOST = r"""
#include <Python.h>
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **arguments)
{
    FILE *file = fopen(arguments[1], "rb");
    static char text[65536];
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    Py_Initialize();
    return PyRun_SimpleString(text);
}
"""


@contextmanager
def hosted(program_: Path, source: str, folder: Path, **more: str) -> Iterator[Target]:
    """Run such a program; its interpreter executes the source."""
    (folder / "program.py").write_text(source)
    process = subprocess.Popen(
        [str(program_), str(folder / "program.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env={**os.environ, **more},
    )
    try:
        started = Target(process)
        started.wait_ready()
        yield started
    finally:
        process.kill()
        process.communicate()


def _config(python: Python, name: str) -> str:
    text = f"import sysconfig; print(sysconfig.get_config_var({name!r}) or '')"
    done = subprocess.run([*python.command, "-c", text], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(params=["dynamic", "static", "stripped"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Python]:
    """A program that links libpython as a library, or has all of it inside."""
    python = next(p for p in NATIVE if p.label == "3.12")
    include, libraries = _config(python, "INCLUDEPY"), _config(python, "LIBDIR")
    if not Path(include, "Python.h").exists():
        pytest.skip("no headers of that Python here")
    archive = Path(_config(python, "LIBPL"), "libpython3.12.a")
    flags = [f"-I{include}"]
    if request.param == "dynamic":
        flags += [f"-L{libraries}", f"-Wl,-rpath,{libraries}", "-lpython3.12"]
    elif archive.exists():
        flags += [str(archive), "-Wl,--export-dynamic", *_config(python, "LIBS").split()]
        flags += _config(python, "SYSLIBS").split()
        flags += ["-s"] if request.param == "stripped" else []
    else:
        pytest.skip("no static libpython here")
    return compile_c(tmp_path, HOST, f"host-{request.param}", *flags), python


def test_embedded(host: tuple[Path, Python], tmp_path: Path) -> None:
    """The program has another name than Python, and is listed and reached all the same."""
    path, python = host
    home = str(Path(python.command[0]).parent.parent)
    for state in ("sleep", "busy"):
        with hosted(path, program(state), tmp_path, PYTHONHOME=home) as process:
            (mine,) = (each for each in processes() if each.pid == process.pid)
            assert (mine.way, mine.python) == ("ptrace", "3.12.1")
            for _ in range(3):
                session = connect(process.pid)
                assert session.calls.list_modules(0, 5)["total"] > 10
                session.detach()
            unharmed(process.finish())


def test_embedded_without_symbols(tmp_path: Path) -> None:
    """Linked so that no symbol is left: there is nothing to find, which is said in words."""
    python = next(p for p in NATIVE if p.label == "3.12")
    archive = Path(_config(python, "LIBPL"), "libpython3.12.a")
    if not archive.exists():
        pytest.skip("no static libpython here")
    flags = [f"-I{_config(python, 'INCLUDEPY')}", str(archive), *_config(python, "LIBS").split()]
    path = compile_c(tmp_path, HOST, "silent", *flags, *_config(python, "SYSLIBS").split(), "-s")
    home = str(Path(python.command[0]).parent.parent)
    source = "print('ready', flush=True)\nwhile True: pass"
    with hosted(path, source, tmp_path, PYTHONHOME=home) as process:
        with pytest.raises(NotPython, match="does not run Python"):
            connect(process.pid)
        assert process.alive()


# What only looks like an interpreter that we can enter.

MIMIC = """
#include <stdio.h>
#include <unistd.h>
extern int Py_Initialize(void);
int main(void) { Py_Initialize(); puts("ready"); fflush(stdout); for (;;) pause(); }
"""
LIBRARY = """
char _PyRuntime[4096]; unsigned long Py_Version = VERSION;
#define F(name) int name(void) { return 0; }
F(Py_Initialize) F(Py_AddPendingCall) F(PyRun_SimpleString) F(Py_IsInitialized)
F(PyGILState_Ensure) F(PyGILState_Release) F(PyGILState_GetThisThreadState)
F(Py_MakePendingCalls) F(PyThreadState_GetUnchecked) F(Py_IsFinalizing) MORE
"""
MIMICS = {
    "free-threaded": (
        ("libpython3.13t.so.1.0", "0x030d00f0", "F(_Py_DecRefShared)"),
        (Unsupported, "free-threaded build of Python 3.13.0", "modtui.listen()"),
    ),
    "too old": (
        ("libpython3.7m.so.1.0", "0x030704f0", ""),
        (Unsupported, "runs Python 3.7.4, and 3.8 is the oldest", ""),
    ),
    "pypy": (
        ("libpypy3.10-c.so", "0", "#define Py_Initialize(x) 0"),
        (NotPython, "runs PyPy, and only CPython", "modtui.listen()"),
    ),
    "without symbols": (
        ("libpython3.12.so.1.0", "0x030c01f0", "#define PyRun_SimpleString hidden"),
        (Unsupported, "has no symbol PyRun_SimpleString", "modtui run"),
    ),
}


@pytest.mark.parametrize("kind", MIMICS)
def test_refused_in_words(kind: str, tmp_path: Path) -> None:
    (name, version, more), (error, words, remedy) = MIMICS[kind]
    text = LIBRARY.replace("VERSION", version)
    if more.startswith("#define PyRun"):
        text = more + text.replace("MORE", "")
    elif kind == "pypy":
        text = "int Py_Initialize(void) { return 0; }"
    else:
        text = text.replace("MORE", more)
    compile_c(tmp_path, text, name, "-shared", f"-Wl,-soname,{name}")
    path = compile_c(tmp_path, MIMIC, "python-like", str(tmp_path / name), f"-Wl,-rpath,{tmp_path}")
    process = subprocess.Popen([path], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        with pytest.raises(error, match=words.replace("(", r"\(")) as refusal:
            connect(process.pid)
        assert remedy in refusal.value.remedy
        (mine,) = (each for each in processes() if each.pid == process.pid)
        assert (mine.way, mine.reason) == (None, refusal.value.reason)
        done = subprocess.run(
            [sys.executable, "-m", "modtui", "list", str(process.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 3
        assert refusal.value.reason in done.stderr
        assert not remedy or remedy in done.stderr
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_a_32_bit_program(tmp_path: Path) -> None:
    """pause(), for ever, as an i386 executable of 92 bytes called python."""
    code = b"\xb8\x1d\x00\x00\x00\xcd\x80\xeb\xf7"
    base = 0x08048000
    head = b"\x7fELF\x01\x01\x01" + bytes(9)
    head += struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, base + 84, 52, 0, 0, 52, 32, 1, 40, 0, 0)
    size = 84 + len(code)
    head += struct.pack("<IIIIIIII", 1, 0, base, base, size, size, 5, 4096)
    path = tmp_path / "python3"
    path.write_bytes(head + code)
    path.chmod(0o755)
    try:
        process = subprocess.Popen([path])
    except OSError:
        pytest.skip("this kernel runs no 32-bit programs")
    try:
        if not eventually(lambda: process.poll() is not None or _runs(process.pid, path), 2):
            pytest.skip("this kernel runs no 32-bit programs")
        if process.poll() is not None:
            pytest.skip("this kernel runs no 32-bit programs")
        with pytest.raises(ReachError, match="is a 32-bit program"):
            connect(process.pid)
    finally:
        process.kill()
        process.wait()


def _runs(pid: int, path: Path) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/exe") == str(path)
    except OSError:
        return False
