#!/usr/bin/env python3
"""No line that glubench prints on a terminal is wider than it, and nothing is lost by that; into a
pipe, lines are as wide as they are."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading

PROGRAM = os.path.abspath("glubench")
EXAMPLE = os.path.abspath("results-example")
END = b"\0the end\0"
LONG = "custom:linear,gated,alpha=0.3333333333,beta=0.125"
failed = 0


def check(good, what):
    """Count and tell what is not good."""
    global failed
    if not good:
        failed = 1
        print(f"FAIL: {what}", file=sys.stderr)


def on_terminal(width, columns, arguments):
    """What the program prints on a terminal of that width; COLUMNS is unset when `columns` is None."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = dict(os.environ, TERM="xterm")
    environment.pop("COLUMNS", None)
    if columns is not None:
        environment["COLUMNS"] = columns
    with subprocess.Popen([PROGRAM] + arguments, stdin=subprocess.DEVNULL, stdout=slave,
                          stderr=subprocess.PIPE, env=environment) as process:
        # What a terminal still holds may be lost when its last writer closes it; so the end is written
        # behind the program's output, and the terminal is open until that has been read.
        ended = threading.Thread(target=lambda: (process.wait(), os.write(slave, END)))
        ended.start()
        text = b""
        while not text.endswith(END):
            text += os.read(master, 1 << 16)
        ended.join()
        errors = process.stderr.read().decode()
        check(process.returncode == 0, f"{' '.join(arguments)}: {errors}")
    os.close(slave)
    os.close(master)
    return text[:-len(END)].decode().replace("\r\n", "\n")


def in_pipe(arguments):
    """What it prints into a pipe, and into a pipe whatever COLUMNS says."""
    texts = [subprocess.run([PROGRAM] + arguments, stdin=subprocess.DEVNULL, capture_output=True,
                            text=True, check=False, env=dict(os.environ, COLUMNS=columns)).stdout
             for columns in ("40", "")]
    check(texts[0] == texts[1], f"{' '.join(arguments)}: COLUMNS changes what goes into a pipe")
    return texts[1]


def widest(text):
    """Characters of the longest line."""
    return max(map(len, text.split("\n")))


def letters(text):
    """What must not get lost: how often each word occurs, with words that are broken put together."""
    return sorted(set(re.findall(r"\w+", text)))


def check_widths(arguments):
    """One command on terminals of several widths."""
    plain = in_pipe(arguments)
    for width in (60, 80, 400):
        text = on_terminal(width, None, arguments)
        what = f"{' '.join(arguments)} on {width} columns"
        check(widest(text) <= width, f"{what}: a line of {widest(text)}")
        joined = re.sub(r"\s+", "", text)
        lost = [word for word in letters(plain) if word not in text and word not in joined]
        check(not lost, f"{what}: {lost} lost")
        if width == 400:
            check(text == plain, f"{what}: not what goes into a pipe")


def main():
    """All tables of all commands."""
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError as error:
        print(f"no terminal to be had here: {error}")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        subprocess.run([EXAMPLE, "1-3", "diverged", "a.json"], check=True)
        subprocess.run([EXAMPLE, "1-3", "worse", "b.json"], check=True)
        # A label in another script is counted in characters.
        with open("a.json", encoding="utf-8") as file:
            text = file.read()
        with open("c.json", "w", encoding="utf-8") as file:
            file.write(text.replace("FFN_SwiGLU", "FFN_\u0416\u0416\u0416\u0416\u0416\u0416"))
        known = subprocess.run([PROGRAM, "report", "--table", "?", "c.json"], check=False,
                               capture_output=True, text=True).stderr
        tables = re.search(r"there is: (.*)", known).group(1).split(", ")
        # Those of a study go through the same format; they take a study's directory.
        tables = [table for table in tables
                  if subprocess.run([PROGRAM, "report", "--table", table, "c.json"], check=False,
                                    capture_output=True).returncode == 0]
        check(len(tables) > 5, f"too few tables: {tables}")
        for table in tables:
            check_widths(["report", "--table", table, "c.json"])
        check_widths(["compare", "a.json", "b.json"])
        check_widths(["list"])
        # A plan measures; so its numbers are not those of another.
        plan = ["plan", "--quiet", "--preset", "smoke", "--variant", "relu", "--variant", LONG,
                "--detect", "0.01"]
        run = ["run", "--quiet", "--preset", "smoke", "--steps", "2", "--samples", "2", "--variant",
               "relu", "--variant", LONG]
        for width in (60, 80):
            for arguments in (plan, run):
                text = on_terminal(width, None, arguments)
                check(widest(text) <= width, f"{arguments[0]} on {width} columns: {widest(text)}")
        # COLUMNS wins over the terminal, and what is no number is as if it were not there.
        report = ["report", "a.json"]
        check(widest(on_terminal(80, "50", report)) <= 50, "COLUMNS=50")
        for columns in ("x", "1e2", "0", "-1", ""):
            check(on_terminal(80, columns, report) == on_terminal(80, None, report),
                  f"COLUMNS={columns}")
        check(widest(on_terminal(20, None, report)) <= 30, "20 columns")
    return failed


sys.exit(main())
