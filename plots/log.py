#!/usr/bin/env python3
"""plots/log.py LOG.jsonl -o FIGURE: the held-out curves of a --log, be it still growing."""
import json
import sys
import matplotlib
matplotlib.use("Agg")
from matplotlib import pyplot

runs = {}
with open(sys.argv[1], encoding="utf-8") as file:
    for line in map(json.loads, (line for line in file if line.endswith("\n"))):
        if line["heldout_log_perplexity_nats"] is not None:
            name = " ".join(str(line[key]) for key in ("setting", "variant", "seed") if key in line)
            runs.setdefault(name, []).append((line["step"], line["heldout_log_perplexity_nats"]))
for name, points in runs.items():
    pyplot.plot(*zip(*points), label=name)
pyplot.gca().set(xlabel="training steps", ylabel="held-out log-perplexity / nats")
pyplot.legend(fontsize="small")
pyplot.savefig(sys.argv[3])
