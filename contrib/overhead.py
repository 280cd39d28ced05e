#!/usr/bin/env python3
"""What a sweep costs besides training and evaluation: sweeps of 24, 240 and 1,000 runs, which are nearly nothing,
and one of 24 as they are.  From the folder of the build, on a machine on which nothing else runs:

    python3 contrib/overhead.py

A line a sweep: its runs, the seconds it took, how many of them were training and evaluation, the share of the
rest, and that rest in milliseconds a run.  It takes about a minute."""

import argparse
import json
import os
import subprocess
import tempfile
import time

SMOKE = "--preset smoke --variant relu --variant swiglu --samples 0 --jobs 1 --threads 1 --quiet"
TINY = SMOKE + " --steps 2 --warmup-steps 1 --batch 2 --input-length 32 --heldout-examples 2"


def sweep(arguments, options, runs):
    """Seconds of a sweep, and of training and evaluation in it."""
    with tempfile.TemporaryDirectory(dir=arguments.directory) as folder:
        path = os.path.join(folder, "results.json")
        start = time.monotonic()
        subprocess.run([arguments.program, *options.split(), "--seeds", str(runs // 2), "--output", path],
                       check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - start
        with open(path, encoding="utf-8") as file:
            rows = json.load(file)["runs"]
    assert len(rows) == runs and all(row["status"] == "ok" for row in rows)
    return seconds, sum(row["train_s"] + row["evaluate_s"] for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="./glubench")
    parser.add_argument("--directory", help="where the results go; default: where temporary files do")
    parser.add_argument("--runs", type=int, nargs="*", default=[24, 240, 1000], help="of nearly nothing")
    arguments = parser.parse_args()
    print("steps   runs  seconds  training, evaluation   rest  ms a run")
    for steps, options, runs in [(30, SMOKE, 24)] + [(2, TINY, runs) for runs in arguments.runs]:
        seconds, worked = sweep(arguments, options, runs)
        rest = seconds - worked
        print(f"{steps:5} {runs:6} {seconds:8.3f} {worked:21.3f} {rest / seconds:6.1%} {1e3 * rest / runs:9.2f}")


if __name__ == "__main__":
    main()
