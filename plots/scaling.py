#!/usr/bin/env python3
"""Throughput as threads, model, length or batch grow; from bench --scaling or from several files."""

import math
import sys

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

import common

# What may vary: the name, the label of the axis, and where a row has it.
AXES = {
    "threads": ("threads", lambda row, model, training: row["threads"]),
    "d_model": ("d_model", lambda row, model, training: row.get("d_model", model["d_model"])),
    "d_ff": ("d_ff of the ungated variants",
             lambda row, model, training: row.get("d_ff", model["d_ff"])),
    "batch": ("batch / examples", lambda row, model, training: row["batch"]),
    "input_length": ("input length / tokens",
                     lambda row, model, training: row.get("input_length",
                                                          training["input_length"])),
}

PASSES = {"train": "training", "forward": "forward", "ffn_train": "feed-forward layer training",
          "ffn_forward": "feed-forward layer forward", "decode": "decoding",
          "decode_anew": "decoding anew"}


def swept_row(row):
    """A row of bench --scaling with the keys of a throughput row."""
    ci = row.get("median_s_ci95")
    tokens = row["tokens_per_step"]
    return dict(row, tokens_per_s_ci95=[tokens / ci[1], tokens / ci[0]]
                if ci and ci[0] > 0 else None)


def keyed_rows(documents, which):
    """(axis values, row) of every row of tables.throughput; a later file's row replaces an equal
    one."""
    rows = {}
    for document in documents:
        model, training = document.config["model"], document.config["training"]
        for row in document.throughput(which):
            key = {axis: get(row, model, training) for axis, (_, get) in AXES.items()}
            rows[(tuple(key.items()), row["precision"], row["variant"])] = (key, row)
    return list(rows.values())


def swept_rows(documents, which, axis):
    """The same of bench --scaling, of the points on one axis."""
    return [({axis: row["value"]}, swept_row(row))
            for document in documents for row in document.data.get("scaling") or []
            if which == "train" and row["axis"] == axis and row["tokens_per_s"] is not None]


def collect(documents, which, wanted):
    """The axis and its rows: those of bench --scaling, or else of files that differ."""
    found = keyed_rows(documents, which)
    for axis in [wanted] if wanted else AXES:
        for rows in (swept_rows(documents, which, axis), found):
            if len({key[axis] for key, _ in rows}) > 1:
                return axis, rows
    raise documents[0].lacks("second value of %s in pass %s; measure it by glubench bench"
                             " --scaling, or give several files"
                             % (wanted or ", ".join(AXES), which))


def series(rows, axis, documents):
    """Variant -> rows in the order of the axis; refuses two rows for one place."""
    result = {}
    for key, row in rows:
        points = result.setdefault(row["variant"], {})
        if key[axis] in points:
            raise common.PlotError(
                "%s: %s has two rows with %s %s: they differ in more than that; choose another"
                " --against, or fewer files"
                % (documents[0].path, row["variant"], axis, key[axis]))
        points[key[axis]] = row
    return {name: sorted(points.items()) for name, points in result.items()}


def relative_half_width(row):
    """Half the interval of the speed, as a part of it in logarithms."""
    ci = row["tokens_per_s_ci95"]
    return math.log(ci[1] / ci[0]) / 2 if ci and ci[0] > 0 else None


def efficiency(points):
    """Speed over what as many times the threads of the first point would give, with intervals:
    the two widths, in logarithms, added in squares."""
    threads0, first = points[0]
    values, intervals = [], []
    for threads, row in points:
        value = row["tokens_per_s"] * threads0 / (first["tokens_per_s"] * threads)
        widths = [relative_half_width(row), relative_half_width(first)]
        width = None if None in widths or row is first else math.hypot(*widths)
        values.append(value)
        intervals.append([value / math.exp(width), value * math.exp(width)] if width else None)
    return values, intervals


def peak_share(points):
    values = [row.get("fraction_of_gemm_peak") for _, row in points]
    intervals = [[value * ci / row["tokens_per_s"] for ci in row["tokens_per_s_ci95"]]
                 if value is not None and row["tokens_per_s_ci95"] else None
                 for value, (_, row) in zip(values, points)]
    return [math.nan if value is None else value for value in values], intervals


