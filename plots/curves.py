#!/usr/bin/env python3
"""Held-out log-perplexity as training goes on, and its difference to the baseline."""

import sys

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

import common

AXES = {
    "steps": "training steps",
    "tokens": "training tokens (input and target)",
    "flops": "training FLOPs (matrix products)",
    "seconds": "training time / s (evaluation not counted)",
}
SKIPPED = 0.15  # share of a run, at its start, that the differences leave out
GRID = 60  # points where curves against seconds, which have steps at other times, are compared


def curve_of(document, run, against):
    """x and nats of a run's evaluations."""
    points = [p for p in run["curve"] if p["heldout_log_perplexity_nats"] is not None
              and (against != "seconds" or p["train_s"] is not None)]
    steps = np.array([p["step"] for p in points], dtype=float)
    nats = np.array([p["heldout_log_perplexity_nats"] for p in points], dtype=float)
    if against == "tokens":
        steps *= run["tokens_seen"] / run["steps"] if run["steps"] else 0.0
    elif against == "flops":
        steps *= document.variants[run["variant"]]["train_flops_per_step"]
    elif against == "seconds":
        steps = np.array([p["train_s"] for p in points], dtype=float)
    return steps, nats


def collect(document, against):
    """Variant -> seed -> curve, of the runs that have one."""
    curves = {}
    for run in document.runs():
        x, nats = curve_of(document, run, against)
        if len(x) > 1:
            curves.setdefault(run["variant"], {})[run["seed"]] = (x, nats)
    if not curves:
        raise document.lacks("run that ended well and has a curve of two points or more")
    return {name: curves[name] for name in document.names(curves)}


def common_grid(curves, against):
    """Where the curves of some runs can be compared: their own points when these are the same."""
    first = curves[0][0]
    if against != "seconds" and all(len(x) == len(first) and np.allclose(x, first)
                                    for x, _ in curves):
        return first
    low = max(x[0] for x, _ in curves)
    high = min(x[-1] for x, _ in curves)
    return np.linspace(low, max(high, low), GRID)


def on_grid(curves, against):
    grid = common_grid(curves, against)
    return grid, [np.interp(grid, x, nats) for x, nats in curves]


