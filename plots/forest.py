#!/usr/bin/env python3
"""Differences to the baseline with 95 % intervals, and those that papers published beside them."""

import difflib
import math
import os
import sys

import common

PUBLISHED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "results", "published")
PAPER = "shazeer2020"  # that the variants are of: it is there when nobody asks for another
OURS = "this run"
# Of each paper its own, so that a print without colours tells them apart, and no variant's.
MARKERS = ("|", "1", "2", "3", "4", "+", "x")
COLOURS = (common.FAINT, "#8C510A", "#7B3294", "#5A7D00", "#01665E", "#B2182B")
OFFSET = 0.17    # ours above the middle of a row, what is published below


class Paper:
    """The differences to a baseline that a file of results/published gives, in nats."""

    def __init__(self, key, baseline):
        self.path = os.path.join(PUBLISHED, key + ".json")
        self.key = key
        data = common.read_json(self.path)
        self.label = key
        self.verified = data["verified"]
        metrics = data["metrics"]
        if not metrics or not metrics[0]["unit"].startswith("nats "):
            raise common.PlotError(
                "--beside: %s has %s: it cannot stand on an axis of nats" % (key, "figures in %s" % (
                    metrics[0]["unit"]) if metrics else "no figures"))
        if baseline not in metrics[0]["values"]:
            raise common.PlotError("--beside: %s has no %s to take differences to"
                                   % (key, baseline))
        self.baseline = baseline
        self.metric = metrics[0]
        self.later = next((m for m in metrics[1:] if m["unit"] == self.metric["unit"]
                           and (m["at_steps"] or 0) > (self.metric["at_steps"] or 0)), None)

    def name(self, metric):
        """As the legend has it."""
        steps = metric["at_steps"]
        words = [self.label]
        if steps:
            words.append("%s steps%s" % (common.thousands(steps), " (one run)"
                                         if metric["n"] == 1 and metric is self.later else ""))
        return ", ".join(words) + ("" if self.verified else " (not verified)")

    def delta(self, variant):
        """The difference and half its interval: Welch's, from the printed standard deviations,
        unpaired because single runs were not printed."""
        row, base = (self.metric["values"].get(name) for name in (variant, self.baseline))
        if not row:
            return None, None
        delta = row["value"] - base["value"]
        n, m = (float(v.get("n") or self.metric["n"] or 0) for v in (row, base))
        a, b = row.get("stddev"), base.get("stddev")
        if a is None or b is None or a + b == 0.0 or min(n, m) < 2:
            return delta, None
        a, b = a * a / n, b * b / m
        df = (a + b) ** 2 / (a * a / (n - 1) + b * b / (m - 1))
        return delta, common.t_quantile(df) * math.sqrt(a + b)

    def later_delta(self, variant):
        values = self.later["values"] if self.later else {}
        if variant not in values or self.baseline not in values:
            return None
        return values[variant]["value"] - values[self.baseline]["value"]

    def contrast(self, document):
        """Its gated variants against the ungated ones, of those that the file has too."""
        kinds = [[row["value"] for name, row in self.metric["values"].items()
                  if name in document.variants and document.variants[name]["gated"] is gated]
                 for gated in (True, False)]
        if not all(kinds):
            return None
        return sum(kinds[0]) / len(kinds[0]) - sum(kinds[1]) / len(kinds[1])


def known_papers():
    return sorted(name[:-5] for name in os.listdir(PUBLISHED) if name.endswith(".json"))


def papers_of(document, options):
    """Those that were asked for, each of which must fit; or the paper, and of those that the file
    names those that fit."""
    asked = getattr(options, "beside", None)
    if asked is None:
        papers = []
        for key in dict.fromkeys([PAPER, *document.config.get("beside", [])]):
            try:
                papers.append(Paper(key, document.baseline))
            except common.PlotError:
                pass
        return papers
    keys = list(dict.fromkeys(asked.split(",")))
    known = known_papers()
    for key in keys:
        if key not in known:
            near = ([name for name in known if len(key) > 3 and name.startswith(key)]
                    or difflib.get_close_matches(key, known, 1))
            raise common.PlotError("--beside: there is no paper '%s'%s; there is: %s" % (
                key, " (did you mean %s?)" % near[0] if near else "", ", ".join(known)))
    return [Paper(key, document.baseline) for key in keys]


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


def collect(document, papers):
    """Rows of the figure: label, style, n, ours (delta, interval, p), what papers have."""
    table = {row["variant"]: row for row in document.tables["table1"]}
    if document.baseline not in table:
        raise document.lacks("row of the baseline %s in tables.table1" % document.baseline)
    styles = common.styles(document)
    rows = []
    for name in document.names(table):
        row = table[name]
        if name == document.baseline:
            continue
        rows.append({
            "label": document.label(name), "style": styles[name],
            "n": row.get("n_paired", row["n"]), "delta": row["delta_nats"],
            "interval": row["delta_ci95_nats"], "p": row["p_holm"], "e": None,
            "papers": [(paper.delta(name), paper.later_delta(name)) for paper in papers],
        })
        if document.data["config"].get("until_decided"):
            rows[-1].update(interval=row["anytime_ci95_nats"], e=row["e_value"])
    if all(row["delta"] is None for row in rows):
        raise document.lacks("difference to %s: it needs runs of both at the same seed that ended"
                             " well" % document.baseline)
    return rows


