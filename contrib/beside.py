#!/usr/bin/env python3
"""How long a training step takes beside a process that spins on one of the cores, and without it.  From the folder of
the build, on a machine on which nothing else runs:

    python3 contrib/beside.py [PROGRAM]...

Several programs take turns; the first is the one that ratios are to.  A spinning process of the same session shares
the processors thread by thread; one of another session may count as much as all threads of the program."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

SIZES = {"d_model 64": ("--preset tiny", 100),
         "d_model 256": ("--preset tiny --d-model 256 --d-kv 64 --d-ff 1536 --batch 32", 8)}
STEPS = ("--variant relu --samples 0 --seeds 1 --jobs 1 --heldout-examples 2 --curve-examples 2 --quiet --no-slope "
         "--evaluate-every 1000 --warmup-steps 2 --learning-rate 0.0005")
BESIDE = ("nothing", "same session", "another session")


def step_ms(program, size, arguments):
    """Milliseconds of a step."""
    options, steps = SIZES[size]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "steps.json")
        subprocess.run([program, *options.split(), *STEPS.split(), "--steps", str(steps), "--precision",
                        arguments.precision, "--threads", str(arguments.threads), "--output", path], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(path, encoding="utf-8") as file:
            return 1e3 * json.load(file)["runs"][0]["train_s"] / steps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", default=["./glubench"])
    parser.add_argument("--precision", default="f32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    times = {}
    for _ in range(arguments.rounds):
        for size in SIZES:
            for beside in BESIDE:
                spinning = beside != "nothing" and subprocess.Popen(
                    [sys.executable, "-c", "while True: pass"], start_new_session=beside == "another session")
                try:
                    for program in arguments.programs:
                        ms = step_ms(program, size, arguments)
                        times.setdefault((size, beside, program), []).append(ms)
                finally:
                    if spinning:
                        spinning.kill()
                        spinning.wait()
    for (size, beside, program), ms in times.items():
        middle = statistics.median(ms)
        first = statistics.median(times[size, beside, arguments.programs[0]])
        alone = statistics.median(times[size, "nothing", program])
        print(f"{size:12} beside {beside:16} {middle:9.2f} ms, {middle / alone:5.2f} of alone, "
              f"{middle / first:5.2f} of the first program  {program}", flush=True)


if __name__ == "__main__":
    main()
