"""What Linux says about a process, read from /proc and from nothing that the process runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from functools import cached_property
from typing import NamedTuple

from modtui.reach.errors import NoPermission, NoSuchProcess, NotPython, Traced, Unsupported

LINUX = sys.platform == "linux"
CAP_SYS_PTRACE = 1 << 19
STOPPED, TRACED, DEAD = "T", "t", ("Z", "X", "x")
PF_EXITING = 0x4  # in the flags of /proc/PID/stat (include/linux/sched.h)


class Mapping(NamedTuple):
    """One line of /proc/PID/maps."""

    start: int
    end: int
    permissions: str
    offset: int
    inode: int
    path: str

    @property
    def file(self) -> str:
        """The path without the kernel's mark of a deleted file."""
        return self.path.removesuffix(" (deleted)")


class Proc:
    """One process as seen now. What was read once is not read again."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.folder = f"/proc/{pid}"

    def text(self, name: str) -> str:
        """A file under /proc/PID. Raises NoSuchProcess and NoPermission."""
        return self.data(name).decode("utf-8", "surrogateescape")

    def data(self, name: str) -> bytes:
        """A file's bytes under /proc/PID. Raises NoSuchProcess and NoPermission."""
        try:
            with open(f"{self.folder}/{name}", "rb") as file:
                return file.read()
        except (FileNotFoundError, ProcessLookupError):
            raise no_such(self.pid) from None
        except PermissionError:
            raise not_allowed(self) from None

    @cached_property
    def status(self) -> dict[str, str]:
        """/proc/PID/status by key."""
        pairs = (line.partition(":") for line in self.text("status").splitlines())
        return {key: value.strip() for key, _, value in pairs}

    @property
    def state(self) -> str:
        """The letter of its state."""
        return self.status.get("State", "?")[:1]

    def state_now(self, thread: int | None = None) -> str:
        """The letter of the state of one of its threads (the main one), read anew."""
        data = self.data(f"task/{thread or self.pid}/stat")
        return data[data.rfind(b")") + 2 : data.rfind(b")") + 3].decode()

    @property
    def uid(self) -> int:
        """The effective user, as we number users."""
        if not LINUX:
            return int(self._ps("uid"))
        return int(self.status["Uid"].split()[1])

    def _ps(self, field: str) -> str:
        """What `ps` says of it, where there is no /proc. Raises NoSuchProcess."""
        command = ["ps", "-ww", "-o", f"{field}=", "-p", str(self.pid)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not done.stdout.strip():
            raise no_such(self.pid)
        return done.stdout.strip()

    @property
    def tracer(self) -> int:
        """The process that traces it, or 0."""
        return int(self.status.get("TracerPid", "0"))

    @cached_property
    def inner_pid(self) -> int:
        """Its pid as it sees it itself."""
        if not LINUX:
            return self.pid
        return int(self.status.get("NSpid", str(self.pid)).split()[-1])

    @cached_property
    def inner_uid(self) -> int:
        """Its effective user as it numbers users itself."""
        if not LINUX:
            return self.uid
        try:
            lines = self.text("uid_map").splitlines()
        except (NoSuchProcess, NoPermission):
            return self.uid
        for line in lines:
            inside, outside, count = map(int, line.split())
            if outside <= self.uid < outside + count:
                return inside + self.uid - outside
        return self.uid

    @cached_property
    def start_ticks(self) -> int:
        """When it started, in clock ticks since the boot; tells it from a later process."""
        data = self.data("stat")
        return int(data[data.rfind(b")") + 2 :].split()[19])

    def started(self) -> float:
        """The same in seconds since the epoch; 0.0 where that cannot be known."""
        if not LINUX:
            return 0.0
        boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        return boot + self.start_ticks / os.sysconf("SC_CLK_TCK")

    def ended(self) -> bool:
        """Is it ending now, or has it, whether or not its parent has asked for it yet?"""
        if not LINUX:
            return not is_there(self.pid)
        try:
            with open(f"{self.folder}/stat", "rb") as file:
                data = file.read()
        except OSError:
            return True
        fields = data[data.rfind(b")") + 2 :].split()
        if fields[0].decode() in DEAD or int(fields[6]) & PF_EXITING:
            return True
        return int(fields[19]) != self.start_ticks  # a later process has the number

    @property
    def name(self) -> str:
        """Its name in words for messages."""
        return self.status.get("Name", "?")

    @cached_property
    def maps(self) -> tuple[Mapping, ...]:
        """Its memory. Raises NoPermission."""
        found = []
        for line in self.text("maps").splitlines():
            parts = line.split(None, 5)
            start, _, end = parts[0].partition("-")
            path = parts[5] if len(parts) > 5 else ""
            found.append(
                Mapping(
                    int(start, 16), int(end, 16), parts[1], int(parts[2], 16), int(parts[4]), path
                )
            )
        return tuple(found)

    @cached_property
    def exe(self) -> str:
        """The executable's path as the target sees it, "" for a kernel thread."""
        if not LINUX:
            return self._ps("comm")
        try:
            return os.readlink(f"{self.folder}/exe")
        except PermissionError:
            raise not_allowed(self) from None
        except OSError:
            if not os.path.isdir(self.folder):
                raise no_such(self.pid) from None
            return ""

    def outer_thread(self, inner: int) -> int | None:
        """Our number for a thread that the process itself numbers `inner`; None if it has ended."""
        try:
            names = os.listdir(f"{self.folder}/task")
        except OSError:
            return None
        for name in names:
            try:
                lines = self.text(f"task/{name}/status").splitlines()
            except (NoSuchProcess, NoPermission):
                continue
            ids = [line.split()[1:] for line in lines if line.startswith("NSpid:")]
            if int(ids[0][-1] if ids else name) == inner:
                return int(name)
        return None

    def open_path(self, mapping: Mapping) -> str:
        """A path by which we can open the very file that is mapped, deleted or not."""
        by_address = f"{self.folder}/map_files/{mapping.start:x}-{mapping.end:x}"
        places = [by_address, f"{self.folder}/exe"] if mapping.path == self.exe else [by_address]
        # The kernel names a file as we reach it where it can (chroot), else as the target does.
        for path in (*places, f"{self.folder}/root{mapping.file}", mapping.file):
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                if path in places or os.fstat(descriptor).st_ino == mapping.inode:
                    return path  # and not another file that has this name by now
            finally:
                os.close(descriptor)
        return f"{self.folder}/root{mapping.file}"

    def root(self) -> str:
        """ "" if it sees the same files under the same names as we do, else its root's path."""
        try:
            same = os.path.samestat(os.stat(f"{self.folder}/root/"), os.stat("/"))
            same = same and os.readlink(f"{self.folder}/ns/mnt") == os.readlink("/proc/self/ns/mnt")
        except OSError:
            return ""
        return "" if same else f"{self.folder}/root"


def is_there(pid: int) -> bool:
    """Is there a process of that number?"""
    if LINUX:
        return os.path.isdir(f"/proc/{pid}")
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def no_such(pid: int) -> NoSuchProcess:
    """There is no such process, or no more than what its parent has not asked for yet."""
    if os.path.isdir(f"/proc/{pid}"):
        return has_ended(pid)
    return NoSuchProcess(f"there is no process {pid}", "`modtui ps` lists the Python processes")


def has_ended(pid: int) -> NoSuchProcess:
    """It was there, and is not any more."""
    return NoSuchProcess(f"process {pid} has ended", "`modtui ps` lists the Python processes")


def capable() -> bool:
    """May we trace any process?"""
    return bool(int(Proc(os.getpid()).status.get("CapEff", "0"), 16) & CAP_SYS_PTRACE)


def yama() -> int:
    """The kernel's ptrace_scope (Documentation/admin-guide/LSM/Yama.rst); 0 without Yama."""
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


def user_name(uid: int) -> str:
    """The user's name, or its number."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def not_allowed(process: Proc) -> NoPermission:
    """Why the kernel does not let us at a process, with the remedy."""
    pid, scope = process.pid, yama()
    if scope == 3:
        return NoPermission(
            f"no process can be attached to on this machine: kernel.yama.ptrace_scope is 3 "
            f"(pid {pid})",
            "start the program with `modtui run`, or call modtui.listen() in it; the value 3 stays "
            "until the next boot",
        )
    if capable():
        return NoPermission(
            f"the kernel does not allow to attach to process {pid}, even to root",
            "a security module (SELinux, AppArmor) or its user namespace forbids it; start the "
            "program with `modtui run`, or call modtui.listen() in it",
        )
    if process.uid != os.geteuid():
        return NoPermission(
            f"process {pid} belongs to {user_name(process.uid)}, and you are "
            f"{user_name(os.geteuid())}",
            f"run modtui as {user_name(process.uid)} or with sudo",
        )
    if scope == 2:
        return NoPermission(
            f"attaching to process {pid} needs CAP_SYS_PTRACE: kernel.yama.ptrace_scope is 2",
            "run modtui with sudo, or start the program with `modtui run`, or call "
            "modtui.listen() in it",
        )
    if scope == 1:
        return NoPermission(
            f"process {pid} is not a descendant of this one, and kernel.yama.ptrace_scope is 1",
            "run modtui with sudo, or `sudo sysctl kernel.yama.ptrace_scope=0` until the next "
            "boot, or start the program with `modtui run`, or call modtui.listen() in it",
        )
    return NoPermission(
        f"the kernel does not allow to attach to process {pid}: it has more rights than you, or "
        f"this container lacks CAP_SYS_PTRACE",
        "run modtui with sudo, or the container with --cap-add=SYS_PTRACE, or start the program "
        "with `modtui run`",
    )


def check_state(process: Proc) -> None:
    """Raise the refusal for a process in whose state nothing can be done."""
    if not LINUX:
        if process.ended():
            raise no_such(process.pid)
        return
    pid, status = process.pid, process.status
    if int(status.get("Tgid", pid)) != pid:
        raise NoSuchProcess(
            f"{pid} is a thread of process {status['Tgid']}", f"attach to {status['Tgid']}"
        )
    if process.state in DEAD:
        raise NoSuchProcess(
            f"process {pid} has ended and is a zombie until its parent {status.get('PPid')} "
            "asks for it"
        )
    if "VmSize" not in status and (status.get("Kthread") == "0" or process.ended()):
        raise has_ended(pid)  # its memory goes first
    if "VmSize" not in status:
        raise NotPython(f"process {pid} ({process.name}) is a thread of the kernel")


def check_traceable(process: Proc) -> None:
    """Raise the refusal for a process that is stopped or traced by somebody else."""
    pid = process.pid
    if process.tracer:
        tracer = process.tracer
        try:
            name = Proc(tracer).name
        except NoSuchProcess:
            name = "?"
        refusal = Traced(
            f"process {pid} is already traced by process {tracer} ({name})",
            "detach that debugger, then try again",
        )
        refusal.tracer = tracer
        raise refusal
    if process.state == STOPPED:
        raise Unsupported(
            f"process {pid} is stopped by a signal", f"continue it with `kill -CONT {pid}`"
        )


LIBPYTHON = re.compile(r"libpython\d[\w.]*(?:\.so|\.dylib)[\w.]*$")
PYPY = re.compile(r"(?:lib)?pypy[\w.-]*$")
