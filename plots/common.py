"""What the figures share: reading results files, styles, and writing pictures.

A figure is a module with draw(documents, options) -> matplotlib Figure, which only reads what the
files say: nothing is trained or measured here.  A script ends with 0, or with 2 and one line on
stderr that names the file and the remedy.  The same file gives the same bytes every time.
"""

import argparse
import math
import os
import sys
import textwrap

try:
    import matplotlib
    import numpy as np
    matplotlib.use("agg")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
except ImportError as error:
    sys.exit("%s: %s is needed; install matplotlib for %s (Debian: apt-get install"
             " python3-matplotlib, then /usr/bin/python3 %s)"
             % (os.path.basename(sys.argv[0]), error.name, sys.executable, sys.argv[0]))

# What the figures ask this module for.
from documents import (SCHEMA_VERSION, Document, NothingToDraw, PlotError, count, load, p_text,
                       read_json, signed, thousands, write_whole)

FORMATS = ("png", "pdf", "svg")

# The date, and the version of the library, would make pictures of the same data differ.
METADATA = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": "glubench", "Producer": None},
    "svg": {"Date": None, "Creator": "glubench"},
}

STYLE = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
    "figure.dpi": 150,
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "grid.color": "0.88",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.5,
    "pdf.fonttype": 42,
    "savefig.dpi": 200,
    "svg.fonttype": "path",
    "svg.hashsalt": "glubench",
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}

# One colour (Okabe and Ito's, told apart by the colour-blind) and one marker per activation, so
# that a gated variant and the ungated one of the same activation look related; gated is solid and
# filled, ungated dashed and open, which a print without colours keeps.
ACTIVATIONS = {
    "relu": ("#D55E00", "s"),
    "gelu_erf": ("#0072B2", "o"),
    "swish": ("#009E73", "^"),
    "logistic": ("#000000", "D"),
    "linear": ("#CC79A7", "v"),
    "relu2": ("#E69F00", "P"),
    "square": ("#E69F00", "P"),
    "gelu_tanh": ("#56B4E9", "h"),
}
OTHERS = (("#7F7F7F", "X"), ("#B8A800", "p"), ("#56B4E9", "*"), ("#E69F00", "8"))

INK = "0.15"
FAINT = "0.45"


# ------------------------------------------------------------------------------ statistics

def t_quantile(df):
    """Student's two-sided 95 % point.

    With t = sqrt(df) tan(a), P(|T| < t) is the integral of cos^(df-1) from 0 to a over that
    from 0 to pi/2.
    """
    angle = np.linspace(0.0, math.pi / 2, 200001)
    density = np.cos(angle) ** (df - 1)
    area = np.concatenate(([0.0], np.cumsum((density[1:] + density[:-1]) / 2)))
    return math.sqrt(df) * math.tan(np.interp(0.95, area / area[-1], angle))


def mean_band(rows):
    """Mean and half the 95 % interval of the rows, column by column; no interval of one row."""
    rows = np.asarray(rows, dtype=float)
    n = len(rows)
    if n < 2:
        return rows.mean(axis=0), None
    return rows.mean(axis=0), t_quantile(n - 1) * rows.std(axis=0, ddof=1) / math.sqrt(n)


def whiskers(centres, intervals):
    """Lengths of error bars below and above; 0 where there is no interval."""
    lengths = [(centre - ci[0], ci[1] - centre) if ci else (0.0, 0.0)
               for centre, ci in zip(centres, intervals)]
    return np.clip(np.array(lengths).T, 0.0, None)


# ---------------------------------------------------------------------------------- styles

def styles(document):
    """Variant -> dict of colour, marker and gated; the same in every figure."""
    others = {}
    result = {}
    for name, variant in document.variants.items():
        key = variant["activation"]
        if key in ACTIVATIONS:
            colour, marker = ACTIVATIONS[key]
        else:
            colour, marker = others.setdefault(key, OTHERS[len(others) % len(OTHERS)])
        result[name] = {"colour": colour, "marker": marker, "gated": variant["gated"]}
    return result


