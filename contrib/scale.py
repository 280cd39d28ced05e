#!/usr/bin/env python3
"""Writes results/scale.md: how far glubench_mpi scales, measured here on a few ranks, and forecast for
clusters by 'glubench plan'.  On a machine on which nothing else runs, from the folder of the build:

    python3 contrib/scale.py --tokenizer sentencepiece:spiece.model >results/scale.md

It takes a few minutes.  Times of a machine on which other work runs are marked as such."""

import argparse
import json
import os
import shlex
import subprocess
import tempfile
import textwrap

MODEL = ("--preset tiny --d-model 256 --heads 4 --d-kv 64 --d-ff 1536 --layers 2 --batch 16 --variant relu "
         "--precision f32")
NODES, NETWORKS, NODE_GFLOPS, BUSY = (8, 32, 128), (10, 25, 100), 20000, 0.05


def say(*lines):
    """Paragraphs, which are filled, and lines of tables and commands."""
    for line in lines:
        print(line if line[:1] in "#| " else textwrap.fill(line, 110, break_on_hyphens=False))


def bench(arguments, ranks, options):
    """The document of a bench of so many ranks, and its command as a reader would type it."""
    command = f"{arguments.mpirun} -np {ranks} ./glubench_mpi bench {options} --threads 1"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bench.json")
        subprocess.run(shlex.split(command) + ["--quiet", "--samples", str(arguments.samples), "-o", path],
                       check=True, stdout=subprocess.DEVNULL)
        with open(path, encoding="utf-8") as file:
            return json.load(file), command


def plan(options):
    """The document of a plan, and its command."""
    command = f"./glubench plan {options}"
    output = subprocess.run(shlex.split(command) + ["--format", "json"], check=True,
                            stdout=subprocess.PIPE).stdout
    return json.loads(output), command


def gbit(row):
    """The network on which an exchange would take as long as it did here."""
    return 16e-9 * row["bytes"] * (1 - 1 / row["ranks"]) / row["median_s"]


def calibrate(arguments):
    """Steps of 1, 2 and 4 ranks beside what plan says of them."""
    cores, documents, lines, errors = os.cpu_count(), [], [], []
    for ranks in (1, 2, 4):
        document, command = bench(arguments, ranks, "--exchange " + MODEL)
        documents.append(document)
        row = document["rank_steps"][0]
        if ranks == 1:
            speed = row["gflop_per_s"]
        network = gbit(document["exchange"][0]) if ranks > 1 else 1
        node = speed * min(1, cores / ranks)
        forecast = plan(f"{MODEL} --threads 1 --samples 0 --ranks {ranks} --network {network:.4g} "
                        f"--node-gflops {node:.4g}")[0]["variants"][0]["cluster_step"]
        error = forecast["step_s"] / row["median_s"] - 1
        errors.append(error)
        share = 1 - row["speed_vs_apart"] if ranks > 1 else 0
        lines.append(f"| {ranks} | {node:.1f} | {network if ranks > 1 else 0:.1f} | "
                     f"{1e3 * row['median_s']:.1f} | {1e3 * forecast['step_s']:.1f} | {100 * error:+.0f} % | "
                     f"{100 * share:.0f} % | {100 * forecast['exchange_share']:.0f} % |")
    busy = max(document["environment"]["others_cpu_share"] or 0 for document in documents)
    environment = documents[0]["environment"]
    say("## Here", "",
        f"{environment['cores']} cores of {environment['cpu_model']}, "
        f"{documents[1]['rank_steps'][0]['library']}, {environment['date_utc'][:10]}; made by", "",
        "    " + command.replace(" -np 4 ", " -np R "), "",
        "and, of each row, `./glubench plan` with the same model, `--ranks R`, and what stands in the next two "
        "columns.  The speed of a node is that of one rank, divided where ranks share a core; the network is the "
        "exchange of the same gradient, measured in the same run.", "",
        "| ranks | GFLOP/s of a rank | Gbit/s | ms a step | forecast | error | exchange | forecast |",
        "|---|---|---|---|---|---|---|---|", *lines, "",
        f"So the forecast of a step errs by {100 * max(map(abs, errors)):.0f} % at most here.  It leaves out what "
        "every rank does whatever its share of the batch (the update of all parameters, the packing of their "
        "products, the batch on its way): that is small beside the step of a large batch, and grows with the "
        "ranks as the batch is divided.")
    row = documents[1]["rank_steps"][0]
    if row["speed_vs_alone"]:
        low, high = row["speed_vs_alone_ci95"] or (float("nan"),) * 2
        say("", f"2 ranks of 1 thread are {row['speed_vs_alone']:.3f} [{low:.3f}, {high:.3f}] times as fast as one "
            "process of 2 threads, in turn.")
    return busy


