"""The shapes of what crosses between an agent and an inspector: plain JSON, described as types.

Only type checkers and the inspector read this module; it never travels into a target. Fields may be
added, never renamed.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, Optional, TypedDict

Status = Literal[
    "source",
    "extension",
    "built-in",
    "frozen",
    "bytecode",
    "namespace",
    "zip",
    "no spec",
    "lazy",
    "blocked",
    "object",
]
Verdict = Literal["fresh", "stale", "unknown", "missing", "n/a"]
Proof = Literal["proved", "likely", "none"]
Level = Literal["note", "caution", "danger"]
Place = Literal["project", "site-packages", "stdlib", "agent", "none"]
Arrival = Literal["in process", "listen", "run", "injected"]


class Target(TypedDict):
    pid: int  # as the target itself sees it
    python: str  # "3.12.1"
    implementation: str  # "cpython"
    executable: str
    argv: list[str]
    cwd: str
    started: float  # seconds since the epoch


class Hello(TypedDict):
    schema: int
    version: str  # of modtui
    arrival: Arrival
    capturing: bool  # the source of modules imported from now on is captured
    target: Target
    sockets: list[str]  # where this agent listens
    added: list[str]  # the sys.modules entries that are there only because of the agent
    libraries: list[str]  # their files that stay mapped into memory until the process ends
    threads: int  # how many threads of the target are the agent's
    journal: int  # how many reloads can be undone


class Freshness(TypedDict):
    verdict: Verdict
    proof: Proof
    reason: str  # a sentence


class Hazard(TypedDict):
    level: Level
    code: str  # stable, for scripts: "interpreter", "main", "extension", ...
    text: str  # a sentence about this very module in this very process


class Record(TypedDict):
    name: str  # the key in sys.modules; unique in a listing
    status: Status
    file: Optional[str]
    origin: Optional[str]
    loader: Optional[str]  # the loader's type name
    package: Optional[str]
    cached: Optional[str]
    freshness: Freshness
    hazards: list[Hazard]  # the cheap ones; a plan knows all
    from_agent: bool
    place: Place  # whose code it is: what people edit is "project"
    is_package: bool


class Page(TypedDict):
    generation: int  # give it to changes()
    total: int
    modules: list[Record]
    next: Optional[int]  # the offset of the following page


class Changes(TypedDict):
    generation: int
    added: list[Record]  # new entries, and entries whose module object is another one now
    removed: list[str]


class NameInfo(TypedDict):
    name: str
    type: str
    kind: Literal["module", "class", "function", "value"]
    defined_in: Optional[str]  # __module__ of classes and functions
    line: Optional[int]  # of functions: co_firstlineno
    summary: str  # the value of exact int/float/bool/None/str/bytes; sizes of exact containers
    kept: bool  # bound before the last reload and not bound again by it


class Importer(TypedDict):
    module: str
    whole: list[str]  # names under which it holds the module itself
    names: list[str]  # names under which it holds objects of the module


class Detail(TypedDict):
    record: Record
    spec: Optional[dict[str, Optional[str]]]
    doc: Optional[str]
    parent: Optional[str]
    submodules: list[str]
    imports: list[str]  # the modules that this module's namespace holds or takes objects from
    importers: list[Importer]
    names: list[NameInfo]
    evidence: list[str]  # sentences: what is known about the loaded code and the file
    aliases: list[str]  # other sys.modules names of the same module object


class Text(TypedDict):
    """Bytes of source, decoded as latin-1 so that JSON carries them exactly."""

    name: str
    file: Optional[str]
    data: Optional[str]
    digest: Optional[str]  # blake2b, 16 bytes, hex, of the bytes
    error: Optional[str]
    execution: str  # another one after a reload; to be compared within one process only


class BaselineText(Text):
    source: Literal[
        "captured", "file", "linecache", "zip", "git", "wheel", "store", "pyc", "rebuilt", "none"
    ]
    proof: Proof
    detail: str  # a sentence


class LiveCode(TypedDict):
    """What a helper process compares with the compiled file; bytes are decoded as latin-1."""

    name: str
    file: Optional[str]
    plain: bool  # its loader compiles source as the interpreter does
    code: Optional[str]  # marshalled list of [qualified name, code] of the live functions
    running: Optional[str]  # marshalled code of the module's top level, if it is still running
    values: Optional[str]  # marshalled dict of the small constants that its names stand for now
    pyc: Optional[str]  # the compiled file that it was loaded from, if there is a witness
    pyc_sure: bool  # it is certainly the one that the module was loaded from
    pyc_old: bool  # nobody can have written it since the module was loaded
    pyc_early: bool  # it was there before the file was last touched
    pyc_dated: bool  # it may have been out of date already when the module was loaded
    stamp: Optional[list[int]]  # of the file: device, inode, size, mtime ns, ctime ns
    after_ns: Optional[int]  # the module was loaded after this
    started_ns: Optional[int]
    optimize: int  # the target's -O level
    magic: str  # the magic number of the target's pycs, in hex


class Remembered(TypedDict):
    """What an inspector knows to have been loaded: it kept the text, the agent only the digest."""

    name: str
    digest: str
    detail: str
    execution: NotRequired[str]  # of which it was known; ignored if the module was reloaded since


class FromImport(TypedDict):
    module: str
    name: str
    of: str


InstanceCount = TypedDict("InstanceCount", {"class": str, "count": int})
Subclass = TypedDict("Subclass", {"class": str, "of": str})


class HeldFunction(TypedDict):
    function: str
    held_by: list[str]


class LeftBehind(TypedDict):
    from_imports: list[FromImport]
    instances: list[InstanceCount]
    subclasses: list[Subclass]
    functions: list[HeldFunction]


class Rerun(TypedDict):
    """A top-level statement with an effect, which a reload runs again."""

    line: int
    text: str
    effect: str


class PlanStep(TypedDict):
    name: str
    why: str  # "selected", "imports shop.pricing"
    hazards: list[Hazard]
    would_leave: LeftBehind
    names_removed: list[str]  # no longer in the source; a plain reload keeps them
    names_kept: list[str]  # state kept by `try: x except NameError: x = ...` and the like
    reruns: list[Rerun]
    digest: Optional[str]  # of the bytes that this plan was made from


class Refusal(TypedDict):
    name: str
    code: str
    text: str


class Plan(TypedDict):
    steps: list[PlanStep]
    refused: list[Refusal]
    level: Literal["none", "note", "caution", "danger"]
    patch: bool
    dependents: bool


class ErrorInfo(TypedDict):
    type: str
    message: str
    traceback: str


class NamesReport(TypedDict):
    added: list[str]
    changed: list[str]
    in_place: list[str]  # of `changed`: the same objects, that a patch brought up to date
    removed: list[str]  # by a patch: only the old text bound them
    unchanged: list[str]
    kept_from_before: list[str]


class CouldNotPatch(TypedDict):
    what: str
    why: str


class ModuleReport(TypedDict):
    name: str
    ok: bool
    replaced: bool  # the module put another object into sys.modules
    error: Optional[ErrorInfo]
    names: NamesReport
    left_behind: LeftBehind
    patched: dict[str, int]
    could_not_patch: list[CouldNotPatch]
    output: str
    warnings: list[str]
    seconds: float


class Report(TypedDict):
    ok: bool
    rolled_back: bool
    mode: Literal["reload", "patch"]
    thread: Literal["main", "agent", "caller"]
    modules: list[ModuleReport]
    side_effects: list[str]  # seen and not undoable: new threads, handlers, ...
    refused: list[Refusal]


class JournalEntry(TypedDict):
    number: int
    at: float  # seconds since the epoch
    mode: Literal["reload", "patch"]
    modules: list[str]
    undoable: bool
    why_not: Optional[str]


class UndoReport(TypedDict):
    undone: int  # the journal entry's number
    modules: list[str]
    notes: list[str]


class JobState(TypedDict):
    state: Literal["waiting", "running", "done", "withdrawn"]
    result: Any
    error: Optional[dict[str, str]]
