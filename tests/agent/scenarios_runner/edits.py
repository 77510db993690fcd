"""Run small edits, each in a forked process of its own: edits.py [--way WAY] [--only NAME] FILE...

A file holds several edits:

    === name [python>=3.10]
    What is right, in a sentence.
    --- before a.py          the texts that are loaded
    --- after a.py           those that are edited, or new; `after2` is a second edit
    --- setup                statements that make what a live process holds
    --- verify               assertions; `verify2` after the second edit

`setup` and `verify` share one namespace. In it `report` is what the engine said, `reload(*names)`
and `undo()` call it. The modules whose files changed are patched; `--- modules` names others.

Ways: "once" patches; "again" patches once more with the same text; "undo" takes the patch back and
patches again; "bare" keeps compiled files from being written. Written for every Python from 3.8 on.
"""

import argparse
import faulthandler
import os
import shutil
import sys
import tempfile
import time
import traceback

MOST_SECONDS = 60
# What nobody can know without a record of what was loaded: values that somebody has bound to names
# whose statement was not edited, names after the last one that stays, type aliases, attributes that
# only the old text set, what only it registered.
NEED_PROOF = ("rebound_at_run_time", "names_removed", "pep695_everything", "type_parameters")
NEED_PROOF += ("global_instances_of_own_classes", "docstrings_annotations_attributes")
NEED_PROOF += ("class_decorators_edited", "plugin_registry_refuses_duplicates")
NEED_PROOF += ("fails_at_the_last_line_then_retry", "orm_columns_and_relations")
NEED_PROOF += ("web_framework_blueprints", "event_bus_with_weak_receivers")
NEED_PROOF += ("parsers_and_cli_tables", "generic_containers_of_functions")
NEED_PROOF += ("threads_and_timers_hold_methods", "undo_every_kind_of_change")
NEED_PROOF += ("values_bound_at_run_time_stay", "numbers_by_import_and_rebinding")
NEED_PROOF += ("typechecking_and_optional_imports", "registrations_that_go")
NEED_PROOF += ("monkeypatched_names_stay_or_go", "attributes_set_by_statements")
WAYS = ("once", "again", "undo", "bare")


class Edit:
    """One edit: its texts and what is done around it."""

    def __init__(self, name, python):
        self.name, self.python = name, python
        self.right = ""
        self.files = {"before": {}, "after": {}, "after2": {}}
        self.parts = {"setup": "", "verify": "", "verify2": "", "modules": ""}

    def add(self, section, path, text):
        if section in self.files:
            self.files[section][path] = text
        else:
            self.parts[section] += text


def read(path):
    """The edits of a file."""
    found, section, name, lines = [], None, "", []

    def end():
        if found and section is None:
            found[-1].right = " ".join(lines).strip()
        elif found:
            found[-1].add(section, name, "".join(lines))
        del lines[:]

    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("=== "):
                end()
                words = line.split()
                least = words[2].partition(">=")[2].rstrip("]") if len(words) > 2 else "3.8"
                found.append(Edit(words[1], tuple(map(int, least.split(".")))))
                section = None
            elif line.startswith("--- "):
                end()
                section, _, name = line[4:].strip().partition(" ")
            else:
                lines.append(line)
    end()
    return found


def write(files, root, mtime=None):
    """Write texts below a folder; an empty text stands for a file that is removed."""
    written = []
    for name, text in files.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        written.append(path)
        if text.strip() == "REMOVED":
            os.unlink(path)
            continue
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if mtime:
            os.utime(path, (mtime, mtime))
    return written


def loaded_from(paths):
    """The names of the modules that came from these files."""
    names = []
    for path in paths:
        for name, module in list(sys.modules.items()):
            file = module.__dict__.get("__file__") if isinstance(module, type(sys)) else None
            if type(file) is str and os.path.realpath(file) == os.path.realpath(path):
                names.append(name)
    return names


def once(edit, way, root, load_engine):
    """Run one edit in this process; raises what fails."""
    engine = load_engine()
    engine.start(root)
    write(edit.files["before"], root, time.time() - 20)
    sys.path.insert(0, root)
    os.chdir(root)
    space = {"__name__": "check", "reload": engine.reload, "undo": engine.undo, "root": root}
    execute(edit, "setup", space)
    engine.ready()
    for step, part in (("after", "verify"), ("after2", "verify2")):
        if not edit.files[step] and step == "after2":
            break
        time.sleep(0.01)
        changed = write(edit.files[step], root)
        names = edit.parts["modules"].split() or loaded_from(changed)
        space["report"] = engine.reload(*names)
        if way == "again":
            engine.reload(*names)
        elif way == "undo" and space["report"]["ok"]:
            engine.undo()
            space["report"] = engine.reload(*names)
        execute(edit, part, space)


def execute(edit, part, space):
    """Execute a part of an edit's text."""
    name = "<%s of %s>" % (part, edit.name)
    text = edit.parts[part]
    import linecache

    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    exec(compile(text, name, "exec", dont_inherit=True), space)


class Ours:
    """This project's engine, in patch mode."""

    def start(self, root):
        from modtui.agent import reloading

        self._engine = reloading

    def ready(self):
        pass

    def reload(self, *names):
        return self._engine.reload(list(names), patch=True, yes=True)

    def undo(self):
        return self._engine.undo()


def forked(edit, way, load_engine):
    """Run one edit in a process of its own; returns what failed, or ""."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        text = "it ended"
        try:
            os.close(out)
            faulthandler.dump_traceback_later(MOST_SECONDS, exit=True)  # where it hangs
            root = os.path.realpath(tempfile.mkdtemp())
            try:
                once(edit, way, root, load_engine)
                text = ""
            finally:
                os.chdir("/")
                shutil.rmtree(root, ignore_errors=True)
        except BaseException:
            text = traceback.format_exc()
        finally:
            os.write(into, text.encode("utf-8", "replace")[-60000:])
            os._exit(0)
    os.close(into)
    pieces = []
    while True:
        piece = os.read(out, 65536)
        if not piece:
            break
        pieces.append(piece)
    os.close(out)
    _, status = os.waitpid(pid, 0)
    return "".join(one.decode("utf-8") for one in pieces) or ("died: %s" % status if status else "")


def main(load_engine=Ours):
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    parser.add_argument("--way", choices=WAYS, default="once")
    parser.add_argument("--only")
    options = parser.parse_args()
    sys.dont_write_bytecode = options.way == "bare"
    count, failed = 0, []
    for path in options.files:
        for edit in read(path):
            if options.way == "bare" and edit.name in NEED_PROOF:
                continue
            if options.way == "again" and "undo()" in edit.parts["verify"] + edit.parts["verify2"]:
                continue  # it would take back the second patch
            if sys.version_info < edit.python or (options.only and edit.name != options.only):
                continue
            count += 1
            text = forked(edit, options.way, load_engine)
            if text:
                failed.append(edit.name)
                print("FAILED %s (%s)\n%s" % (edit.name, edit.right, text), flush=True)
    print("%d of %d passed; failed: %s" % (count - len(failed), count, " ".join(failed) or "none"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
