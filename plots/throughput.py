#!/usr/bin/env python3
"""Tokens per second of every variant with intervals, and the share of the machine's peak."""

import sys

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

import common

PASSES = {
    "train": "Training step",
    "forward": "Forward pass",
    "ffn_train": "Feed-forward layer, forward and backward",
    "ffn_forward": "Feed-forward layer, forward",
    "decode": "Greedy decoding",
    "decode_anew": "Greedy decoding, the whole decoder anew for every token",
}


def rows_of(document, which):
    """Variant -> row; of several thread counts or batches, those of the configuration or else
    the last."""
    rows = {}
    for row in document.throughput(which):
        old = rows.get(row["variant"])
        if old is None or old["threads"] != document.config["threads"]:
            rows[row["variant"]] = row
    return rows


def share(row):
    fraction = row["fraction_of_gemm_peak"]
    return "\u2013" if fraction is None else "%.0f %%" % (100 * fraction)


def ratio(row, baseline):
    if row["variant"] == baseline:
        return "baseline"
    if row["relative_to_baseline"] is None:
        return "\u2013"
    text = "\u00d7 %.3f" % row["relative_to_baseline"]
    ci = row["relative_ci95"]
    return text + (" [%.3f, %.3f]" % tuple(ci) if ci else " [no interval]")


def draw_panel(axes, document, names, rows, styles, which):
    columns = axes.get_yaxis_transform()
    for y, name in enumerate(names):
        row = rows.get(name)
        if row is None:
            axes.text(0.01, y, "not measured", va="center", fontsize=7, color=common.FAINT,
                      transform=columns)
            continue
        style, value = styles[name], row["tokens_per_s"]
        gated = style["gated"]
        axes.barh(y, value, height=0.66, color=style["colour"] if gated else "white",
                  edgecolor=style["colour"], linewidth=1.0, alpha=0.85,
                  hatch=None if gated else "////")
        if row["tokens_per_s_ci95"]:
            axes.errorbar(value, y, xerr=common.whiskers([value], [row["tokens_per_s_ci95"]]),
                          fmt="none", ecolor=common.INK, elinewidth=1.0, capsize=2.5)
        axes.text(1.035, y, share(row), va="center", ha="left", fontsize=7.5, transform=columns)
        axes.text(1.14, y, ratio(row, document.baseline), va="center", ha="left", fontsize=7.5,
                  transform=columns)
    one = next(iter(rows.values()))
    peak = one["gemm_peak_gflop_per_s"]
    base = document.label(document.baseline)
    axes.text(1.035, -0.75, "peak", fontsize=7, color=common.FAINT, transform=columns)
    axes.text(1.14, -0.75, "speed over %s's" % base, fontsize=7, color=common.FAINT,
              transform=columns)
    axes.set_title("%s: %s, batch %d, %s%s" % (
        PASSES[which], one["precision"], one["batch"], common.count(one["threads"], "thread"),
        ", gemm_peak %.0f GFLOP/s" % peak if peak else ""), pad=8)
    axes.set_yticks(range(len(names)))
    axes.set_yticklabels([document.label(name) for name in names])
    axes.set_ylim(len(names) - 0.45, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(common.short_number))
    axes.set_xlabel("tokens per second")


def draw(documents, options):
    document = documents[0]
    panels = {which: rows_of(document, which) for which in PASSES}
    panels = {which: rows for which, rows in panels.items() if rows}
    if not panels:
        raise document.lacks("throughput: run glubench bench, or run with --samples above 0")
    names = document.names({name for rows in panels.values() for name in rows})
    styles = common.styles(document)
    figure = common.new_figure(7.0, 0.75 + len(panels) * (0.95 + 0.24 * len(names)))
    for axes, (which, rows) in zip(np.atleast_1d(figure.subplots(len(panels), 1)),
                                   panels.items()):
        draw_panel(axes, document, names, rows, styles, which)
    samples = [len(row["samples_s"]) for rows in panels.values() for row in rows.values()]
    low, high = min(samples), max(samples)
    common.caption(
        figure, document,
        "Bars: median of %s samples a variant, taken in turn; whiskers: 95 %% intervals of the"
        " median. Solid: gated; hatched: ungated." % (
            low if low == high else "%d to %d" % (low, high)),
        "peak: share of gemm_peak, the best of oneDNN's own matrix products measured in the same"
        " run; FLOPs are those of the model's matrix products only.",
        common.describe_warnings(document), speed=True)
    return figure


if __name__ == "__main__":
    sys.exit(common.main(draw, common.parser_of(__doc__)))
