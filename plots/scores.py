#!/usr/bin/env python3
"""Scores of tasks: differences to the baseline with 95 % intervals, and the paper's beside them."""

import math
import sys

import common

TABLES = ("glue", "superglue", "squad", "translation", "other")
ACROSS = 4       # panels in a row
OFFSET = 0.16    # ours above the middle of a row, the paper's below
# Translations have many forms of one score.
TRANSLATION = ("bleu_13a", "chrf2", "target_nats")


def is_loss(row):
    return not row["higher_is_better"]


def panels(document, table, losses):
    """[(task, metric)] in the order of the file, of those that were measured."""
    rows = [row for row in document.tables.get("scores") or []
            if (row["table"] or "other") == table and row["n"] > 0]
    if table == "translation":
        rows = [row for row in rows if row["metric"] in TRANSLATION]
    else:
        rows = [row for row in rows
                if is_loss(row) == losses and (not losses or row["metric"] == "label_nats")]
    found = {}
    for row in rows:
        if row["variant"] in document.variants:
            found.setdefault((row["task"], row["metric"]), {})[row["variant"]] = row
    found = {key: of for key, of in found.items()
             if any(row["delta"] is not None for row in of.values())}
    if not found:
        raise document.lacks("%s of %s with differences to %s" % (
            "losses" if losses else "scores", table, document.baseline))
    return found


def title(task, metric, of):
    row = next(iter(of.values()))
    words = metric.replace("_", " ")
    return "%s %s%s%s" % ("" if metric.startswith("average") else task, words,
                          "" if row["complete"] else "*",
                          "" if row["ranked"] else ", no signal")


def draw_panel(axes, document, names, of, looked):
    """The variants of one score; is the paper's there?"""
    styles = common.styles(document)
    paper = False
    for y, name in enumerate(names):
        row = of.get(name)
        if not row:
            continue
        interval = row["anytime_ci95" if looked else "delta_ci95"]
        if row["delta"] is not None:
            style = common.point_style(styles[name])
            if not row["ranked"]:
                style.update(color=common.FAINT, markeredgecolor=common.FAINT)
                if styles[name]["gated"]:
                    style.update(markerfacecolor=common.FAINT)
            error = common.whiskers([row["delta"]], [interval]) if interval else None
            axes.errorbar(row["delta"], y - OFFSET, xerr=error, capsize=2.0, elinewidth=1.2,
                          zorder=3, **style)
        if row["paper_delta"] is not None and row["complete"]:
            axes.plot(row["paper_delta"], y + OFFSET, "|", color=common.FAINT, markersize=7,
                      markeredgewidth=1.5, zorder=2)
            paper = True
    axes.axvline(0.0, color=common.INK, linewidth=0.8, zorder=1)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)))
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=7)
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.08)
    return paper


def draw(documents, options):
    document = documents[0]
    found = panels(document, options.table, options.losses)
    names = [name for name in document.names({name for of in found.values() for name in of})
             if name != document.baseline]
    looked = bool(document.config.get("until_decided"))
    across = min(ACROSS, len(found))
    down = math.ceil(len(found) / across)
    figure = common.new_figure(7.6, 1.0 + down * (0.75 + 0.19 * len(names)))
    grid = figure.subplots(down, across, squeeze=False, sharey=True)
    paper = False
    for axes, ((task, metric), of) in zip(grid.flat, found.items()):
        paper |= draw_panel(axes, document, names, of, looked)
        axes.set_title(title(task, metric, of), fontsize=8)
        axes.set_xlabel("nats (left: better)" if is_loss(next(iter(of.values())))
                        else "points (right: better)", fontsize=7)
    for axes in grid.flat[len(found):]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_yticklabels([document.label(name) for name in names])
    seeds = max(row["n_paired"] for of in found.values() for row in of.values())
    subset = any(not row["complete"] for of in found.values() for row in of.values())
    common.caption(
        figure, document,
        "Differences to %s of the best checkpoint, paired by seed, n = %d. Filled: gated; open:"
        " ungated." % (document.label(document.baseline), seeds),
        "Whiskers: 95 %% intervals%s." % (" that hold at every look" if looked else
                                          ", Student's t, each by itself") if seeds > 1
        else "One seed: no interval and no test.",
        "Bars: the paper's differences, of its own model and its single runs." if paper else None,
        "* a subset of the data, beside which the paper's are not drawn." if subset else None,
        common.describe_missing(document))
    return figure


def parse():
    parser = common.parser_of(__doc__)
    parser.add_argument("--table", choices=TABLES, default="glue",
                        help="which tasks (default: %(default)s)")
    parser.add_argument("--losses", action="store_true",
                        help="nats of the right class, the finer measure, in place of scores")
    return parser


if __name__ == "__main__":
    sys.exit(common.main(draw, parse()))