def line_style(style):
    return {
        "color": style["colour"],
        "marker": style["marker"],
        "linestyle": "-" if style["gated"] else (0, (4, 1.6)),
        "markerfacecolor": style["colour"] if style["gated"] else "white",
        "markeredgecolor": style["colour"],
        "markeredgewidth": 1.0,
    }


def point_style(style):
    return dict(line_style(style), linestyle="none")


# ------------------------------------------------------------------------------------ words

def span(values):
    """1, 2, 3, 5 as 1-3, 5."""
    parts, values = [], sorted(values)
    for value in values:
        if parts and value == parts[-1][1] + 1:
            parts[-1][1] = value
        else:
            parts.append([value, value])
    return ", ".join("%d" % a if a == b else "%d\u2013%d" % (a, b) for a, b in parts)


def describe_seeds(runs):
    """Which seeds there are and how many per variant: seeds 1-5, n = 4 to 5."""
    seeds = {run["seed"] for run in runs}
    counts = {}
    for run in runs:
        counts[run["variant"]] = counts.get(run["variant"], 0) + 1
    low, high = min(counts.values()), max(counts.values())
    return "seed%s %s, n = %s per variant" % ("" if len(seeds) == 1 else "s", span(seeds),
                                              low if low == high else "%d to %d" % (low, high))


def describe_setup(document, speed=False, varying=None):
    """What was measured, for a figure of speed or of quality, but for what the figure varies."""
    config = document.config
    model, training = config["model"], config["training"]
    corpus = config.get("corpus") or {}
    onednn = document.data["program"]["onednn"]["version"]
    parts = [
        "preset %s" % config["preset"] if config.get("preset") and not varying else None,
        "d_model %d" % model["d_model"] if varying != "d_model" else None,
        "%d+%d layers" % (model["layers"], model["layers"]),
        "%s corpus" % corpus["kind"] if corpus.get("kind") and not speed else None,
        "%s steps of %d examples" % (thousands(training["steps"]), training["batch"])
        if not speed else None,
        config["precision"],
        count(config["threads"], "thread") if speed and varying != "threads" else None,
        document.data["environment"].get("cpu_model") if speed else None,
        "oneDNN %s" % onednn if speed and onednn else None,
    ]
    return " \u00b7 ".join(part for part in parts if part)


def describe_missing(document):
    """Runs that a figure of quality cannot show."""
    lost = ["%s seed %d %s" % (document.label(run["variant"]), run["seed"], run["status"])
            for run in document.data["runs"] if run["status"] != "ok"]
    if not lost:
        return None
    more = len(lost) - 4
    return "Not shown: %s%s." % ("; ".join(lost[:4]), "; %d more" % more if more > 0 else "")


def describe_warnings(*documents):
    """How many warnings there are, and the first."""
    warnings = [text for document in documents for text in document.data.get("warnings") or []]
    if not warnings:
        return None
    return "%s in the results: %s." % (count(len(warnings), "warning").capitalize(),
                                    warnings[0].split("; ")[0].rstrip("."))


def short_number(value, _position=None):
    """Tick labels: 12.5k, 3M."""
    for limit, suffix in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return "%.4g%s" % (value / limit, suffix)
    return "%.4g" % value


def caption(figure, document, *lines, speed=False, varying=None):
    """Small print below the figure: what was measured, with how many seeds, and what is missing."""
    lines = [describe_setup(document, speed, varying)] + [line for line in lines if line]
    width = int(figure.get_figwidth() * 18.5)
    wrapped = [part for line in lines
               for part in textwrap.wrap(line, width, break_on_hyphens=False)]
    figure.supxlabel("\n".join(wrapped), x=0.012, ha="left", fontsize=7, color=FAINT)


# ----------------------------------------------------------------------------------- labels

