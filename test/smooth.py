#!/usr/bin/env python3
"""smooth.py - are the losses of the built-in language smooth enough to compare variants?

    smooth.py [RESULTS.json]    of a run on the built-in language; results/builtin-tiny.json

- No variant's standard deviation is above 0.015 nats.
- No held-out curve falls between two points that follow each other by more than three times what
  the median run falls there.
- A unigram model of the targets, which knows the held-out ones' own counts, is at least twice as
  bad as every run.  The targets are those that ./glubench makes of the file's configuration.

The program is ./glubench, which must know the language of the file."""
import collections
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

STDDEV_NATS = 0.015
FALL = 3.0
UNIGRAM = 2.0
PROGRAM = os.path.join(os.getcwd(), "glubench")
source = pathlib.Path(os.environ.get("srcdir") or pathlib.Path(__file__).parent.parent)
path = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else source / "results/builtin-tiny.json")
faults = 0


def tell(ok, text):
    """A figure, and whether it is as it must be."""
    global faults
    faults += not ok
    print("%s %s" % ("ok    " if ok else "not ok", text))


def check_spread(runs):
    """The standard deviation of each variant over its seeds."""
    for variant in dict.fromkeys(run["variant"] for run in runs):
        losses = [run["heldout_log_perplexity_nats"] for run in runs if run["variant"] == variant]
        spread = statistics.stdev(losses) if len(losses) > 1 else math.inf
        tell(spread <= STDDEV_NATS, "%-9s %d seeds: %.4f nats, standard deviation %.4f"
             % (variant, len(losses), statistics.mean(losses), spread))


def check_falls(runs):
    """What each run falls from a point of its curve to the next."""
    curves = [[(point["step"], point["heldout_log_perplexity_nats"]) for point in run["curve"]]
              for run in runs]
    for k, (step, _) in enumerate(curves[0][:-1]):
        falls = [curve[k][1] - curve[k + 1][1] for curve in curves]
        median, most = statistics.median(falls), max(falls)
        run = runs[falls.index(most)]
        tell(median > 0 and most <= FALL * median,
             "steps %4d to %4d: the median falls %.4f, %s, seed %d, %.4f: %.2f times that"
             % (step, curves[0][k + 1][0], median, run["variant"], run["seed"], most,
                most / median))


def unigram_nats(arguments):
    """The entropy of the held-out targets' token counts, and the language's checksum."""
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [PROGRAM, "run", *arguments, "--variant", "relu", "--seeds", "1", "--steps", "0",
             "--no-slope", "--samples", "0", "--quiet", "--dump-batches", scratch + "/batches",
             "--output", scratch + "/out.json"], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=300)
        if done.returncode != 0:
            sys.exit("status %d: %s" % (done.returncode, done.stderr))
        with open(scratch + "/batches", encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        with open(scratch + "/out.json", encoding="utf-8") as file:
            checksum = json.load(file)["config"]["corpus"]["sha256"]
    counts = collections.Counter()
    for line in lines:
        if line["phase"] == "heldout":
            counts.update(line["targets"])
    total = sum(counts.values())
    return -sum(n * math.log(n / total) for n in counts.values()) / total, checksum


def check_unigram(config, runs):
    """The worst run against the unigram model."""
    nats, checksum = unigram_nats(["--preset", config["preset"]])
    worst = max(run["heldout_log_perplexity_nats"] for run in runs)
    tell(checksum == config["corpus"]["sha256"], "the language is that of the file")
    tell(nats >= UNIGRAM * worst, "unigram model: %.3f nats, %.2f times the worst run's %.3f"
         % (nats, nats / worst, worst))


with open(path, encoding="utf-8") as results:
    document = json.load(results)
steps = document["config"]["training"]["steps"]
done_runs = [run for run in document["runs"] if run["status"] == "ok" and run["steps"] == steps]
if len(done_runs) < len(document["runs"]):
    sys.exit("%s: runs that are not done" % path)
check_spread(done_runs)
check_falls(done_runs)
check_unigram(document["config"], done_runs)
sys.exit(faults > 0)
