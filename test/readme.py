#!/usr/bin/env python3
"""readme.py - what README.md and results/README.md say is what the committed files say.

A table names its source in a comment right above it,

    <!-- glubench report FILE [OPTION]... -->     some columns of what that prints
    <!-- results/peer.jsonl -->                   another one of SOURCES

and is compared cell by cell.  A sentence with numbers is a row of CLAIMS: its text with {} for them, and what makes
them from the files.  Any other number with a decimal point is an error, unless OTHERS has it."""
import itertools
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

top = pathlib.Path(os.environ.get("srcdir") or pathlib.Path(__file__).parent.parent)
PROGRAM = "./glubench"
faults = []


# ---- What the files say ---------------------------------------------------------------------------------

def read(name):
    if name not in read.known:
        read.known[name] = json.loads((top / "results" / name).read_text(encoding="utf-8"))
    return read.known[name]


read.known = {}


def row(rows, **wanted):
    """The one row with these values."""
    found = [r for r in rows if all(r[key] == value for key, value in wanted.items())]
    assert len(found) == 1, f"{len(found)} rows with {wanted}"
    return found[0]


def signed(x):
    return f"{x:+.4f}"


def span(values, digits):
    """The least and the largest."""
    return f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"


def deltas(name, *variants):
    return [abs(row(read(name)["tables"]["table1"], variant=v)["delta_nats"]) for v in variants]


def significant(name):
    """The labels of the variants that differ from the baseline."""
    return [read(name)["variants"][r["variant"]]["label"].removeprefix("FFN_")
            for r in read(name)["tables"]["table1"] if r["p_holm"] is not None and r["p_holm"] < 0.05]


def better(name):
    """Those of them that are lower."""
    lower = {r["variant"] for r in read(name)["tables"]["table1"] if r["delta_nats"] is not None and r["delta_nats"] < 0}
    return [label for label in significant(name) if label in {short(name, variant) for variant in lower}]


def listed(names):
    return "none" if not names else names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def parameters(name):
    return read(name)["variants"]["relu"]["parameters"]


GAP = "gated - ungated"


def gap(study, axis, value):
    return row(read(f"{study}/study.json")["tables"]["axes"], axis=axis, value=value)["gap_nats"]


def difference(study, setting, variant=GAP):
    return row(read(f"{study}/study.json")["tables"]["settings"], setting=setting, variant=variant)


def with_interval(nats, interval, digits=3):
    return [f"{x:+.{digits}f}" for x in (nats, *interval)]


def gap_and_interval(study, setting):
    found = difference(study, setting)
    return with_interval(found["difference_nats"], found["ci95_nats"])


def transfer(study, variant=GAP):
    return row(read(f"{study}/study.json")["tables"]["transfer"], variant=variant)


def seeds_of(study):
    return len({cell["seed"] for cell in read(f"{study}/study.json")["cells"] if not cell.get("slope")})


def runs_of(study):
    return sum(not cell.get("slope") for cell in read(f"{study}/study.json")["cells"])


def by_model(study, model, *variants, sign="+"):
    """The least and the largest difference of these over the settings of a model."""
    found = sorted(r["difference_nats"] for r in read(f"{study}/study.json")["tables"]["settings"]
                   if r["setting"].startswith(model + "_") and r["variant"] in variants)
    return [f"{x if sign else abs(x):{sign}.3f}" for x in (found[0], found[-1])]


def gaps(study):
    """The largest gap and the least."""
    found = sorted(r["difference_nats"] for r in read(f"{study}/study.json")["tables"]["settings"] if r["variant"] == GAP)
    return [f"{x:+.3f}" for x in (found[-1], found[0])]


def settings_of(study):
    return len(read(f"{study}/study.json")["points"])


