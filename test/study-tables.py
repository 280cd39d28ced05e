#!/usr/bin/env python3
"""The tables of a study against the same figures computed from its results files by other code."""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(os.getcwd(), "glubench")
STUDY = {"axes": [
    {"name": "model", "draw": True, "values": {
        "a": {"d-model": 32, "d-kv": 16}, "b": {"d-model": 64, "d-kv": 32},
        "c": {"d-model": 32, "d-kv": 16, "layers": 2}}},
    {"name": "learning-rate", "values": [0.01, 0.02]},
    {"name": "steps", "values": [4, 8]}]}
VARIANTS = ["relu", "gelu", "swiglu"]
GAP = "gated - ungated"

# Quantiles of Student's t at 0.975 (Fisher and Yates, table III, more digits from R's qt).
T = {1: 12.70620474, 2: 4.30265273, 3: 3.18244631, 4: 2.77644511, 5: 2.57058184, 6: 2.44691185}


def glubench(*arguments):
    done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=300)
    if done.returncode != 0:
        sys.exit("%s: status %d: %s" % (" ".join(arguments), done.returncode, done.stderr))
    return done.stdout


def table(name, directory):
    return json.loads(glubench("report", directory, "--table", name, "--format", "json"))


def near(seen, expected, what):
    if seen is None or abs(seen - expected) > 1e-9 + 1e-6 * abs(expected):
        sys.exit("%s: is %s, other code gives %.12g" % (what, seen, expected))


def same(seen, expected, what):
    if seen != expected:
        sys.exit("%s: is %r, other code gives %r" % (what, seen, expected))


def losses(directory):
    """{(model, rate, steps): {variant: [nats by seed]}}"""
    found = {}
    for name in os.listdir(directory):
        if not name.endswith(".json") or name == "study.json":
            continue
        with open(os.path.join(directory, name)) as file:
            runs = json.load(file)["runs"]
        rows = {variant: {} for variant in VARIANTS}
        for run in runs:
            rows[run["variant"]][run["seed"]] = run["heldout_log_perplexity_nats"]
        model, rate, steps = name[:-len(".json")].split("_")
        found[model, rate, steps] = {v: [rows[v][s] for s in sorted(rows[v])] for v in VARIANTS}
    return found


def unit(rows, name):
    """Differences by seed."""
    if name == GAP:
        return [c - (a + b) / 2 for a, b, c in zip(rows["relu"], rows["gelu"], rows["swiglu"])]
    return [x - y for x, y in zip(rows[name], rows["relu"])]


def mean_by_seed(lists):
    return [statistics.fmean(values) for values in zip(*lists)]


def half_width(values):
    return T[len(values) - 1] * statistics.stdev(values) / math.sqrt(len(values))


def check_transfer(found, rows):
    for row in rows:
        name = row["variant"]
        draws = [mean_by_seed([unit(r, name) for k, r in sorted(found.items()) if k[0] == model])
                 for model in "abc"]
        n = len(draws[0])
        y = [statistics.fmean(draw) for draw in draws]
        v = statistics.fmean([statistics.variance(draw) for draw in draws]) / n
        plain = statistics.fmean(y)
        q = sum((x - plain) ** 2 for x in y) / v
        tau2 = max(0.0, (q - 2) / (3 / v - 1 / v))
        mean = plain  # the weights are equal
        near(row["mean_nats"], mean, name + ": mean")
        near(row["tau_nats"], math.sqrt(tau2), name + ": tau")
        near(row["i2_percent"], max(0.0, 100 * (q - 2) / q), name + ": I^2")
        hk = math.sqrt(sum((x - mean) ** 2 for x in y) / (2 * 3))
        near(row["ci95_nats"][0], mean - T[2] * hk, name + ": interval")
        wide = T[1] * math.sqrt(tau2 + (v + tau2) / 3)
        near(row["prediction_nats"][1], mean + wide, name + ": prediction")
        held = [statistics.fmean(unit(r, name)) * mean > 0 for r in found.values()]
        same([row["settings"], row["held"]], [12, sum(held)], name + ": settings")
        positive = sum(x * mean > 0 for x in y)
        same([row["k"], row["k_held"]], [3, positive], name + ": draws")
        few = min(positive, 3 - positive)
        near(row["p_sign"], min(1.0, 2 * sum(math.comb(3, i) for i in range(few + 1)) / 8),
             name + ": sign test")
    same([row["variant"] for row in rows], ["gelu", "swiglu", GAP], "variants")


def check_settings(found, rows):
    same(len(rows), 12 * 3, "rows of settings")
    for row in rows:
        d = unit(found[tuple(row["setting"].split("_"))], row["variant"])
        near(row["difference_nats"], statistics.fmean(d), row["setting"] + ": difference")
        near(row["ci95_nats"][1], statistics.fmean(d) + half_width(d), row["setting"] + ": interval")