def draw_line(axes, x, values, intervals, style, label, shift):
    axes.errorbar(np.array(x) * shift, values, yerr=common.whiskers(values, intervals),
                  capsize=1.8, elinewidth=0.8, label=label, **common.line_style(style))


def draw(documents, options):
    which = options.which
    axis, rows = collect(documents, which, options.against)
    lines = series(rows, axis, documents)
    styles, labels = {}, {}
    for document in documents:
        styles.update(common.styles(document))
        labels.update((name, document.label(name)) for name in document.variants)
    second = efficiency if axis == "threads" else peak_share

    figure = common.new_figure(8.0, 3.8)
    left, right = figure.subplots(1, 2)
    places = sorted({x for points in lines.values() for x, _ in points})
    # Points of several variants at one place stand a little beside each other.
    spacing = 1.0 + 0.16 * math.log(places[-1] / places[0]) / len(places) / len(lines)
    for i, (name, points) in enumerate(lines.items()):
        shift = spacing ** (i - (len(lines) - 1) / 2)
        x = [place for place, _ in points]
        speeds = [row["tokens_per_s"] for _, row in points]
        draw_line(left, x, speeds, [row["tokens_per_s_ci95"] for _, row in points], styles[name],
                  labels[name], shift)
        draw_line(right, x, *second(points), styles[name], None, shift)
    if axis == "threads":
        first = [points[0][1]["tokens_per_s"] / points[0][0] for points in lines.values()]
        left.plot(places, np.array(places) * np.median(first), ":", color=common.FAINT,
                  linewidth=1.0, zorder=1, label="linear")
        right.axhline(1.0, linestyle=":", color=common.FAINT, linewidth=1.0, zorder=1)
    for one in (left, right):
        one.set_xscale("log", base=2)
        one.xaxis.set_major_locator(FixedLocator(places))
        one.xaxis.set_minor_locator(NullLocator())
        one.xaxis.set_major_formatter(FuncFormatter(common.short_number))
        one.set_xlabel(AXES[axis][0])
    left.set_yscale("log")
    left.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    left.yaxis.set_major_formatter(FuncFormatter(common.short_number))
    left.yaxis.set_minor_formatter(NullFormatter())
    left.set_ylabel("%s throughput / tokens per second" % PASSES[which])
    left.set_title("Throughput")
    right.set_ylim(bottom=0)
    if axis == "threads":
        right.set_ylim(top=max(1.08, right.get_ylim()[1]))
    right.yaxis.set_major_formatter(FuncFormatter(lambda v, _: "%.0f %%" % (100 * v)))
    right.set_ylabel("parallel efficiency" if axis == "threads" else "share of gemm_peak")
    right.set_title("Efficiency: speed over linear from %s" % common.count(places[0], "thread")
                    if axis == "threads" else "Share of the peak of oneDNN's matrix products")
    handles, names = left.get_legend_handles_labels()
    right.legend(handles, names, loc="center left", bbox_to_anchor=(1.02, 0.5), handlelength=3.2)
    samples = {len(row["samples_s"]) for _, row in rows}
    common.caption(
        figure, documents[0],
        "Points: median of %s samples, moved aside where they would hide each other; whiskers:"
        " 95 %% intervals, none where the samples are too few. Solid, filled: gated;"
        " dashed, open: ungated." % (
            "%d" % min(samples) if len(samples) == 1
            else "%d to %d" % (min(samples), max(samples))),
        "From %s." % ", ".join(document.name for document in documents)
        if len(documents) > 1 else None,
        common.describe_warnings(*documents), speed=True, varying=axis)
    return figure


def options_of(parser):
    parser.add_argument("--against", choices=list(AXES),
                        help="the horizontal axis (default: the first of these that varies)")
    parser.add_argument("--pass", dest="which", default="train",
                        choices=list(PASSES),
                        help="whose throughput (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(common.main(draw, options_of(common.parser_of(__doc__, many=True))))
