#!/usr/bin/env python3
"""One page that tells what was found, and how sure that is: an HTML file that needs nothing else.

Every number comes from the files; nothing is trained or measured here."""

import argparse
import os
import shlex
import sys
from html import escape

import page_parts as parts
import page_sentence
from documents import Document, PlotError, read_json, write_whole
from page_words import GAP

HERE = os.path.dirname(os.path.abspath(__file__))


class Study:
    """A study's directory: study.json, and the results file of its first setting."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "study.json")
        self.name = os.path.basename(os.path.abspath(directory))
        self.data = read_json(self.path)
        if not isinstance(self.data, dict) or not isinstance(self.data.get("tables"), dict):
            raise PlotError("%s: has no tables; the study is not finished: give its command once"
                            " more" % self.path)
        names = [name for name in self.data.get("points") or {}
                 if os.path.exists(os.path.join(directory, name + ".json"))]
        if not names:
            raise PlotError("%s: has no results files beside it" % self.path)
        self.documents = [Document(os.path.join(directory, name + ".json")) for name in names]
        self.example = self.documents[0]

    def rows(self, table):
        return self.data["tables"].get(table) or []

    def of(self, table, variant):
        return next((row for row in self.rows(table) if row["variant"] == variant), None)

    def held(self, name, sign):
        """In how many settings the difference has this sign, and of how many."""
        found = [row["difference_nats"] for row in self.rows("settings")
                 if row["variant"] == name and row["difference_nats"] is not None]
        return sum(value * sign > 0 for value in found), len(found)

    def label(self, name):
        return "gated \u2212 ungated" if name == GAP else self.example.label(name)


class Page:
    """What there is to tell."""

    def __init__(self, documents, study):
        self.documents = documents
        self.study = study
        self.quality = [document for document in documents
                        if any(row["mean_nats"] is not None for row in document.tables["table1"])]
        self.speed = [document for document in documents if document.throughput("train")
                      or document.throughput("forward")]
        self.main = (self.quality or documents or [study and study.example])[0]
        self.all = documents + (study.documents if study else [])
        self.figures = 0

    def key(self):
        self.figures += 1
        return "figure-%d" % self.figures


SECTIONS = (
    ("Against {baseline}, layer by layer", parts.verdicts),
    ("The differences, and what was published", parts.forest),
    ("In other settings", parts.settings),
    ("With more steps, and other sizes", parts.slopes),
    ("Scores of tasks", parts.scores),
    ("What it costs", parts.costs),
    ("What was held equal", parts.equal),
    ("Warnings", parts.warnings),
    ("To make it again", parts.again),
)


def build(page, command):
    with open(os.path.join(HERE, "page.css"), encoding="utf-8") as stream:
        style = stream.read()
    sentence, plain, sure = page_sentence.sentence(page)
    body = []
    for title, part in SECTIONS:
        content = part(page)
        if content:
            body.append("<section>\n<h2>%s</h2>\n%s\n</section>" % (
                escape(title.format(baseline=page.main.label(page.main.baseline))), content))
    return """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="generator" content="glubench"/>
<meta name="color-scheme" content="light dark"/>
<link rel="icon" href="data:,"/>
<title>%s</title>
<style>
%s</style>
</head>
<body>
<a class="skip" href="#main">To the result</a>
<main id="main">
<header>
<p class="kicker">%s</p>
<h1>%s</h1>
<p class="sure">%s</p>
</header>
%s
</main>
<footer><p>Made from %s by <code>%s</code>; the numbers are those of the files.</p></footer>
</body>
</html>
""" % (escape(plain), style, escape(page_sentence.kicker(page)), sentence, sure, "\n".join(body),
       escape(", ".join(os.path.basename(os.path.abspath(document.path))
                        for document in page.documents)
              + (" and " if page.documents and page.study else "")
              + ("the study " + page.study.name if page.study else "")), escape(command))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", metavar="RESULTS", nargs="+",
                        help="results files; and the directory of a study, or that alone")
    parser.add_argument("-o", "--output", metavar="PAGE.html", required=True,
                        help="page to write")
    options = parser.parse_args()
    try:
        if not options.output.endswith((".html", ".htm")):
            raise PlotError("%s: the name of a page ends in .html" % options.output)
        studies = [path for path in options.inputs if os.path.isdir(path)]
        if len(studies) > 1:
            raise PlotError("%s: a page takes one study" % studies[1])
        page = Page([Document(path) for path in options.inputs if path not in studies],
                    Study(studies[0]) if studies else None)
        try:
            text = build(page, "plots/page.py %s -o %s" % (
                " ".join(shlex.quote(os.path.basename(os.path.normpath(path)))
                         for path in options.inputs),
                shlex.quote(os.path.basename(options.output))))
        except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
            raise PlotError("%s: not laid out as this script reads it (%s: %s); try: glubench"
                            " validate" % (options.inputs[0], type(error).__name__, error)) from error
        write_whole(options.output, lambda stream: stream.write(text.encode()))
    except PlotError as error:
        print("%s: %s" % (parser.prog, error), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
