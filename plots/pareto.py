#!/usr/bin/env python3
"""Held-out log-perplexity against tokens per second, and which variants lie on the front."""

import sys

from matplotlib.ticker import FuncFormatter

import common


def speeds_of_samples(document, which):
    return {row["variant"]: (row["tokens_per_s"], row["tokens_per_s_ci95"])
            for row in document.throughput(which)}


def speeds_of_runs(document):
    """Without throughput samples: the mean of the training runs themselves."""
    by_variant = {}
    for run in document.runs():
        if run["train_tokens_per_s"] is not None:
            by_variant.setdefault(run["variant"], []).append([run["train_tokens_per_s"]])
    result = {}
    for name, rows in by_variant.items():
        mean, half = common.mean_band(rows)
        result[name] = (mean[0], [mean[0] - half[0], mean[0] + half[0]] if half is not None
                        else None)
    return result


def front(points):
    """Names that no other point beats in one and equals or beats in the other, fastest last."""
    return sorted((name for name, (speed, nats) in points.items()
                   if not any(s >= speed and q <= nats and (s, q) != (speed, nats)
                              for s, q in points.values())),
                  key=lambda name: points[name][0])


def draw_front(axes, points, names):
    """The stairs that part what is reached from what is not."""
    x = [points[name][0] for name in names]
    y = [points[name][1] for name in names]
    low, high = axes.get_xlim()[0], axes.get_ylim()[1]
    axes.step([low] + x + [x[-1]], [y[0]] + y + [high], where="pre", color="0.55", linewidth=0.9,
              linestyle=":", zorder=1, label="front of the means")


def draw(documents, options):
    document = documents[0]
    which = options.which
    speeds = speeds_of_samples(document, which)
    from_samples = bool(speeds)
    if not speeds and which == "train":
        speeds = speeds_of_runs(document)
    quality = {row["variant"]: (row["mean_nats"], row["ci95_nats"])
               for row in document.tables["table1"] if row["mean_nats"] is not None}
    names = document.names(set(speeds) & set(quality))
    if not names:
        raise document.lacks("variant with both a log-perplexity and a %s throughput" % which)
    points = {name: (speeds[name][0], quality[name][0]) for name in names}
    best = front(points)

    styles = common.styles(document)
    figure = common.new_figure(6.2, 4.6)
    axes = figure.subplots()
    for name in names:
        x, y = points[name]
        axes.errorbar(x, y, xerr=common.whiskers([x], [speeds[name][1]]),
                      yerr=common.whiskers([y], [quality[name][1]]),
                      elinewidth=0.8, ecolor=styles[name]["colour"], alpha=0.45, fmt="none")
        axes.plot(x, y, **{**common.point_style(styles[name]), "markersize": 7, "zorder": 3})
        if name in best:
            axes.plot(x, y, "o", markersize=13, markerfacecolor="none", zorder=2,
                      markeredgecolor=common.INK, markeredgewidth=0.9)
    axes.margins(0.1)
    axes.set_xlim(axes.get_xlim())
    axes.set_ylim(axes.get_ylim())
    draw_front(axes, points, best)
    axes.xaxis.set_major_formatter(FuncFormatter(common.short_number))
    axes.set_xlabel("%s throughput / tokens per second   (right: faster)"
                    % {"train": "training", "forward": "forward"}[which])
    axes.set_ylabel("held-out log-perplexity / nats   (down: better)")
    axes.set_title("Quality against speed; the front is ringed: %s"
                   % ", ".join(document.label(name) for name in best))
    intervals = any(quality[name][1] for name in names)
    common.caption(
        figure, document,
        "Quality: %s%s. Speed: %s. Filled: gated; open: ungated." % (
            common.describe_seeds(document.runs()),
            ", 95 % t interval" if intervals else ", no interval",
            "median and its 95 % interval" if from_samples
            else "mean of the training runs"),
        "The front is that of the means: neighbours whose intervals overlap may change places.",
        common.describe_missing(document), common.describe_warnings(document), speed=True)
    common.place_labels(axes, [(*points[name], document.label(name), styles[name]["colour"])
                               for name in names])
    return figure


def options_of(parser):
    parser.add_argument("--pass", dest="which", choices=("train", "forward"), default="train",
                        help="whose throughput (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(common.main(draw, options_of(common.parser_of(__doc__))))