def place_labels(axes, points, fontsize=8):
    """Write (x, y, text, colour) beside their points where they hide least: each takes the best
    of some places around its point, looking at all points and the labels before it."""
    figure = axes.figure
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    box = axes.get_window_extent(renderer)
    marks = [axes.transData.transform((x, y)) for x, y, _, _ in points]
    taken = []
    scale = figure.dpi / 72.0
    for (x, y, text, colour), mark in zip(points, marks):
        best = None
        for distance in (7, 12, 18, 26):
            for step in range(16):
                angle = math.pi * (0.25 + step / 8)
                dx, dy = math.cos(angle), math.sin(angle)
                where = dict(ha="left" if dx > 0.3 else "right" if dx < -0.3 else "center",
                             va="bottom" if dy > 0.3 else "top" if dy < -0.3 else "center")
                label = axes.annotate(text, (x, y), (distance * dx, distance * dy),
                                      textcoords="offset points", fontsize=fontsize,
                                      color=colour, **where)
                extent = label.get_window_extent(renderer).padded(1.5 * scale)
                label.remove()
                cost = distance / 40 + step / 200
                cost += 10 * sum(overlap(extent, other) for other in taken)
                cost += 6 * sum(extent.padded(3 * scale).contains(*m) for m in marks)
                cost += 8 * (extent.x0 < box.x0 or extent.x1 > box.x1
                             or extent.y0 < box.y0 or extent.y1 > box.y1)
                # whiskers are a cross through each point
                cost += 0.5 * sum(extent.y0 < m[1] < extent.y1 or extent.x0 < m[0] < extent.x1
                                  for m in marks if m is not mark)
                cost += 1.0 * (extent.y0 < mark[1] < extent.y1 or extent.x0 < mark[0] < extent.x1)
                if best is None or cost < best[0]:
                    best = (cost, extent, (distance * dx, distance * dy), where, distance)
        _, extent, offset, where, distance = best
        taken.append(extent)
        arrow = dict(arrowstyle="-", color=colour, lw=0.5, shrinkA=0, shrinkB=3)
        axes.annotate(text, (x, y), offset, textcoords="offset points", fontsize=fontsize,
                      color=colour, zorder=5, arrowprops=arrow if distance > 12 else None, **where)


def overlap(a, b):
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1


def spread(values, gap):
    """Moves sorted-by-value positions apart until neighbours are `gap` from each other; keeps
    the order and the middle of each group."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    groups = []  # [sum of wishes for the first, members]
    for i in order:
        groups.append([values[i], [i]])
        while len(groups) > 1:
            start = groups[-1][0] / len(groups[-1][1])
            before = groups[-2]
            end = before[0] / len(before[1]) + gap * len(before[1])
            if start >= end:
                break
            last = groups.pop()
            before[0] += last[0] - gap * len(before[1]) * len(last[1])
            before[1] += last[1]
    result = [0.0] * len(values)
    for total, members in groups:
        for k, i in enumerate(members):
            result[i] = total / len(members) + gap * k
    return result


# ------------------------------------------------------------------------------ the program

def save(figure, path):
    """Writes the picture whole, or not at all."""
    kind = os.path.splitext(path)[1][1:].lower()
    if kind not in FORMATS:
        raise PlotError("%s: the name of a picture ends in .png, .pdf or .svg" % path)
    write_whole(path, lambda stream: figure.savefig(stream, format=kind, metadata=METADATA[kind]))


def use_style():
    """Ours alone: a matplotlibrc of the user would change the picture."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(STYLE)


def new_figure(width, height):
    figure = Figure(figsize=(width, height), constrained_layout=True)
    FigureCanvasAgg(figure)  # which knows how wide a text is
    return figure


def render(draw, documents, options):
    use_style()
    try:
        return draw(documents, options)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise PlotError("%s: not laid out as version %d is (%s: %s); try: glubench validate %s"
                        % (documents[0].path, SCHEMA_VERSION, type(error).__name__, error,
                           documents[0].path)) from error


def parser_of(description, many=False):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("files", metavar="FILE.json", nargs="+" if many else 1,
                        help="results of glubench")
    parser.add_argument("-o", "--output", metavar="OUT", required=True,
                        help="picture to write; its name ends in .png, .pdf or .svg")
    return parser


def main(draw, parser):
    options = parser.parse_args()
    try:
        documents = [Document(path) for path in options.files]
        save(render(draw, documents, options), options.output)
    except PlotError as error:
        print("%s: %s" % (parser.prog, error), file=sys.stderr)
        return 2
    return 0
