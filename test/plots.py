#!/usr/bin/env python3
"""Draws every figure from made-up results files: the picture is not blank, two runs give the same
bytes, and what cannot be drawn is refused in one line with status 2.

Run by make check in the build folder; needs results-example there, and matplotlib."""

import contextlib
import importlib.util
import io
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile

if not importlib.util.find_spec("matplotlib"):
    other = os.environ.get("PLOT_PYTHON")
    if other and not os.environ.get("PLOTS_TRIED"):
        os.execve(other, [other, "-B"] + sys.argv, dict(os.environ, PLOTS_TRIED="1"))
    print("no matplotlib; Debian: apt-get install python3-matplotlib")
    sys.exit(77)

PLOTS = os.path.abspath(os.path.join(
    os.environ.get("srcdir") or os.path.dirname(os.path.abspath(__file__)) + "/..", "plots"))
EXAMPLE = os.path.abspath("results-example")
FIGURES = ("curves", "forest", "pareto", "throughput")
SIGNATURES = {"png": b"\x89PNG\r\n", "pdf": b"%PDF-", "svg": b"<?xml"}

failures = 0


def check(good, text):
    global failures
    if not good:
        failures += 1
        print("FAIL: " + text)


class Folder:
    """A place for the test's files, and what is done in it."""

    def __init__(self, path):
        self.path = path

    def at(self, name):
        return os.path.join(self.path, name)

    def example(self, seeds, kind):
        name = "%s-%s.json" % (kind, seeds)
        subprocess.run([EXAMPLE, seeds, kind, self.at(name)], check=True)
        return name

    def change(self, source, name, change):
        """A copy of a results file with change(document) done to it."""
        with open(self.at(source), encoding="utf-8") as stream:
            document = json.load(stream)
        change(document)
        return self.write(name, document)

    def write(self, name, document):
        with open(self.at(name), "w", encoding="utf-8") as stream:
            json.dump(document, stream)
        return name

    def script(self, name, *arguments):
        """Runs a script in this process, which spares loading matplotlib each time: its exit
        status and what it printed."""
        path = os.path.join(PLOTS, name + ".py")
        printed = io.StringIO()
        argv, sys.argv = sys.argv, [path, *arguments]
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                runpy.run_path(path, run_name="__main__")
            status = 0
        except SystemExit as stop:
            status = stop.code or 0
        finally:
            sys.argv = argv
        return status, printed.getvalue()

    def draw_alone(self, figure, arguments, output):
        """The same in a process of its own; the bytes of the picture."""
        subprocess.run([sys.executable, "-B", os.path.join(PLOTS, figure + ".py"), *arguments,
                        "-o", output], stdin=subprocess.DEVNULL, check=True)
        with open(self.at(output), "rb") as stream:
            return stream.read()

    def draw(self, figure, arguments, output):
        """The bytes of a picture, None when there is none."""
        status, printed = self.script(figure, *arguments, "-o", output)
        check(status == 0 and not printed,
              "%s %s: status %s %s" % (figure, " ".join(arguments), status, printed))
        try:
            with open(self.at(output), "rb") as stream:
                return stream.read()
        except OSError:
            return None

    def refuse(self, figure, arguments, word):
        status, printed = self.script(figure, *arguments)
        check(status == 2 and word in printed and printed.count("\n") == 1,
              "%s %s: status %s and '%s', not 2 and one line with '%s'"
              % (figure, " ".join(arguments), status, printed, word))


