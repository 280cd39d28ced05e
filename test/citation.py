#!/usr/bin/env python3
"""citation.py - CITATION.cff has what its format demands, and agrees with configure.ac and the ChangeLog.

Read by python3-yaml where it is installed, and line by line in any case."""
import os
import pathlib
import re
import sys

try:
    import yaml
except ImportError:
    yaml = None

top = pathlib.Path(os.environ.get("srcdir") or pathlib.Path(__file__).parent.parent)
text = (top / "CITATION.cff").read_text(encoding="utf-8")
configure = (top / "configure.ac").read_text(encoding="utf-8")
name, version = re.search(r"^AC_INIT\(\[(.*?)\], \[(.*?)\]", configure, re.M).groups()
date, maintainers = re.match(r"(\S+)  (.*?)  <", (top / "ChangeLog").read_text(encoding="utf-8")).groups()
faults = []


def check(what, is_so):
    if not is_so:
        faults.append(what)


# The values of the top level that stand in one line.
lines = dict(re.findall(r"^([a-z-]+): ([^>\n].*)$", text, re.M))
WANTED = {"cff-version": "1.2.0", "title": name, "version": version, "type": "software",
          "license": "GPL-3.0-or-later"}
for key, value in WANTED.items():
    check(f"{key} is {lines.get(key)}, not {value}", lines.get(key) == value)
check("no message", lines.get("message"))
released = lines.get("date-released", "")
check("date-released is no date", re.fullmatch(r"\d{4}-\d\d-\d\d", released))
check(f"date-released is after the ChangeLog's first entry, {date}", released <= date)
check(f"the authors are not the ChangeLog's {maintainers}", f"- name: {maintainers}\n" in text)
check("not the paper", "arXiv:2002.05202" in text and "https://arxiv.org/abs/2002.05202" in text)

if yaml:
    whole = yaml.safe_load(text)
    for key in ("authors", "references", "keywords"):
        check(f"{key} is no list", isinstance(whole.get(key), list) and whole[key])
    for key in ("cff-version", "version", "message", "title", "abstract"):
        check(f"{key} is no text", isinstance(whole.get(key), str))
    check("an unknown key", set(whole) <= {
        "cff-version", "message", "title", "abstract", "type", "authors", "version", "date-released", "license",
        "keywords", "references"})
    check("an author without a name", all(author.get("name") for author in whole["authors"]))
    for reference in whole["references"]:
        for key in ("type", "title", "authors"): # which the format demands
            check(f"a reference without {key}", reference.get(key))
for fault in faults:
    print("CITATION.cff:", fault)
print("read", "with yaml" if yaml else "line by line", f"{len(faults)} faults")
sys.exit(bool(faults))
