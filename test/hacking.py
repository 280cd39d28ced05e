#!/usr/bin/env python3
"""hacking.py - HACKING.md's worked examples, followed to the letter: all their patches are applied to
a copy of the source, which is built once, and then the commands of each must succeed.

    hacking.py [-k FOLDER]      -k: work in FOLDER and keep it

An example is a section with ```diff blocks, which are patches for `patch -p1`, and a ```sh block,
which is run in the built copy.  CC and the other variables of configure are this build's own."""
import argparse
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile

KINDS = ["variant", "activation", "architecture", "task", "metric", "tokenizer", "optimizer",
         "schedule", "communicator", "preset", "table", "format", "paper", "command"]
SKIPPED = 77
SOURCES = {".c", ".h", ".cc", ".mk", ".am", ".ac", ".py", ".sh", ".json", ".md", ".x", ".5"}

source = pathlib.Path(os.environ.get("srcdir") or pathlib.Path(__file__).parent.parent).resolve()


def read_examples():
    """[(heading, [patch], [commands])] of the sections that have a patch."""
    examples = []
    text = (source / "HACKING.md").read_text(encoding="utf-8")
    for section in re.split(r"^### ", text, flags=re.M)[1:]:
        heading = section.splitlines()[0]
        patches = re.findall(r"^```diff\n(.*?)^```", section, re.M | re.S)
        commands = re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)
        if patches:
            examples.append((heading, patches, commands))
    return examples


def run(arguments, folder, text=None):
    """A command's output; ends the test when it fails."""
    # What the make that runs this test says is not for the copy.
    outer = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "srcdir")
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    done = subprocess.run(arguments, cwd=folder, input=text, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=environment, check=False)
    if done.returncode != 0:
        print(done.stdout[-6000:])
        sys.exit(f"{' '.join(arguments)[:200]}: status {done.returncode}")
    return done.stdout


def copy_source(folder):
    """What a build needs, without what a build in the source has left there."""
    def is_built(path):
        return path.is_file() and path.open("rb").read(4) == b"\x7fELF"

    def left_out(directory, names):
        return [name for name in names if name.startswith(".") or name in ("fuzz-work", "coverage")
                or ("." in name and pathlib.PurePath(name).suffix not in SOURCES)
                or ("." not in name and is_built(pathlib.Path(directory) / name))]
    shutil.copytree(source, folder, ignore=left_out)
    for path in [folder, *folder.rglob("*")]:  # make distcheck's source cannot be written to
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


def configure(folder):
    """In place, quickly: without optimisation, and without kernels for wide vectors."""
    arguments = ["./configure", "-q", "--enable-werror", "CFLAGS=-O0", "glu_cv_x86_64_v3=no",
                 "glu_cv_x86_64_v4=no"]
    if os.environ.get("GLU_CC"):
        arguments.append("CC=" + os.environ["GLU_CC"])
    run(["autoreconf", "-fi"], folder)
    run(arguments, folder)


def follow(folder):
    examples = read_examples()
    told = " ".join(heading.lower() for heading, _, _ in examples)
    missing = [kind for kind in KINDS if kind not in told]
    if missing:
        sys.exit("HACKING.md has no example of: " + ", ".join(missing))
    copy_source(folder)
    for heading, patches, _ in examples:
        for patch in patches:
            run(["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch"], folder, patch)
        print("patched:", heading)
    configure(folder)
    run(["make", "-s", "-j2", "glubench", "seams"], folder)
    for heading, _, commands in examples:
        if not commands:
            sys.exit(f"{heading}: there is no command that shows it at work")
        for command in commands:
            print(f"--- {heading}")
            print(run(["sh", "-e", "-c", command], folder), end="")
    print(run([sys.executable, "-B", "test/house.py", "."], folder), end="")


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("-k", "--keep", metavar="FOLDER", type=pathlib.Path)
options = parser.parse_args()
for tool in ("patch", "autoreconf"):
    if not shutil.which(tool):
        print("no", tool)
        sys.exit(SKIPPED)
if options.keep:
    follow(options.keep)
else:
    with tempfile.TemporaryDirectory(prefix="glubench-hacking.") as scratch:
        follow(pathlib.Path(scratch) / "source")
