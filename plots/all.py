#!/usr/bin/env python3
"""Every figure that the files have the data for, as FOLDER/NAME-FIGURE.FORMAT."""

import argparse
import os
import sys

import common
import curves
import forest
import pareto
import scaling
import scores
import throughput

# What is drawn of each file: the ending of its name, the module, its options.
FIGURES = (
    ("curves", curves, {"against": "steps"}),
    ("curves-seconds", curves, {"against": "seconds"}),
    ("forest", forest, {}),
    ("pareto", pareto, {"which": "train"}),
    ("throughput", throughput, {}),
    *(("scaling-" + axis, scaling, {"which": "train", "against": axis})
      for axis in ("threads", "d_model", "input_length", "batch")),
    *(("scores-" + table, scores, {"table": table, "losses": False}) for table in scores.TABLES),
    *(("losses-" + table, scores, {"table": table, "losses": True}) for table in scores.TABLES
      if table != "translation"),
)


def draw_file(path, options):
    document = common.Document(path)
    stem = os.path.splitext(document.name)[0]
    for ending, module, arguments in FIGURES:
        output = os.path.join(options.directory, "%s-%s.%s" % (stem, ending, options.format))
        try:
            common.save(common.render(module.draw, [document], argparse.Namespace(**arguments)),
                        output)
            print(output)
        except common.NothingToDraw as error:
            print("no %s: %s" % (ending, error), file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", metavar="FILE.json", nargs="*", help="results of glubench")
    parser.add_argument("-d", "--directory", metavar="FOLDER", default=".",
                        help="where the pictures go; made when missing (default: here)")
    parser.add_argument("--format", choices=common.FORMATS, default="png",
                        help="of the pictures (default: %(default)s)")
    options = parser.parse_args()
    status = 0
    try:
        os.makedirs(options.directory, exist_ok=True)
    except OSError as error:
        print("%s: %s: %s" % (parser.prog, options.directory, error.strerror), file=sys.stderr)
        return 2
    for path in options.files:
        try:
            draw_file(path, options)
        except common.PlotError as error:
            print("%s: %s" % (parser.prog, error), file=sys.stderr)
            status = 2
    return status


if __name__ == "__main__":
    sys.exit(main())