def exchange(arguments):
    """The exchange of the gradient of base."""
    document, command = bench(arguments, 2, "--exchange-size 892 --preset smoke")
    row = document["exchange"][0]
    low, high = row["rate_vs_bare_ci95"] or (float("nan"),) * 2
    say("", f"The exchange of 892 MB between 2 ranks takes {row['median_s']:.3f} s, {row['rate_vs_bare']:.2f} "
        f"[{low:.2f}, {high:.2f}] times as fast as one Alltoall, a sum and one Allgather of all of it, in turn:", "",
        "    " + command)
    return document["environment"]["others_cpu_share"] or 0


def cluster(arguments):
    """The table of plan."""
    options = f"--preset base --tokenizer {arguments.tokenizer} --variant relu --steps 65536 --samples 0 " \
        "--threads 1 --no-slope"
    rows = []
    for nodes in NODES:
        for network in NETWORKS:
            document, command = plan(f"{options} --ranks {nodes} --network {network} --node-gflops {NODE_GFLOPS}")
            row = document["variants"][0]
            step = row["cluster_step"]
            rows.append(f"| {nodes} | {document['config']['training']['batch'] // nodes} | {network} | {step['compute_s']:.3f} | "
                        f"{step['exchange_s']:.3f} | {step['step_s']:.3f} | {100 * step['exchange_share']:.0f} % | "
                        f"{row['estimated_s'] / 3600:.1f} |")
    command = command.replace(f"--ranks {nodes} --network {network}", "--ranks R --network GBIT")
    megabytes = 4e-6 * row["parameters"]
    say("", "## On a cluster", "",
        f"The paper's model and batch, {row['parameters']:,} parameters, a gradient of {megabytes:.0f} MB in f32, and "
        f"65,536 steps, on nodes that reach {NODE_GFLOPS / 1000:g} TFLOP/s each; made by", "",
        "    " + command.replace(arguments.tokenizer, "sentencepiece:spiece.model"), "",
        "| nodes | examples of each | Gbit/s | compute, s | exchange, s | s a step | exchange | hours |",
        "|---|---|---|---|---|---|---|---|", *rows, "",
        "Nothing is computed while a gradient is exchanged.  So runs side by side, which exchange nothing, come "
        "first: 8 variants of 4 seeds are 32 nodes at full speed; ranks shorten one run, up to about 8 nodes at "
        "100 Gbit/s.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mpirun", default="mpirun --bind-to none --oversubscribe", metavar="COMMAND",
                        help="how ranks are started (default: %(default)s)")
    parser.add_argument("--samples", type=int, default=15, metavar="N", help="of each way (default: %(default)s)")
    parser.add_argument("--tokenizer", required=True, metavar="sentencepiece:FILE",
                        help="of the paper's model on a cluster, such as T5's")
    arguments = parser.parse_args()
    say("# Scale", "", "Made by `python3 contrib/scale.py`; `glubench-results(5)` tells what is measured, "
        "`glubench plan --help` what is forecast.", "")
    busy = max(calibrate(arguments), exchange(arguments))
    if busy > BUSY:
        say("", f"**To be measured again:** other work took {100 * busy:.0f} % of the processors' time.")
    cluster(arguments)


main()