def equal_and(name, equal, verdict, other):
    """The margin, where the one is equal to the baseline within it and the other is as the verdict has it."""
    verdicts = {r["variant"]: r["verdict"] for r in read(name)["tables"]["verdict"]}
    assert (verdicts[equal], verdicts[other]) == ("equal", verdict)
    return [f"{read(name)['config']['equivalence_nats']:g}"]


def found_everywhere(study, *variants):
    """In how many settings these are better than the baseline, which is in all of them."""
    rows = [r for r in read(f"{study}/study.json")["tables"]["settings"] if r["variant"] in variants]
    assert all(r["difference_nats"] < 0 and r["p_holm"] < 0.05 for r in rows)
    return {4: "four"}[len(rows) // len(variants)]


def sigmoids(study):
    """How much worse Swish and GLU are in the language model, where they are better in the T5 and GEGLU leads."""
    rows = [r for r in read(f"{study}/study.json")["tables"]["settings"] if r["variant"] != GAP]
    for setting in {r["setting"] for r in rows if r["setting"].startswith("lm_")}:
        of = [r for r in rows if r["setting"] == setting]
        assert min(of, key=lambda r: r["difference_nats"])["variant"] == "geglu"
    assert all(r["difference_nats"] < 0 for r in rows if r["setting"].startswith("t5_") and r["variant"] in ("swish", "glu"))
    return by_model(study, "lm", "swish", "glu", sign="")


def orders(study):
    """The least and the largest agreement with the paper's order over the settings, and how many are below 5 %."""
    found = [read(f"{study}/{name}.json")["agreement"] for name in read(f"{study}/study.json")["points"]]
    taus = [a["kendall_tau_b"] for a in found]
    return [min(taus), max(taus), {3: "three"}.get(n := sum(a["p_value"] < 0.05 for a in found), n)]


def held_everywhere(study, *variants):
    """These, where the sign of each is that of its mean in all settings."""
    rows = [transfer(study, v) for v in variants]
    assert all(r["held"] == r["settings"] and r["mean_nats"] < 0 for r in rows)
    return rows[0]["held"]


def gated_speed(name, kind="train"):
    """Relative to the baseline's, of the gated variants."""
    document = read(name)
    return span([r["relative_to_baseline"] for r in document["tables"]["throughput"]
                 if r["pass"] == kind and document["variants"][r["variant"]]["gated"]], 2)


def slowest_gated():
    return min(float(gated_speed(f"bench-{model}-{dtype}.json", kind)[0])
               for model, kind in (("d256", "train"), ("d768", "train"), ("ffn", "ffn_train"))
               for dtype in ("f32", "bf16"))


def profile(dtype):
    """Of SwiGLU: {operation: (share of the step, share of the peak)}, and the share of what is no product."""
    part = row(read(f"profile-d256-{dtype}.json")["profile"], variant="swiglu")
    found = {o["operation"].removeprefix("products: "): o for o in part["operations"]}
    return found, sum(o["share"] for name, o in found.items() if o["fraction_of_gemm_peak"] is None or name == "logits")


def profile_text(dtype, shares):
    operations, rest = profile(dtype)
    scores = next(n for n in operations if n.startswith("attention scores"))  # the softmax is among them or not
    names = ("feed-forward", "attention projections", scores)
    peaks = [f"{operations[n]['fraction_of_gemm_peak']:.2f}" for n in names]
    if not shares:
        return [*peaks, f"{100 * rest:.0f}"]
    return [text for n, peak in zip(names, peaks) for text in (f"{100 * operations[n]['share']:.0f}", peak)] + \
        [f"{100 * rest:.0f}"]


def small_products():
    """In the tiny preset: the range of their share of the peak, and their share of the step."""
    parts = [[o for o in part["operations"] if o["operation"].startswith("products")]
             for part in read("profile-tiny-bf16.json")["profile"]]
    share = sum(o["share"] for part in parts for o in part) / len(parts)
    return [*span([o["fraction_of_gemm_peak"] for part in parts for o in part], 1),
            "two thirds" if abs(share - 2 / 3) < 0.02 else f"{share:.2f}"]


def allocations():
    parts = [p for dtype in ("f32", "bf16") for p in read(f"profile-d256-{dtype}.json")["profile"]]
    return [str(max(p[key] for p in parts)) for key in ("primitives_created", "heap_growth_bytes", "page_faults")]


def sizes(dtype):
    rows = [r for r in read(f"sweep-{dtype}.json")["scaling"] if r["axis"] == "d_model"]
    return [f"{row(rows, value=v)['fraction_of_gemm_peak']:.2f}" for v in (64, 768)]


def two_threads(dtype):
    rows = [r for r in read(f"sweep-{dtype}.json")["scaling"] if r["axis"] == "threads"]
    return f"{row(rows, value=2)['tokens_per_s'] / row(rows, value=1)['tokens_per_s']:.2f}"


def half_of_swiglu():
    share = transfer("transfer", "relu2")["mean_nats"] / transfer("transfer", "swiglu")["mean_nats"]
    return "half" if abs(share - 0.5) < 0.05 else f"{share:.2f}"


def tokens_saved(name, *variants):
    """How many times as many tokens ReLU would need."""
    return [r["token_multiplier"] for r in read(name)["tables"]["verdict"] if r["variant"] in variants]


def full_runs(name):
    steps = read(name)["config"]["training"]["steps"]
    return [run for run in read(name)["runs"] if run["steps"] == steps]


def steepest_fall():
    """What a run's curve falls between two of its points, over what the median run falls there: the most of all."""
    curves = [[point["heldout_log_perplexity_nats"] for point in run["curve"]] for run in full_runs(BUILTIN)]
    falls = [[before - after for before, after in zip(curve, curve[1:])] for curve in curves]
    return max(max(there) / statistics.median(there) for there in zip(*falls))


def worst_run(name):
    return max(run["heldout_log_perplexity_nats"] for run in full_runs(name))


def gated(name):
    agreement = read(name)["agreement"]
    return [signed(nats) for nats in (agreement["gated_minus_ungated_nats"], *agreement["gated_minus_ungated_ci95"])]


def third_of_english():
    share = read(BUILTIN)["agreement"]["gated_minus_ungated_nats"] / read(MINI)["agreement"]["gated_minus_ungated_nats"]
    return "a third" if abs(share - 1 / 3) < 0.05 else f"{share:.2f}"


def spread(name, digits, *variants):
    return span([r["stddev_nats"] for r in read(name)["tables"]["table1"]
                 if not variants or r["variant"] in variants], digits)


def of_peak(name, kind):
    return span([r["fraction_of_gemm_peak"] for r in read(name)["tables"]["throughput"] if r["pass"] == kind], 2)


def score(name, metric, variant, task=None):
    """A row of the table of scores."""
    tasks = {} if task is None else {"task": task}
    return row(read(name)["tables"]["scores"], metric=metric, variant=variant, **tasks)


def short(name, variant):
    return read(name)["variants"][variant]["label"].removeprefix("FFN_")


def contrast(name, table):
    found = row(read(name)["tables"]["gated_scores"], table=table)
    return [f"{x:+.2f}" for x in (found["gated_minus_ungated"], *found["gated_minus_ungated_ci95"])]


def bleu():
    """The baseline's, the others' range, and who differs after correction."""
    rows = {v: score(TRANSLATION, "bleu_13a", v) for v in read(TRANSLATION)["variants"]}
    others = sorted((r["mean"], v) for v, r in rows.items() if v != "relu")
    found = [short(TRANSLATION, v) for v, r in rows.items() if r["p_holm"] is not None and r["p_holm"] < 0.05]
    return [f"{rows['relu']['mean']:.2f}", *(x for mean, v in (others[0], others[-1])
                                             for x in (f"{mean:.2f}", short(TRANSLATION, v))), " and ".join(found)]


def sst2():
    rows = {v: score(GLUE, "accuracy", v, "sst2")["mean"] for v in read(GLUE)["variants"]}
    nats = [score(GLUE, "label_nats", v, "sst2") for v in rows]
    return [f"{rows.pop('relu'):.1f}", *span(rows.values(), 1),
            "all" if all(r["signal"] == "signal" for r in nats) else "not all",
            *span([-r["minus_prior_nats"] for r in nats], 3)]


def without_signal():
    names = {"cola": "CoLA", "mrpc": "MRPC", "rte": "RTE", "cb": "CB", "copa": "COPA", "multirc": "MultiRC",
             "superglue_rte": "RTE", "wic": "WiC"}
    found = []
    for name in (GLUE, SUPERGLUE):
        for r in read(name)["tables"]["scores"]:
            if not r["ranked"] and names[r["task"]] not in found:
                found.append(names[r["task"]])
    return [", ".join(found[:-1]), found[-1]]


def tuned_agreement(factor):
    """Kendall's tau of the variants at their own best rates and at this factor, over the seeds that did not choose."""
    tuned = {r["variant"]: r["mean_nats"] for r in read("tuned/study.json")["tables"]["tuned"]}
    seeds = read(f"tuned/{factor}.json")["config"]["seeds"]
    runs = [r for r in read(f"tuned/{factor}.json")["runs"] if r["seed"] in seeds[len(seeds) // 2:]]
    alike = {v: sum(r["heldout_log_perplexity_nats"] for r in runs if r["variant"] == v) for v in tuned}
    pairs = list(itertools.combinations(tuned, 2))
    return sum(1 if (tuned[a] < tuned[b]) == (alike[a] < alike[b]) else -1 for a, b in pairs) / len(pairs)


# ---- What the pages say ---------------------------------------------------------------------------------

MINI, TINY, TINY_DE, BUILTIN = "mini/t5_c4-en.json", "c4-en-tiny.json", "c4-de-tiny.json", "builtin-tiny.json"
TRANSLATION, GLUE, SUPERGLUE = "multi30k-en-de.json", "glue-tiny.json", "superglue-tiny.json"
BEST = ("bilinear", "geglu", "swiglu", "reglu")

# (page, its text with {} for numbers, a function that gives them)
CLAIMS = [
    ("README.md", "On English text, {} seeds each, Bilinear, GEGLU, SwiGLU and ReGLU are better than ReLU by {} to {} nats, "
     "as if it had trained {} to {} times as long",
     lambda: [len(read(MINI)["config"]["seeds"]), *span(deltas(MINI, *BEST), 3), *span(tokens_saved(MINI, *BEST), 1)]),
    ("README.md", "Gated minus ungated is {} nats [{}, {}], and {} to {} in {} of {} settings: a T5 and a language model, "
     "English and German", lambda: [*gated(MINI), *gaps("mini"), held_everywhere("mini", GAP), settings_of("mini")]),
    ("README.md", "gated minus ungated has the paper's sign ({} there",
     lambda: [signed(read(MINI)["agreement"]["paper_gated_minus_ungated_nats"])]),
    ("README.md", "The `mini` model ({} million parameters), {:,} steps of {} examples",
     lambda: [f"{parameters(MINI) / 1e6:.1f}", read(MINI)["config"]["training"]["steps"],
              read(MINI)["config"]["training"]["batch"]]),
    ("README.md", "(tau-b with the paper's order {:.2f}, exact p {:.3f})",
     lambda: [read(MINI)["agreement"]["kendall_tau_b"], read(MINI)["agreement"]["p_value"]]),
    ("README.md", "With {} seeds, where the default takes 3:", lambda: [len(read(BUILTIN)["config"]["seeds"])]),
    ("README.md", "standard deviations are {} to {} nats. Gated minus ungated is {} nats [{}, {}]: the gate pays here "
     "too, with {} of its gain in English text",
     lambda: [*spread(BUILTIN, 3), *gated(BUILTIN), third_of_english()]),
    ("README.md", "After correction {} alone are better than ReLU", lambda: [listed(better(BUILTIN))]),
    ("README.md", "GELU is equal to it within {} nats, Swish is undecided",
     lambda: equal_and(BUILTIN, "gelu", "undecided", "swish")),
    ("README.md", "tau-b with the paper is {:.2f} (exact p {:.3f}). Conclude from real text",
     lambda: [read(BUILTIN)["agreement"]["kendall_tau_b"], read(BUILTIN)["agreement"]["p_value"]]),
    ("README.md", "(English and German in C4's format), {} seeds each, {} runs", lambda: [seeds_of("mini"), runs_of("mini")]),
    ("README.md", "GEGLU, SwiGLU and ReGLU are better than ReLU in all {}, each significantly, and gated minus ungated is {} nats "
     "[{}, {}] in the mean; one more such setting is expected within [{}, {}]",
     lambda: [found_everywhere("mini", "geglu", "swiglu", "reglu"),
              *with_interval(transfer("mini")["mean_nats"], transfer("mini")["ci95_nats"]),
              *(f"{x:+.3f}" for x in transfer("mini")["prediction_nats"])]),
    ("README.md", "Swish and GLU are better than ReLU in the T5 and worse in the language model, by {} to {} nats, where GEGLU leads",
     lambda: sigmoids("mini")),
    ("README.md", "Of {} runs of the `tiny` presets, over three texts and three learning rates, SwiGLU is below ReLU in {} of {} "
     "settings, and the 95 % prediction interval for one more {} zero", lambda: [
         runs_of("transfer"), transfer("transfer", "swiglu")["held"], transfer("transfer", "swiglu")["settings"],
         "includes" if transfer("transfer", "swiglu")["prediction_nats"][1] > 0 else "excludes"]),
    ("README.md", "ReLU2, without a gate, has {} of SwiGLU's gain there", lambda: [half_of_swiglu()]),
    ("README.md", "BLEU is {} with ReLU and {} ({}) to {} ({}) with the others. After correction only {} differs",
     bleu),
    ("README.md", "Gated minus ungated is {} BLEU [{}, {}]", lambda: contrast(TRANSLATION, "translation")),
    ("README.md", "{} steps and {} seeds, from English to German", lambda: [
        read(TRANSLATION)["config"]["training"]["steps"], len(read(TRANSLATION)["config"]["seeds"])]),
    ("README.md", "SST-2 is learned: {} % with ReLU and {} to {} % with the others, and the nats of its classes are in {} "
     "eight below those of guessing their shares, by {} to {}", sst2),
    ("README.md", "{} and {} show no signal", without_signal),
    ("README.md", "no gated variant's training step is more than {} % slower than ReLU's in the median: {} to {} times its "
     "speed in f32 and {} to {} in bf16; at d_model 64, as in the default run, it is {} to {} times",
     lambda: [2 if slowest_gated() >= 0.98 else "too much", *gated_speed("bench-d256-f32.json"),
              *gated_speed("bench-d256-bf16.json"), *gated_speed(BUILTIN)]),
    ("README.md", "A model of {:,} or {} million parameters",
     lambda: [parameters(TINY), f"{parameters(MINI) / 1e6:.1f}"]),

    ("results/README.md", "{:,} parameters, {:,} steps, {} seeds. English:",
     lambda: [parameters(TINY), read(TINY)["config"]["training"]["steps"], len(read(TINY)["config"]["seeds"])]),
    ("results/README.md", "Tau-b with the paper is {:.2f} (exact p {}) on English and {:.2f} (exact p {}) on German, and "
     "gated minus ungated {} [{}, {}] and {} [{}, {}]",
     lambda: [*(x for a in (read(TINY)["agreement"], read(TINY_DE)["agreement"])
                for x in (a["kendall_tau_b"], f"{a['p_value']:.4f}" if a["p_value"] >= 1e-4 else "<0.0001")),
              *gated(TINY), *gated(TINY_DE)]),
    ("results/README.md", "After correction {} {} from ReLU on English, and {} on German", lambda: [
        listed(significant(TINY)), "differs" if len(significant(TINY)) < 2 else "differ", listed(significant(TINY_DE))]),
    ("results/README.md", "With 5 seeds and the wider `mini` model every variant but {} does on English",
     lambda: [listed(sorted({short(MINI, v) for v in read(MINI)["variants"] if v != "relu"} - set(significant(MINI))))]),
    ("results/README.md", "the standard deviations are {} to {} nats, and no curve falls between two of its points by "
     "more than {:.2f} times what the median run falls there", lambda: [*spread(BUILTIN, 3), steepest_fall()]),
    ("results/README.md", "is more than twice as bad as the worst run, which has {:.3f} nats",
     lambda: [worst_run(BUILTIN)]),
    ("results/README.md", "Swish and GLU are below ReLU by {} to {} nats in the T5 and above it by {} to {} in the language model",
     lambda: [*by_model("mini", "t5", "swish", "glu", sign="")[::-1], *by_model("mini", "lm", "swish", "glu", sign="")]),
    ("results/README.md", "Kendall's tau-b with the paper's order is {:.2f} to {:.2f} in the four settings, with an exact p below "
     "0.05 in {} of them", lambda: orders("mini")),
    ("results/README.md", "GELU is equal to it within {} nats, and GLU is undecided", lambda: equal_and(BUILTIN, "gelu", "undecided", "glu")),
    ("results/README.md", "averaged first, so {} draws remain", lambda: [transfer("transfer")["k"]]),
    ("results/README.md", "It goes from {} [{}, {}] (T5, English, half the rate: nothing)",
     lambda: gap_and_interval("transfer", "t5_c4-en_0.5")),
    ("results/README.md", "to {} [{}, {}] (language model, Python)", lambda: gap_and_interval("transfer", "lm_python_1")),
    ("results/README.md", "the mean is {:.3f} in the T5 and {:.3f} in the language model, a change that does not outlast",
     lambda: [gap("transfer", "model", name) for name in ("t5", "lm")]),
    ("results/README.md", "The sign test over the draws has p {:.3f}", lambda: [transfer("transfer")["p_sign"]]),
    ("results/README.md", "as much as SwiGLU ({:.4f} and {:.4f}; {:.4f} and {:.4f})",
     lambda: [difference("transfer", f"t5_c4-en_{rate}", variant)["difference_nats"] for rate in ("0.5", "2")
              for variant in ("relu2", "swiglu")]),
    ("results/README.md", "the gap is {:.3f}, {:.3f} and {:.3f} nats from the lowest to the highest",
     lambda: [gap("tuned", "learning-rate-factor", rate) for rate in ("0.5", "1", "2")]),
    ("results/README.md", "they are worse than ReLU, by {} and {} nats; at the highest, where ReLU is worse than at its own "
     "best, they are level with it ({} [{}, {}] and {} [{}, {}])",
     lambda: [*(f"{difference('tuned', '1', v)['difference_nats']:.3f}" for v in ("swish", "glu")),
              *(x for v in ("swish", "glu") for x in with_interval(
                  difference("tuned", "2", v)["difference_nats"], difference("tuned", "2", v)["ci95_nats"]))]),
    ("results/README.md", "is that at the preset's (tau-b {:.2f})", lambda: [tuned_agreement("1")]),
    ("results/README.md", "the gated variants' run at {} to {} times its speed in f32 and {} to {} in bf16 at d_model 256, at "
     "{} to {} and {} to {} at d_model 768, and the feed-forward layer of the paper's shape at {} to {} in f32 and "
     "{} to {} in bf16",
     lambda: [x for model, kind in (("d256", "train"), ("d768", "train"), ("ffn", "ffn_train"))
              for dtype in ("f32", "bf16") for x in gated_speed(f"bench-{model}-{dtype}.json", kind)]),
    ("results/README.md", "{} % are the products of the feed-forward layers at {} of gemm_peak, {} % those of the attention's "
     "projections ({}), {} % scores and values ({}: their inner dimension is d_kv or the length of one example), {} % "
     "everything else", lambda: profile_text("f32", True)),
    ("results/README.md", "in bf16 the products are at {}, {} and {}, and everything else takes {} %",
     lambda: profile_text("bf16", False)),
    ("results/README.md", "{} primitives are created, {} bytes allocated, {} pages touched", allocations),
    ("results/README.md", "reach {} to {} of gemm_peak and make up {} of the step", small_products),
    ("results/README.md", "from {} to {} of gemm_peak in f32 and from {} to {} in bf16",
     lambda: [*sizes("f32"), *sizes("bf16")]),
    ("results/README.md", "Two threads do {} times the work of one in f32, and {} times in bf16",
     lambda: [two_threads("f32"), two_threads("bf16")]),
    ("results/README.md", "training step reaches {} to {} of gemm_peak in f32 and {} to {} in bf16, the layer {} to {} and {} to "
     "{}", lambda: [*of_peak("bench-d256-f32.json", "train"), *of_peak("bench-d256-bf16.json", "train"),
                    *of_peak("bench-ffn-f32.json", "ffn_train"), *of_peak("bench-ffn-bf16.json", "ffn_train")]),
]

# What is no measurement of a file that is here.
OTHERS = {
    "README.md": ["2002.05202", "oneDNN 2.6.3", "PyTorch 1.13"],
    "results/README.md": [
        "2002.05202", "23.5 GiB", "oneDNN 2.6.3", "gcc 12.2", "python3.11 (3.11.2-6+deb12u6)"],
}


# ---- Comparing ------------------------------------------------------------------------------------------

def fault(text):
    faults.append(text)


def report(arguments):
    file, *options = arguments.split()
    done = subprocess.run([PROGRAM, "report", str(top / file), *options, "--format", "markdown"], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        fault(f"glubench report {arguments}: {done.stderr.strip()}")
    return done.stdout


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def tables_of(lines):
    """(line number, heading, rows) of each table."""
    at = 0
    while at < len(lines):
        end = at
        while end < len(lines) and lines[end].startswith("|"):
            end += 1
        if end > at:
            yield at, cells(lines[at]), [cells(line) for line in lines[at + 2:end]]
        at = max(end, at + 1)


def peer_table():
    what = {"t5-256": "T5, d_model 256, 4+4 layers", "ffn": "one feed-forward layer of the paper's shape",
            "t5-64": "T5, d_model 64, 2+2 layers"}
    rows, before = [], None
    for line in (top / "results/peer.jsonl").read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        low, high = one["ratio_ci95"]
        rows.append(["" if one["case"] == before else what[one["case"]], one["variant"], one["dtype"],
                     f"{one['median_ratio']:.1f}", f"{low:.1f} to {high:.1f}", f"{one['fraction_of_gemm_peak']:.2f}"])
        before = one["case"]
    return ["what", "variant", "precision", "times PyTorch", "95 % interval", "of gemm_peak"], rows


def transfer_table():
    """Of the study's file: the program reads all runs for it, which takes seconds."""
    rows = []
    for r in read("transfer/study.json")["tables"]["transfer"]:
        label = {"gelu": "FFN\\_GELU", "swiglu": "FFN\\_SwiGLU", "relu2": "FFN\\_ReLU2"}.get(r["variant"], r["variant"])
        rows.append([label, f"{r['held']} of {r['settings']}", signed(r["mean_nats"]),
                     *("[%s, %s]" % tuple(map(signed, r[key])) for key in ("ci95_nats", "prediction_nats")),
                     f"{r['i2_percent']:.0f} %"])
    return ["variant", "settings with sign", "mean", "95 % interval", "a new setting", "I^2"], rows


# Those that glubench report does not print, or not quickly.
SOURCES = {"results/peer.jsonl": peer_table, "glubench report results/transfer --table transfer": transfer_table}


def source_table(source, heading):
    """The heading and rows that a comment stands for, or None."""
    if source in SOURCES:
        made = SOURCES[source]()
        return made if set(heading) <= set(made[0]) else None
    if not source.startswith("glubench report "):
        return None
    for _, names, rows in tables_of(report(source.removeprefix("glubench report ")).splitlines()):
        if set(heading) <= set(names):
            return names, rows
    return None


def check_table(page, lines, at, heading, rows):
    where = f"{page}:{at + 1}"
    named = re.fullmatch(r"<!-- (.*) -->", lines[at - 1].strip()) if at else None
    if not named:
        fault(f"{where}: a table without <!-- its source --> above it")
        return
    made = source_table(named.group(1), heading)
    if not made:
        fault(f"{where}: '{named.group(1)}' has no table with the columns {', '.join(heading)}")
        return
    picked = [[made_row[made[0].index(name)] for name in heading] for made_row in made[1]]
    if len(picked) != len(rows):
        fault(f"{where}: {len(rows)} rows, and {named.group(1)} has {len(picked)}")
    for i, (ours, theirs) in enumerate(zip(rows, picked)):
        for name, our, their in zip(heading, ours, theirs):
            if our != their:
                fault(f"{page}:{at + 3 + i}: {ours[0] or ours[1]}, {name}: {our}, and {named.group(1)} has {their}")
        if len(ours) != len(heading):
            fault(f"{page}:{at + 3 + i}: {len(ours)} cells")


def prose_of(text):
    """Without code, tables, comments and what links lead to, in one line."""
    text = re.sub(r"^```.*?^```$|^(    |\|).*$|<!--.*?-->", "", text, flags=re.M | re.S if "```" in text else re.M)
    return " ".join(re.sub(r"\]\([^)]*\)", "]", text).split())


def check_claims(page, prose):
    for _, text, function in (claim for claim in CLAIMS if claim[0] == page):
        try:
            said = text.format(*function())
        except (AssertionError, KeyError, IndexError, TypeError, ValueError, OSError) as error:
            fault(f"{page}: '{text}': the files do not have it: {error!r}")
            continue
        if said not in prose:
            fault(f"{page}: the files say '{said}', and the page does not")
        prose = prose.replace(said, " ")
    for other in OTHERS[page]:
        if other not in prose:
            fault(f"{page}: '{other}' of OTHERS is not there")
        prose = prose.replace(other, " ")
    prose = re.sub(r"`[^`]*`", " ", prose)
    for number in re.finditer(r"[-+]?\d+\.\d+", prose):
        around = prose[max(0, number.start() - 40):number.end() + 20]
        fault(f"{page}: '{around}': {number.group()} is in no row of CLAIMS of test/readme.py")


for page_name in ("README.md", "results/README.md"):
    page_text = (top / page_name).read_text(encoding="utf-8")
    page_lines = page_text.splitlines()
    for table in tables_of(page_lines):
        check_table(page_name, page_lines, *table)
    check_claims(page_name, prose_of(page_text))
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page_text):
        if not (top / page_name).parent.joinpath(link).exists():
            fault(f"{page_name}: {link} is not there")
    if page_name == "README.md" and len(page_lines) > 250:
        fault(f"README.md: {len(page_lines)} lines, more than 250")
for one_fault in faults:
    print(one_fault)
print(len(CLAIMS), "sentences,", len(faults), "faults")
sys.exit(bool(faults))
