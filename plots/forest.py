#!/usr/bin/env python3
"""Differences to the baseline with 95 % intervals, and the paper's beside them."""

import math
import sys

import common

PAPER_SEEDS = 4  # runs per variant behind the paper's standard deviations
LEGEND = ("this run", "paper, 65,536 steps", "paper, 524,288 steps (one run)")
OFFSET = 0.17    # ours above the middle of a row, the paper's below


def paper_delta(row, base):
    """The paper's difference at 65,536 steps and half its interval: Welch's, from the printed
    standard deviations, unpaired because single runs were not printed."""
    mean, base_mean = row["paper_65536_nats"], base["paper_65536_nats"]
    if mean is None or base_mean is None:
        return None, None
    a, b = row["paper_65536_stddev_nats"], base["paper_65536_stddev_nats"]
    if a is None or b is None or a + b == 0.0:
        return mean - base_mean, None
    a, b = a * a / PAPER_SEEDS, b * b / PAPER_SEEDS
    df = (a + b) ** 2 * (PAPER_SEEDS - 1) / (a * a + b * b)
    return mean - base_mean, common.t_quantile(df) * math.sqrt(a + b)


def verdict(row):
    if row.get("e") is not None:
        return "e-value %.3g" % row["e"]
    p = row["p"]
    if p is None:
        return "no test"
    return "%s%s" % (common.p_text(p), ", n.s." if p >= 0.05 else "")


def number(delta, interval):
    if delta is None:
        return "\u2013"
    if not interval:
        return "%s [no interval]" % common.signed(delta)
    return "%s [%s, %s]" % tuple(common.signed(v) for v in (delta, *interval))


def collect(document):
    """Rows of the figure: label, style, n, ours (delta, interval, p), the paper's."""
    table = {row["variant"]: row for row in document.tables["table1"]}
    base = table.get(document.baseline)
    if not base:
        raise document.lacks("row of the baseline %s in tables.table1" % document.baseline)
    styles = common.styles(document)
    rows = []
    for name in document.names(table):
        row = table[name]
        if name == document.baseline:
            continue
        long_run = None
        if row["paper_524288_nats"] is not None and base["paper_524288_nats"] is not None:
            long_run = row["paper_524288_nats"] - base["paper_524288_nats"]
        rows.append({
            "label": document.label(name), "style": styles[name],
            "n": row.get("n_paired", row["n"]), "delta": row["delta_nats"],
            "interval": row["delta_ci95_nats"], "p": row["p_holm"], "e": None,
            "paper": paper_delta(row, base), "long": long_run,
        })
        if document.data["config"].get("until_decided"):
            rows[-1].update(interval=row["anytime_ci95_nats"], e=row["e_value"])
    if all(row["delta"] is None for row in rows):
        raise document.lacks("difference to %s: it needs runs of both at the same seed that ended"
                             " well" % document.baseline)
    return rows


def contrast(document):
    """The gated variants against the ungated ones, as a row like the others."""
    agreement = document.data["agreement"]
    if agreement["gated_minus_ungated_nats"] is None:
        return None
    looked = document.data["config"].get("until_decided")
    return {
        "label": "gated \u2212 ungated", "style": None, "n": agreement.get("n", 0),
        "delta": agreement["gated_minus_ungated_nats"],
        "interval": agreement["gated_minus_ungated_%sci95" % ("anytime_" if looked else "")],
        "p": agreement["p_gated"], "e": agreement["gated_e_value"] if looked else None,
        "paper": (agreement.get("paper_gated_minus_ungated_nats"), None), "long": None,
    }


def draw_row(axes, y, row, first):
    """One variant; the first row's marks carry the names in the legend."""
    def name(text):
        return text if first else None

    if row["delta"] is not None:
        style = (common.point_style(row["style"]) if row["style"]
                 else {"color": common.INK, "marker": "d", "linestyle": "none"})
        error = common.whiskers([row["delta"]], [row["interval"]]) if row["interval"] else None
        axes.errorbar(row["delta"], y - OFFSET, xerr=error, capsize=2.5, elinewidth=1.4, zorder=3,
                      **{**style, "markersize": 6})
    delta, half = row["paper"]
    if delta is not None:
        axes.errorbar(delta, y + OFFSET, xerr=half, fmt="|", color=common.FAINT, markersize=8,
                      markeredgewidth=1.6, elinewidth=0.8, zorder=2,
                      label=name(LEGEND[1]))
    if row["long"] is not None:
        axes.plot(row["long"], y + OFFSET, "x", color=common.FAINT, markersize=4.5, zorder=2,
                  label=name(LEGEND[2]))


def draw(documents, options):
    document = documents[0]
    rows = collect(document)
    last = contrast(document)
    places = list(range(len(rows)))
    if last:
        places.append(len(rows) + 0.35)
        rows.append(last)
    figure = common.new_figure(7.6, 1.35 + 0.36 * len(rows))
    axes = figure.subplots()
    named = next(i for i, row in enumerate(rows) if row["paper"][0] is not None
                 or i == len(rows) - 1)
    for i, (y, row) in enumerate(zip(places, rows)):
        draw_row(axes, y, row, i == named)
    axes.axvline(0.0, color=common.INK, linewidth=0.8, zorder=1)
    if last:
        axes.axhline(places[-1] - 0.68, color="0.7", linewidth=0.7)
    axes.set_ylim(places[-1] + 0.55, -0.55)
    axes.set_yticks(places)
    axes.set_yticklabels([row["label"] for row in rows])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.06)
    axes.set_xlabel("difference to %s in held-out log-perplexity / nats   (left: better)"
                    % document.label(document.baseline))
    for y, row in zip(places, rows):
        axes.text(1.02, y - OFFSET, number(row["delta"], row["interval"]), va="center",
                  fontsize=7.5, transform=axes.get_yaxis_transform())
        axes.text(1.02, y + OFFSET + 0.05, verdict(row) + ", n = %d" % row["n"], va="center",
                  fontsize=6.5, color=common.FAINT, transform=axes.get_yaxis_transform())
    paper = any(row["paper"][0] is not None for row in rows)
    axes.plot([], [], "o", color=common.INK, label="this run")
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: LEGEND.index(labels[i]))
    axes.legend([handles[i] for i in order], [labels[i] for i in order], ncol=len(order),
                loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2, borderpad=0.0,
                handletextpad=0.4, columnspacing=1.6)
    intervals = any(row["interval"] for row in rows)
    common.caption(
        figure, document,
        "%s, paired. %s Filled: gated; open: ungated." % (
            common.describe_seeds(document.runs()).capitalize(),
            "Seeds were added until it was decided; whiskers: 95 % intervals that hold at every look."
            if document.data["config"].get("until_decided") else
            "Whiskers: 95 %% t intervals; p after Holm over the contrasts%s; n.s.: not significant"
            " at 5 %%." % (" (the last row alone)" if last else "") if intervals
            else "One seed: no interval and no test."),
        "The paper's whiskers: Welch's interval from its printed standard deviations, %d runs a"
        " variant, unpaired; its model, corpus and steps are its own." % PAPER_SEEDS
        if paper else None,
        common.describe_missing(document))
    return figure


if __name__ == "__main__":
    sys.exit(common.main(draw, common.parser_of(__doc__)))