def check_picture(folder, name, colours):
    """Not blank: ink all over, but none at the edges, where something would be cut off; and at
    least so many strong colours."""
    from matplotlib import image
    import numpy
    pixels = image.imread(folder.at(name))[..., :3]
    ink = (pixels < 0.9).any(axis=2)
    height, width = ink.shape
    thirds = [ink[y * height // 3:(y + 1) * height // 3, x * width // 3:(x + 1) * width // 3]
              for y in range(3) for x in range(3)]
    check(pixels.var() > 0.005, "%s: hardly any contrast: %g" % (name, pixels.var()))
    check(0.01 < ink.mean() < 0.6, "%s: share of ink %.3f" % (name, ink.mean()))
    check(all(third.any() for third in thirds), "%s: a ninth of the picture is empty" % name)
    check(not (ink[:3].any() or ink[-3:].any() or ink[:, :3].any() or ink[:, -3:].any()),
          name + ": ink at the edge")
    saturated = pixels[pixels.max(axis=2) - pixels.min(axis=2) > 0.4]
    codes, counts = numpy.unique((saturated * 7).round().astype(int) @ [64, 8, 1],
                                 return_counts=True)
    found = int((counts > 50).sum())
    check(found >= colours, "%s: %d colours, not %d or more" % (name, found, colours))


def check_figures(folder):
    plain = folder.example("5", "plain")
    for figure in FIGURES:
        first = folder.draw(figure, [plain], figure + ".png")
        if first:
            check(first.startswith(SIGNATURES["png"]), figure + ": is no PNG")
            check_picture(folder, figure + ".png", 4)
    for figure, kind in (("pareto", "png"), ("curves", "svg"), ("forest", "pdf")):
        first = folder.draw(figure, [plain], "first." + kind)
        second = folder.draw_alone(figure, [plain], "second." + kind)
        check(first == second, "%s: two runs give other bytes as %s" % (figure, kind))
        check(first and first.startswith(SIGNATURES[kind]), "%s: is no %s" % (figure, kind))
    first = folder.draw("curves", [plain, "--against", "seconds"], "seconds.png")
    check(first != folder.draw("curves", [plain, "--against", "tokens"], "tokens.png"),
          "curves: the same against seconds and against tokens")


def check_scaling(folder):
    def threads(count):
        def change(document):
            for row in document["tables"]["throughput"]:
                row["threads"] = count
                row["tokens_per_s"] *= count ** 0.9
                row["tokens_per_s_ci95"] = [v * count ** 0.9 for v in row["tokens_per_s_ci95"]]
        return change

    plain = folder.example("2", "plain")
    files = [folder.change(plain, "threads-%d.json" % n, threads(n)) for n in (1, 2, 4)]
    if folder.draw("scaling", files, "scaling.png"):
        check_picture(folder, "scaling.png", 4)
    folder.refuse("scaling", [plain, "-o", "x.png"], "several files")

    def sweep(document):
        document["scaling"] = [
            {"axis": axis, "value": value, "variant": "swiglu", "tokens_per_step": 1000,
             "samples_s": [0.1, 0.1, 0.1], "median_s": 0.1 * value,
             "median_s_ci95": [0.09 * value, 0.12 * value] if value > 1 else None,
             "tokens_per_s": 1e4 / value, "fraction_of_gemm_peak": 0.1 + 0.1 * value}
            for axis in ("threads", "batch") for value in (1, 2, 3)]

    swept = folder.change(plain, "swept.json", sweep)
    first = folder.draw("scaling", [swept], "swept.svg")
    check(first != folder.draw("scaling", [swept, "--against", "batch"], "batch.svg"),
          "scaling: the same against threads and against batch")
    folder.refuse("scaling", [swept, "--against", "d_model", "-o", "x.png"], "d_model")
    folder.refuse("scaling", [files[0], files[1], "--against", "batch", "-o", "x.png"], "batch")


def check_study(folder):
    """A directory of a study, with its tables."""
    def rows(keys, *values):
        return [dict(zip(keys.split(), row)) for row in values]

    os.mkdir("study")
    os.rename(folder.example("2", "plain"), "study/a.json")
    gap = "gated - ungated"
    ends = "variant settings held k k_held mean_nats ci95_nats prediction_nats"
    study = {"points": {"a": {"model": "a"}, "b": {"model": "b"}}, "tables": {
        "transfer": rows(ends, ("gelu", 2, 2, 2, 2, -0.01, [-0.02, 0.0], None),
                         ("swiglu", 2, 1, 2, 1, -0.03, [-0.05, -0.01], [-0.09, 0.03]),
                         (gap, 2, 2, 2, 2, -0.02, None, None)),
        "settings": rows("variant difference_nats", ("gelu", -0.015), ("gelu", -0.005),
                         ("swiglu", -0.06), ("swiglu", None), (gap, -0.02)),
        "axes": rows("axis value gap_nats gap_ci95_nats change_nats against p_holm",
                     ("model", "a", -0.02, [-0.04, 0.0], None, None, None),
                     ("model", "b", -0.03, [-0.05, -0.01], -0.01, "a", 0.04),
                     ("steps", "10", -0.01, None, None, None, None)),
        "tuned": rows("setting variant rate at_edge n delta_nats delta_ci95_nats",
                      ("a_*", "relu", "1", False, 2, None, None),
                      ("a_*", "swiglu", "2", True, 2, -0.02, [-0.03, -0.01]),
                      ("b_*", "swiglu", "1", False, 2, 0.01, None)),
        "slope": rows("axis variant low high low_nats high_nats",
                      ("steps", "gelu", 10.0, 40.0, 0.01, -0.01),
                      ("steps", "swiglu", 10.0, 40.0, 0.06, -0.03), ("steps", gap, 10, 40, 0.05, 0.0))}}
    folder.write("study/study.json", study)
    drawn = [folder.draw("study", ["study", "--table", table], table + ".png")
             for table in ("transfer", "axes", "tuned", "slope")]
    check(all(drawn) and len(set(drawn)) == 4, "study: a table has no figure of its own")
    check_picture(folder, "slope.png", 2)
    check(drawn[0] == folder.draw_alone("study", ["study"], "again.png"),
          "study: two runs give other bytes")
    ends = "axis variant low high low_nats high_nats"
    drawn = []
    for high in (4, 40):  # on a logarithmic axis nothing but the numbers there differs
        study["tables"]["slope"] = rows(ends, ("steps", gap, 10, 40, 0.05, 0.0),
                                        ("layers", gap, high / 4, high, 0.05, 0.0))
        folder.write("study/study.json", study)
        drawn.append(folder.draw("study", ["study", "--table", "slope"], "slope.png"))
    check(drawn[0] != drawn[1], "study: the second of two axes is without its ends")
    study["tables"]["tuned"] = []
    folder.write("study/study.json", study)
    folder.refuse("study", ["study", "--table", "tuned", "-o", "x.png"], "tuned")
    folder.write("study/study.json", {"points": {}})
    folder.refuse("study", ["study", "-o", "x.png"], "has no tables")
    folder.refuse("study", ["nowhere", "-o", "x.png"], "No such file")


def check_looks(folder):
    """Where seeds were added until it was decided, no figure tells a p."""
    fixed = folder.example("3", "plain")
    for figure in ("forest", "curves"):
        drawn = []
        for looked in (False, True):
            name = folder.change(fixed, "looks.json",
                                 lambda document, looked=looked:
                                 document["config"].update(until_decided=looked))
            drawn.append(folder.draw(figure, [name], "looks.svg"))
        check(drawn[0] != drawn[1], "%s: nothing tells that seeds were added by looking" % figure)


def check_missing(folder):
    """What the data lack is left out and said, not made up and not a traceback."""
    one, diverged, bare = (folder.example(*which) for which in (("1", "plain"), ("3", "diverged"),
                                                                ("3", "bare")))
    for figure in FIGURES:
        folder.draw(figure, [one], "one.svg")
        if figure != "throughput":
            folder.draw(figure, [diverged], "diverged.png")
    folder.draw("pareto", [bare], "bare.png")
    folder.refuse("throughput", [bare, "-o", "x.png"], "throughput")
    folder.refuse("pareto", [bare, "--pass", "forward", "-o", "x.png"], "forward")

    def lose_runs(document):
        document["runs"] = []
        for row in document["tables"]["table1"]:
            row.update(n=0, mean_nats=None, ci95_nats=None, delta_nats=None, delta_ci95_nats=None)

    empty = folder.change(one, "empty.json", lose_runs)
    for figure in ("curves", "forest", "pareto"):
        folder.refuse(figure, [empty, "-o", "x.png"], "empty.json")
    check(not os.path.exists(folder.at("x.png")), "a picture of nothing was written")


def check_refusals(folder):
    one = folder.example("1", "plain")
    for name, text in (("text.json", "not json"), ("nan.json", '{"schema_version": NaN}'),
                       ("list.json", "[1]"), ("lean.json", '{"schema_version": 1}')):
        with open(folder.at(name), "w", encoding="utf-8") as stream:
            stream.write(text)
        folder.refuse("curves", [name, "-o", "x.png"], name)
    newer = folder.change(one, "newer.json", lambda document: document.update(schema_version=2))
    folder.refuse("forest", [newer, "-o", "x.png"], "schema_version 2")
    folder.refuse("forest", ["nothing.json", "-o", "x.png"], "No such file")
    folder.refuse("forest", [one, "-o", "x.gif"], ".png, .pdf or .svg")
    folder.refuse("forest", [one, "-o", "nowhere/x.png"], "nowhere/x.png")


def check_log(folder):
    """Of a log that is being written."""
    lines = [json.dumps({"setting": "8", "variant": variant, "seed": 1, "step": step,
                         "heldout_log_perplexity_nats": None if step == 5 else 6 - step / 5})
             for variant in ("relu", "glu") for step in (0, 5, 10)]
    with open(folder.at("log.jsonl"), "w", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + '\n{"variant": "re')
    check(folder.draw("log", ["log.jsonl"], "log.png"), "log: no picture")
    check_picture(folder, "log.png", 2)


def check_beside(folder):
    """What others published, each with marks and a place in the legend of its own."""
    plain = folder.example("3", "plain")
    alone = folder.draw("forest", [plain], "alone.svg")
    check(alone == folder.draw("forest", [plain, "--beside", "shazeer2020"], "paper.svg"),
          "forest: the paper is not what is there when nobody asks")
    drawn = [folder.draw("forest", [plain, "--beside", keys], "beside.svg")
             for keys in ("narang2021", "shazeer2020,narang2021")]
    check(all(drawn) and len({alone, *drawn}) == 3, "forest: --beside draws nothing else")
    folder.draw("forest", [plain, "--beside", "shazeer2020,narang2021"], "beside.png")
    check_picture(folder, "beside.png", 4)
    # Of a file that names papers those that fit are drawn with it, the others are left out.
    named = folder.change(plain, "named.json",
                          lambda document: document["config"].update(beside=["zhang2024", "narang2021"]))
    check(folder.draw("forest", [named], "named.svg") == drawn[1],
          "forest: not the papers that the file names")
    for keys, word in (("narang", "did you mean narang2021?"), ("zhang2024", "figures in percent"),
                       ("huang2024xielu", "no relu"), ("zhao2026", "no figures"), ("", "no paper ''")):
        folder.refuse("forest", [plain, "--beside", keys, "-o", "x.png"], word)
    check_values()


def check_values():
    """The differences, against those that the program computes of the same files."""
    import forest
    paper = forest.Paper("narang2021", "relu")
    delta, half = paper.delta("swiglu")
    check(abs(delta + 0.055) < 1e-12 and abs(half - 0.0062532005) < 1e-6,
          "forest: narang2021's swiglu is %g +- %g" % (delta, half))
    check(abs(paper.later_delta("swiglu") + 0.049) < 1e-12 and paper.delta("relu2") == (None, None),
          "forest: its longer run is %g" % paper.later_delta("swiglu"))


def check_scores(folder):
    """A panel for each score; the paper's where the data are complete; no signal is said."""
    scores, glue, plain = (folder.example("3", kind) for kind in ("scores", "glue", "plain"))
    first = folder.draw("scores", [glue], "scores.png")
    check_picture(folder, "scores.png", 3)
    check(first == folder.draw_alone("scores", [glue], "again.png"), "scores: two runs give other bytes")
    drawn = [folder.draw("scores", [scores, *arguments], "scores.svg") for arguments in (
        [], ["--losses"], ["--table", "squad"], ["--table", "translation"])]
    check(all(drawn) and len(set(drawn)) == 4, "scores: the same of other tables")

    def make_subset(document):
        for row in document["tables"]["scores"]:
            row["complete"] = False

    subset = folder.change(scores, "subset.json", make_subset)
    check(drawn[0] != folder.draw("scores", [subset], "subset.svg"), "scores: a subset is not told")
    folder.draw("scores", [folder.example("1", "scores")], "one.svg")
    folder.refuse("scores", [plain, "-o", "x.png"], "no scores of glue")
    folder.refuse("scores", [scores, "--table", "superglue", "-o", "x.png"], "superglue")


def check_all(folder):
    bare = folder.example("2", "bare")
    status, printed = folder.script("all", bare, "-d", "figures", "--format", "svg")
    check(status == 0 and "no throughput" in printed, "all: status %s %s" % (status, printed))
    drawn = sorted(os.listdir(folder.at("figures")))
    check(drawn == ["bare-2-%s.svg" % name
                    for name in ("curves-seconds", "curves", "forest", "pareto")],
          "all: drew %s" % drawn)


def main():
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))  # which removes the folder
    home = os.getcwd()
    sys.path.insert(0, PLOTS)
    with tempfile.TemporaryDirectory() as path:
        os.environ["MPLCONFIGDIR"] = os.path.join(path, "matplotlib")
        os.mkdir(os.environ["MPLCONFIGDIR"])
        from matplotlib import __version__, font_manager  # which lists the fonts, once
        assert font_manager
        os.chdir(path)
        folder = Folder(path)
        for part in (check_figures, check_scaling, check_study, check_looks, check_missing,
                     check_refusals, check_log, check_beside, check_scores, check_all):
            part(folder)
        os.chdir(home)
    print("matplotlib %s: %s" % (__version__, "%d failures" % failures if failures else "ok"))
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
