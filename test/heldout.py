#!/usr/bin/env python3
"""The last evaluation is of all held-out examples, the points of the curve are of some of them; a file
with thousands of them stays small; and what pairing bought, by other code."""
import json
import os
import statistics
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath("glubench")
SMOKE = ["run", "--quiet", "--preset", "smoke", "--samples", "0", "--threads", "2"]
failed = 0


def check(good, what):
    """Count and tell what is not good."""
    global failed
    if not good:
        failed = 1
        print(f"FAIL: {what}", file=sys.stderr)


def run(output, *arguments):
    """The results of a smoke run."""
    subprocess.run([PROGRAM] + SMOKE + list(arguments) + ["--output", output], check=True,
                   stdout=subprocess.DEVNULL)
    with open(output, encoding="utf-8") as file:
        return json.load(file)


def near(a, b, tolerance):
    """Not further from one another than that."""
    return abs(a - b) <= tolerance


def check_curve():
    """Points against the losses that the program wrote down itself."""
    both = ["--variant", "swiglu", "--steps", "16", "--heldout-examples", "41"]
    few = run("few.json", *both, "--curve-examples", "8", "--dump-batches", "batches")["runs"][0]
    every = run("all.json", *both, "--curve-examples", "1000")["runs"][0]
    with open("batches", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    losses = [line["loss_nats"] for line in lines if line["phase"] == "heldout"]
    check(len(losses) == 41 == few["heldout_examples"], f"{len(losses)} examples at the end")
    mean = statistics.mean(losses)
    sample = statistics.mean(losses[i * 41 // 8] for i in range(8))
    check(near(few["heldout_log_perplexity_nats"], mean, 1e-6), "the result is not of all examples")
    check(near(few["curve"][-1]["heldout_log_perplexity_nats"], sample, 1e-6),
          "the last point is not of the curve's examples")
    check(few["heldout_log_perplexity_nats"] == every["heldout_log_perplexity_nats"] and
          few["parameters_sha256"] == every["parameters_sha256"],
          "the curve's examples change the result")
    check(every["curve"][-1]["heldout_log_perplexity_nats"] == every["heldout_log_perplexity_nats"],
          "with all examples the last point is not the result")
    pairs = list(zip(few["curve"], every["curve"]))
    check(len(few["curve"]) == len(every["curve"]) and
          all(a["train_loss_nats"] == b["train_loss_nats"] for a, b in pairs) and
          all(a["heldout_log_perplexity_nats"] != b["heldout_log_perplexity_nats"] for a, b in pairs),
          "the points are those of all examples")
    subprocess.run([PROGRAM, "validate", "few.json", "all.json"], check=True,
                   stdout=subprocess.DEVNULL)
    with open("few.json", encoding="utf-8") as file:
        document = json.load(file)
    document["runs"][0]["curve"][-1]["heldout_log_perplexity_nats"] = mean
    with open("false.json", "w", encoding="utf-8") as file:
        json.dump(document, file)
    told = subprocess.run([PROGRAM, "validate", "false.json"], check=False, capture_output=True,
                          text=True)
    check(told.returncode == 1 and "its examples have the mean" in told.stdout + told.stderr,
          f"a last point of other examples is believed: {told.stdout}{told.stderr}")


def ratio(pairs):
    """Correlation and variance of the difference over the sum of the variances; pairs: lists of (a, b),
    each about its own mean."""
    aa = bb = ab = 0.0
    for some in pairs:
        mean_a, mean_b = (statistics.fmean(column) for column in zip(*some))
        aa += sum((a - mean_a) ** 2 for a, _ in some)
        bb += sum((b - mean_b) ** 2 for _, b in some)
        ab += sum((a - mean_a) * (b - mean_b) for a, b in some)
    return ab / (aa * bb) ** 0.5, (aa + bb - 2 * ab) / (aa + bb)


def check_pairing_and_size():
    """Four thousand examples a run."""
    document = run("many.json", "--all-variants", "--seeds", "3", "--steps", "4",
                   "--heldout-examples", "4096")
    runs = document["runs"]
    check(os.path.getsize("many.json") < 30000 * len(runs),
          f"{os.path.getsize('many.json') / len(runs):.0f} bytes a run")
    by_name = {}
    for each in runs:
        by_name.setdefault(each["variant"], []).append(each)
    for row in document["tables"]["table1"]:
        pairs = list(zip(by_name[row["variant"]], by_name["relu"]))
        if row["variant"] == "relu":
            check(row["seed_correlation"] is None and row["example_variance_ratio"] is None,
                  "the baseline is paired with itself")
            continue
        seeds = ratio([[(a["heldout_log_perplexity_nats"], b["heldout_log_perplexity_nats"])
                        for a, b in pairs]])
        examples = ratio([list(zip(a["heldout_example_nats"], b["heldout_example_nats"]))
                          for a, b in pairs])
        for key, value in zip(("seed_correlation", "seed_variance_ratio", "example_correlation",
                               "example_variance_ratio"), seeds + examples):
            check(near(row[key], value, 1e-9), f"{row['variant']}: {key} {row[key]}, not {value}")
    text = subprocess.run([PROGRAM, "report", "many.json"], check=True, capture_output=True,
                          text=True).stdout
    check("Pairing by seed: correlation" in text and "Pairing by held-out example" in text,
          "what pairing bought is not told")


def check_halves():
    """Runs of half of the steps do not carry their examples, so that the file stays small with them."""
    arguments = [PROGRAM, "run", "--quiet", "--preset", "tiny", "--d-model", "16", "--layers", "1",
                 "--heads", "1", "--d-kv", "16", "--d-ff", "48", "--batch", "4", "--input-length", "64",
                 "--steps", "8", "--all-variants", "--samples", "2", "--output", "halves.json"]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    with open("halves.json", encoding="utf-8") as file:
        document = json.load(file)
    runs, halves = document["runs"], document["slope_runs"]
    check(len(halves) == 3 and all(row["heldout_example_nats"] is None for row in halves) and
          all(len(row["heldout_example_nats"]) == 4096 for row in runs), "the losses of examples")
    check(os.path.getsize("halves.json") < 30000 * len(runs),
          f"{os.path.getsize('halves.json') / len(runs):.0f} bytes a run with those of half of the steps")
    subprocess.run([PROGRAM, "validate", "halves.json"], check=True, stdout=subprocess.DEVNULL)


def main():
    """In a directory of its own."""
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        check_curve()
        check_pairing_and_size()
        check_halves()
    return failed


sys.exit(main())