def marker_places(count):
    """At most about 10 markers a line."""
    return {"markevery": max(1, -(-count // 10)), "markersize": 3.8}


def draw_lines(axes, rows, style, label):
    """One variant: a line and, with more than one seed, its band; returns both."""
    grid, nats = rows
    mean, half = common.mean_band(nats)
    axes.plot(grid, mean, label=label, **{**common.line_style(style),
                                          **marker_places(len(grid))})
    if half is not None:
        axes.fill_between(grid, mean - half, mean + half, color=style["colour"], alpha=0.13,
                          linewidth=0)
    return mean, half


def differences(curves, baseline, against):
    """Rows of variant minus baseline at the seeds that both have."""
    rows, grids = [], []
    pairs = [(curves[seed], baseline[seed]) for seed in sorted(set(curves) & set(baseline))]
    if not pairs:
        return None
    grid = common_grid([curve for pair in pairs for curve in pair], against)
    for (x, nats), (base_x, base_nats) in pairs:
        rows.append(np.interp(grid, x, nats) - np.interp(grid, base_x, base_nats))
    return grid, rows


def tail(grid):
    """The part of a run whose differences are worth a scale."""
    return grid >= grid[0] + SKIPPED * (grid[-1] - grid[0])


def draw_level(axes, document, curves, styles, against):
    lows, tops = [], []
    for name, by_seed in curves.items():
        grid, nats = on_grid(list(by_seed.values()), against)
        mean, half = draw_lines(axes, (grid, nats), styles[name], document.label(name))
        lows.append(mean.min() - (half[mean.argmin()] if half is not None else 0.0))
        tops.append(np.interp(grid[0] + 0.1 * (grid[-1] - grid[0]), grid, mean))
    # The fall from the untrained model would flatten all the rest.
    low, high = min(lows), max(tops)
    margin = 0.06 * (high - low) or 0.1
    axes.set_ylim(low - margin, high + margin)
    axes.set_ylabel("held-out log-perplexity / nats")


def draw_difference(axes, document, curves, styles, against):
    ends, limits = [], []
    baseline = curves[document.baseline]
    for name, by_seed in curves.items():
        rows = differences(by_seed, baseline, against) if name != document.baseline else None
        if rows is None:
            continue
        grid, deltas = rows
        shown = tail(grid)
        mean, half = draw_lines(axes, (grid[shown], [row[shown] for row in deltas]), styles[name],
                                None)
        # Bands are widest early on, where they matter least: all means and the last bands fit.
        reach = half[-1] if half is not None else 0.0
        limits += [mean.min(), mean.max(), mean[-1] - reach, mean[-1] + reach]
        ends.append((name, grid[-1], mean[-1]))
    low, high = min(limits + [0.0]), max(limits + [0.0])
    margin = 0.08 * (high - low) or 0.01
    axes.set_ylim(low - margin, high + margin)
    axes.axhline(0.0, color=common.INK, linewidth=0.8)
    axes.set_ylabel("difference to %s / nats" % document.label(document.baseline))
    label_ends(axes, document, styles, ends + [(document.baseline, ends[0][1], 0.0)])


def label_ends(axes, document, styles, ends):
    """Names right of the last points, moved apart where lines end together."""
    low, high = axes.get_ylim()
    height_points = axes.figure.get_figheight() * 72 * 0.72
    places = common.spread([y for _, _, y in ends], 10.5 * (high - low) / height_points)
    for (name, x, y), place in zip(ends, places):
        axes.annotate(document.label(name), (x, y), (1.03, place),
                      textcoords=axes.get_yaxis_transform(), va="center", fontsize=8,
                      color=styles[name]["colour"], annotation_clip=False,
                      arrowprops=dict(arrowstyle="-", color="0.6", lw=0.5, shrinkA=1, shrinkB=3,
                                        relpos=(0.0, 0.5)))


def draw(documents, options):
    document = documents[0]
    against = options.against
    curves = collect(document, against)
    styles = common.styles(document)
    others = [name for name in curves if name != document.baseline
              and document.baseline in curves
              and set(curves[name]) & set(curves[document.baseline])]
    many = any(len(by_seed) > 1 for by_seed in curves.values())
    panels = 2 if others else 1
    figure = common.new_figure(3.9 * panels + 0.5, 3.9)
    axes = np.atleast_1d(figure.subplots(1, panels, sharex=True))
    draw_level(axes[0], document, curves, styles, against)
    if others:
        draw_difference(axes[1], document, curves, styles, against)
    for one in axes:
        one.set_xlabel(AXES[against])
        one.xaxis.set_major_formatter(FuncFormatter(common.short_number))
        one.xaxis.set_major_locator(MaxNLocator(5))
        one.set_xlim(0, 1.03 * max(x[-1] for c in curves.values() for x, _ in c.values()))
    axes[0].legend(ncol=2, loc="upper right", handlelength=3.2)
    axes[0].set_title("Held-out log-perplexity%s" % (", mean over seeds" if many else ""))
    if others:
        axes[1].set_title("Difference to %s at the same %s, paired by seed" % (
            document.label(document.baseline),
            {"flops": "FLOPs", "seconds": "time", "tokens": "tokens"}.get(against, "step")))
    runs = [run for run in document.runs() if run["seed"] in curves.get(run["variant"], {})]
    common.caption(
        figure, document,
        "%s. %s Solid, filled: gated; dashed, open: ungated." % (
            common.describe_seeds(runs).capitalize(),
            "Bands: 95 % t intervals over seeds, whose number was chosen by looking: no test of"
            " anything." if many and documents[0].data["config"].get("until_decided") else
            "Bands: 95 % t intervals over seeds." if many
            else "One seed: no band, no interval."),
        "Right: without the first %g %% of the run." % (100 * SKIPPED) if others else None,
        common.describe_missing(document),
        common.describe_warnings(document) if against == "seconds" else None)
    return figure


def options_of(parser):
    parser.add_argument("--against", choices=list(AXES), default="steps",
                        help="the horizontal axis (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(common.main(draw, options_of(common.parser_of(__doc__))))
