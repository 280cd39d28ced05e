#!/usr/bin/env python3
"""house.py - the order of the house: no include points up, nothing runs in a circle, one door each
to oneDNN, SentencePiece and libunistring, and no file has grown into two.

    house.py [SOURCE]      SOURCE: the top folder of the source; $srcdir or this file's parent

HACKING.md says what the folders are for."""
import os
import pathlib
import re
import sys

# What a folder may include besides itself; what is below that may be included too.
BELOW = {
    "src/util": [],
    "src/comm": ["src/util"],
    "variants": ["src/util"],
    "src/nn": ["src/comm", "variants"],
    "src/model": ["src/nn"],
    "src/text": ["src/util"],
    "src/task": ["src/model", "src/text"],
    "src/results": ["variants"],
    "src/setting": ["src/task", "src/results"],
    "src/bench": ["src/setting"],
    "src/train": ["src/setting"],
    "src/study": ["src/bench", "src/train"],
    "src/cli": ["src/study"],
}
LONGEST = 620  # lines: a file that is longer has two subjects

source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                      os.environ.get("srcdir") or pathlib.Path(__file__).parent.parent)
faults = []


def folder_of(path):
    """The folder of BELOW that a file belongs to: src/results/tables/x.c to src/results."""
    parts = pathlib.PurePosixPath(path).parts
    return parts[0] if parts[0] == "variants" else "/".join(parts[:2])


def closure(folder):
    """All that a folder may include."""
    seen, wanted = {folder}, list(BELOW[folder])
    while wanted:
        below = wanted.pop()
        if below not in seen:
            seen.add(below)
            wanted += BELOW[below]
    return seen


def module_of(path):
    """A source file and its header are one."""
    return re.sub(r"\.(c|h|cc)$", "", path)


def read_files():
    """{path: its own includes}, in the house alone."""
    files = {}
    for top in ("src", "variants"):
        for path in sorted([*(source / top).rglob("*.[ch]"), *(source / top).rglob("*.cc")]):
            name = path.relative_to(source).as_posix()
            if name == "src/glu.h":
                continue
            text = path.read_text(encoding="utf-8")
            files[name] = re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', text, re.M)
            lines = text.count("\n")
            if lines > LONGEST:
                faults.append(f"{name}: {lines} lines; more than {LONGEST} are two subjects")
    return files


def check_order(files):
    allowed = {folder: closure(folder) for folder in BELOW}
    for name, includes in files.items():
        folder = folder_of(name)
        if folder not in BELOW:
            faults.append(f"{name}: {folder} has no place in the order; see HACKING.md")
            continue
        for included in includes:
            if "dnnl" in included and not re.match(r"src/nn/dnn[^/]*$", name):
                faults.append(f"{name}: includes {included}; src/nn/dnn*.c alone may")
            if "sentencepiece_" in included and name != "src/text/spm.cc":
                faults.append(f"{name}: includes {included}; src/text/spm.cc alone may")
            if re.match(r"uni(case|ctype|str|norm)\.h$", included) and name != "src/util/unicode.c":
                faults.append(f"{name}: includes {included}; src/util/unicode.c alone may")
            if re.match(r"(src|variants)/", included) and included != "src/glu.h" \
                    and folder_of(included) not in allowed[folder]:
                faults.append(f"{name}: includes {included}, which is above it or beside it")


def module_edges(files):
    """{module: modules that it uses}.  A header without code of its own is no module: who includes
    it uses what it includes."""
    own = {}
    for name, includes in files.items():
        below = {module_of(i) for i in includes if re.match(r"(src|variants)/", i)}
        own.setdefault(module_of(name), set()).update(below - {module_of(name)})
    code = {module_of(name) for name in files if name.endswith((".c", ".cc"))}

    def reached(module, seen):
        below = set()
        for other in own.get(module, set()) - seen:
            seen.add(other)
            below |= {other} if other in code else reached(other, seen)
        return below

    return {module: reached(module, {module}) for module in code}


def check_circles(files):
    edges = module_edges(files)
    done, path = set(), []

    def visit(module):
        if module in path:
            faults.append("a circle: " + " -> ".join(path[path.index(module):] + [module]))
            return
        if module in done:
            return
        path.append(module)
        for below in sorted(edges.get(module, ())):
            visit(below)
        path.pop()
        done.add(module)

    for module in sorted(edges):
        visit(module)


def check_map():
    """HACKING.md names every folder."""
    text = (source / "HACKING.md").read_text(encoding="utf-8")
    for folder in BELOW:
        if f"{folder}/" not in text:
            faults.append(f"HACKING.md: does not tell what {folder}/ is for")


found = read_files()
check_order(found)
check_circles(found)
check_map()
for fault in faults:
    print(fault)
print(f"{len(found)} files, {len(faults)} faults")
sys.exit(1 if faults or len(found) < 50 else 0)