def contrast(document, papers):
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
        "papers": [((paper.contrast(document), None), None) for paper in papers],
    }


def draw_row(axes, y, row):
    """One variant, and below it what the papers have, each a little lower than the one before."""
    if row["delta"] is not None:
        style = (common.point_style(row["style"]) if row["style"]
                 else {"color": common.INK, "marker": "d", "linestyle": "none"})
        error = common.whiskers([row["delta"]], [row["interval"]]) if row["interval"] else None
        axes.errorbar(row["delta"], y - OFFSET, xerr=error, capsize=2.5, elinewidth=1.4, zorder=3,
                      **{**style, "markersize": 6})
    lines = len(row["papers"])
    for i, ((delta, half), later) in enumerate(row["papers"]):
        place = y + OFFSET + (0.22 * i / (lines - 1) - 0.08 if lines > 1 else 0.0)
        if delta is not None:
            axes.errorbar(delta, place, xerr=half, elinewidth=0.8, zorder=2, **paper_style(i))
        if later is not None:
            axes.plot(later, place, zorder=2, **later_style(i))


def paper_style(i):
    return {"fmt": MARKERS[i % len(MARKERS)], "color": COLOURS[i % len(COLOURS)], "markersize": 8,
            "markeredgewidth": 1.6}


def later_style(i):
    return {"marker": "x", "linestyle": "none", "color": COLOURS[i % len(COLOURS)],
            "markersize": 4.5}


def draw_legend(axes, rows, papers):
    """This run, and of each paper what is to be seen."""
    axes.plot([], [], "o", color=common.INK, label=OURS)
    for i, paper in enumerate(papers):
        if any(row["papers"][i][0][0] is not None for row in rows):
            axes.errorbar([], [], xerr=[], elinewidth=0.8, label=paper.name(paper.metric),
                          **paper_style(i))
        if any(row["papers"][i][1] is not None for row in rows):
            axes.plot([], [], label=paper.name(paper.later), **later_style(i))
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: (labels[i] != OURS, i))
    names = [OURS] + [paper.name(metric) for paper in papers
                      for metric in (paper.metric, paper.later) if metric]
    order.sort(key=lambda i: names.index(labels[i]))
    axes.legend([handles[i] for i in order], [labels[i] for i in order],
                ncol=len(order) if len(order) < 4 else 2, loc="lower left", bbox_to_anchor=(0.0, 1.0),
                borderaxespad=0.2, borderpad=0.0, handletextpad=0.4, columnspacing=1.6)


def describe_papers(rows, papers):
    """What the whiskers of the papers are, and that their settings are not ours."""
    seen = [(i, paper) for i, paper in enumerate(papers)
            if any(row["papers"][i][0][0] is not None for row in rows)]
    if not seen:
        return None
    one = len(seen) == 1
    own = "%s model, corpus and steps are %s own." % (("its", "its") if one else ("their", "their"))
    runs = ["%s%d" % ("" if one else paper.label + " ", paper.metric["n"]) for i, paper in seen
            if any(row["papers"][i][0][1] is not None for row in rows)]
    who = ("The paper" if seen[0][1].label == "paper" else seen[0][1].label) if one else "Papers"
    if not runs:
        return "%s: %s" % (who, own)
    return ("%s whiskers: Welch's interval from %s printed standard deviations, %s runs a variant,"
            " unpaired; %s" % (who + ("'s" if one else "'"), "its" if one else "their",
                               ", ".join(runs), own))


def draw(documents, options):
    document = documents[0]
    papers = papers_of(document, options)
    if [paper.key for paper in papers] == [PAPER]:
        papers[0].label = "paper"
    rows = collect(document, papers)
    last = contrast(document, papers)
    places = list(range(len(rows)))
    if last:
        places.append(len(rows) + 0.35)
        rows.append(last)
    figure = common.new_figure(7.6, 1.35 + 0.36 * len(rows))
    axes = figure.subplots()
    for y, row in zip(places, rows):
        draw_row(axes, y, row)
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
    draw_legend(axes, rows, papers)
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
        describe_papers(rows, papers),
        common.describe_missing(document))
    return figure


def parse():
    parser = common.parser_of(__doc__)
    parser.add_argument("--beside", metavar="KEY[,KEY]",
                        help="papers whose differences are drawn, files of results/published (default:"
                        " %s, and those that the results name)" % PAPER)
    return parser


if __name__ == "__main__":
    sys.exit(common.main(draw, parse()))