def check_axes(found, rows):
    same([(r["axis"], r["value"]) for r in rows],
         [("model", "a"), ("model", "b"), ("model", "c"), ("learning-rate", "0.01"),
          ("learning-rate", "0.02"), ("steps", "4"), ("steps", "8")], "axes")
    axes = ["model", "learning-rate", "steps"]
    first = {"model": "a", "learning-rate": "0.01", "steps": "4"}
    for row in rows:
        at = axes.index(row["axis"])
        here, there = ([unit(r, GAP) for k, r in sorted(found.items()) if k[at] == value]
                       for value in (row["value"], first[row["axis"]]))
        near(row["gap_nats"], statistics.fmean(mean_by_seed(here)), "gap of " + row["value"])
        if row["value"] == first[row["axis"]]:
            same(row["change_nats"], None, "change of a first value")
            continue
        change = [x - y for x, y in zip(mean_by_seed(here), mean_by_seed(there))]
        near(row["change_nats"], statistics.fmean(change), "change of " + row["value"])
        near(row["change_ci95_nats"][0], statistics.fmean(change) - half_width(change),
             "interval of the change of " + row["value"])


def check_tuned(found, rows):
    same(len(rows), 6 * 3, "rows of tuned")
    for row in rows:
        model, _, steps = row["setting"].split("_")

        def best(variant):
            return min(("0.01", "0.02"),
                       key=lambda rate: statistics.fmean(found[model, rate, steps][variant][:2]))
        rate = best(row["variant"])
        rest = found[model, rate, steps][row["variant"]][2:]
        base = found[model, best("relu"), steps]["relu"][2:]
        same([row["rate"], row["at_edge"], row["n_chosen"], row["n"]], [rate, True, 2, 2],
             "%s of %s" % (row["variant"], row["setting"]))
        near(row["mean_nats"], statistics.fmean(rest), "tuned mean")
        if row["variant"] != "relu":
            near(row["delta_nats"], statistics.fmean([x - y for x, y in zip(rest, base)]),
                 "tuned difference")


def check_slope(found, rows):
    same([(row["axis"], row["variant"]) for row in rows],
         [("steps", "gelu"), ("steps", "swiglu"), ("steps", GAP)], "slopes")
    for row in rows:
        by_steps = {steps: mean_by_seed([unit(r, row["variant"]) for k, r in sorted(found.items())
                                         if k[2] == steps]) for steps in ("4", "8")}
        slopes = [(y - x) / math.log(2) for x, y in zip(by_steps["4"], by_steps["8"])]
        near(row["slope_nats"], statistics.fmean(slopes), "slope")
        near(row["slope_ci95_nats"][0], statistics.fmean(slopes) - half_width(slopes),
             "interval of the slope")
        ends = [statistics.fmean(by_steps[steps]) for steps in ("4", "8")]
        near(row["low_nats"], ends[0], "at least")
        same(row["crosses"], ends[0] * ends[1] < 0, "crosses")


def check_file(directory):
    """Figures read them from study.json."""
    with open(os.path.join(directory, "study.json")) as file:
        tables = json.load(file)["tables"]
    for name in ("transfer", "settings", "axes", "tuned", "slope"):
        same(tables[name], table(name, directory), name + " in study.json")


def check_formats(directory):
    for name in ("transfer", "settings", "axes", "tuned", "slope", "perplexity"):
        for form in ("terminal", "markdown", "csv", "latex"):
            if not glubench("report", directory, "--table", name, "--format", form).strip():
                sys.exit("%s as %s is empty" % (name, form))


def check_missing(directory):
    os.remove(os.path.join(directory, "a_0.01_4.json"))
    with open(os.path.join(directory, "study.json")) as file:
        for cell in json.load(file)["cells"]:
            if cell["setting"] == "a_0.01_4":
                os.remove(os.path.join(directory, "cells", cell["key"] + ".json"))
    if "1 of 12 settings have no results yet" not in glubench("report", directory):
        sys.exit("a missing setting is not told")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        with open("axes.json", "w") as file:
            json.dump(STUDY, file)
        glubench("--quiet", "--preset", "smoke", "--precision", "f32", "--batch", "4", "--samples",
                 "0", "--seeds", "4", "--threads", "2", "--jobs", "2", "--heldout-examples", "4",
                 "--study", "axes.json", "-o", "study", *(w for v in VARIANTS for w in ("-V", v)))
        found = losses("study")
        same(len(found), 12, "settings")
        check_transfer(found, table("transfer", "study"))
        check_settings(found, table("settings", "study"))
        check_axes(found, table("axes", "study"))
        check_tuned(found, table("tuned", "study"))
        check_slope(found, table("slope", "study"))
        check_file("study")
        check_formats("study")
        check_missing("study")
        os.chdir("/")


main()
