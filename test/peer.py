#!/usr/bin/env python3
"""Measure glubench and another program's training step in turn, and print the ratio of their speeds.

The two take turns (A B A B ...), so that a drift of the machine hits both alike; each pair gives one
ratio, and the result is the median ratio with a distribution-free 95 % interval.  The peer is any
command that takes the options of a case and prints a JSON object with "matmul_gflop_per_s", the
GFLOP/s of the model's matrix products (as glubench counts them).

  test/peer.py --peer "python3 PEER.py" --case t5-256 --variant swiglu --dtype f32 --pairs 7
"""
import argparse
import json
import math
import os
import shlex
import statistics
import subprocess
import sys
import tempfile

# name: glubench's options, the peer's options, and what of glubench's throughput table is compared
CASES = {
    "t5-256": dict(
        ours="--d-model 256 --layers 4 --heads 4 --d-kv 64 --d-ff 1152 --batch 32 --input-length 256",
        peer="--d_model 256 --layers 4 --heads 4 --d_kv 64 --d_ff 1152 --batch 32 --input 256 --target 58",
        which="train"),
    "t5-64": dict(
        ours="--d-model 64 --layers 2 --heads 4 --d-kv 16 --d-ff 384 --batch 32 --input-length 128",
        peer="--d_model 64 --layers 2 --heads 4 --d_kv 16 --d_ff 384 --batch 32 --input 128 --target 29",
        which="train"),
    "ffn": dict(
        ours="--ffn",
        peer="--ffn --tokens 4096 --d_model 768 --d_ff 3072",
        which="ffn_train"),
}


def fail(message):
    sys.exit(f"peer.py: {message}")


def run(command, environment):
    try:
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False, text=True)
    except OSError as error:
        fail(f"cannot run {command[0]}: {error.strerror}")
    if done.returncode != 0:
        fail(f"'{shlex.join(command)}' ended with status {done.returncode}")
    return done.stdout


def ours(options, environment, path):
    """GFLOP/s of one bench run, and the matrix product's peak measured in it."""
    case = CASES[options.case]
    run([options.glubench, "bench", "--quiet", "--variant", options.variant, "--baseline",
         options.variant, "--precision", options.dtype, "--samples", str(options.samples),
         "--threads", str(options.threads), "--output", path] + shlex.split(case["ours"]), environment)
    with open(path, encoding="utf-8") as file:
        rows = json.load(file)["tables"]["throughput"]
    for row in rows:
        if row["variant"] == options.variant and row["pass"] == case["which"]:
            return row["gflop_per_s"], row["gemm_peak_gflop_per_s"]
    fail(f"glubench's results hold no pass '{case['which']}' of {options.variant}")


def theirs(options, environment):
    text = run(shlex.split(options.peer) + shlex.split(CASES[options.case]["peer"]) +
               ["--variant", options.variant, "--dtype", options.dtype, "--threads",
                str(options.threads), "--reps", str(options.samples)], environment)
    try:
        return float(json.loads(text)["matmul_gflop_per_s"])
    except (ValueError, KeyError, TypeError):
        fail("the peer printed no JSON object with matmul_gflop_per_s")


def median_interval(values):
    """The order statistics that hold the median with at least 95 %: from the binomial with p = 1/2."""
    ordered, n = sorted(values), len(values)
    for low in range(n // 2, 0, -1):
        outside = 2 * sum(math.comb(n, k) for k in range(low)) / 2 ** n
        if outside <= 0.05:
            return ordered[low - 1], ordered[n - low]
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, help="the other program's command")
    parser.add_argument("--glubench", default="./glubench", help="default: %(default)s")
    parser.add_argument("--case", choices=sorted(CASES), default="t5-256")
    parser.add_argument("--variant", default="swiglu")
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--samples", type=int, default=5, help="steps timed in a turn (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=7,
                        help="turns of each; an interval takes 6 (default: %(default)s)")
    parser.add_argument("--record", metavar="FILE", help="append what was measured, as a line of JSON")
    options = parser.parse_args()
    if options.pairs < 1 or options.samples < 1:
        fail("--pairs and --samples must be at least 1")
    environment = dict(os.environ, OMP_NUM_THREADS=str(options.threads))
    ratios, shares = [], []
    print(f"case {options.case}, {options.variant}, {options.dtype}, {options.threads} threads; "
          "GFLOP/s of the matrix products")
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(options.pairs):
            mine, peak = ours(options, environment, os.path.join(folder, "bench.json"))
            other = theirs(options, environment)
            ratios.append(mine / other)
            shares.append(mine / peak if peak else math.nan)
            print(f"pair {pair + 1}: glubench {mine:.1f} ({shares[-1]:.2f} of gemm_peak "
                  f"{peak or math.nan:.1f})  peer {other:.1f}  ratio {ratios[-1]:.2f}", flush=True)
    interval = median_interval(ratios)
    text = "no interval, six pairs give one" if interval is None else \
        "95 % interval {:.2f} to {:.2f}".format(*interval)
    print(f"median ratio {statistics.median(ratios):.2f} ({text}); "
          f"median share of gemm_peak {statistics.median(shares):.2f}")
    if options.record:
        share = statistics.median(shares)
        with open(options.record, "a", encoding="utf-8") as file:
            print(json.dumps({
                "case": options.case, "variant": options.variant, "dtype": options.dtype,
                "threads": options.threads, "pairs": options.pairs, "median_ratio": statistics.median(ratios),
                "ratio_ci95": interval, "fraction_of_gemm_peak": None if math.isnan(share) else share}), file=file)


if __name__ == "__main__":
    main()
