#!/usr/bin/env python3
"""The tables of a study: would the difference appear elsewhere, what each axis does to the gap, each
variant at its own best rate, and the gap against steps and sizes."""

import os
import sys

import common

GAP = "gated - ungated"
TABLES = ("transfer", "axes", "tuned", "slope")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#B8A800")


class Study:
    """A study's directory: study.json, and the labels of one of its results files."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "study.json")
        self.data = common.read_json(self.path)
        if not isinstance(self.data, dict) or not isinstance(self.data.get("tables"), dict):
            raise common.PlotError("%s: has no tables; the study is not finished: give its command"
                                   " once more" % self.path)
        names = [name for name in self.data["points"]
                 if os.path.exists(os.path.join(directory, name + ".json"))]
        if not names:
            raise common.PlotError("%s: has no results files beside it" % self.path)
        self.example = common.Document(os.path.join(directory, names[0] + ".json"))

    def rows(self, table):
        rows = self.data["tables"].get(table)
        if not rows:
            raise common.NothingToDraw("%s: has no rows for the table %s" % (self.path, table))
        return rows

    def label(self, name):
        return "gated \u2212 ungated" if name == GAP else self.example.label(name)


def unique(values):
    return list(dict.fromkeys(values))


def frame(axes, places, labels, text):
    axes.axvline(0.0, color=common.INK, linewidth=0.8, zorder=1)
    axes.set_ylim(max(places) + 0.6, min(places) - 0.6)
    axes.set_yticks(places)
    axes.set_yticklabels(labels)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.06)
    axes.set_xlabel(text)


def interval(axes, y, low_high, **style):
    if low_high:
        axes.plot(low_high, [y, y], solid_capstyle="butt", **style)


def caption(figure, study, text):
    figure.supxlabel("\n".join(common.textwrap.wrap(text, int(figure.get_figwidth() * 18.5))),
                     x=0.012, ha="left", fontsize=7, color=common.FAINT)


def difference(study):
    return ("difference to %s in held-out log-perplexity / nats   (left: better)"
            % study.example.label(study.example.baseline))


def draw_transfer(study):
    """Every setting as a point, the mean over settings, and what a new one would give."""
    rows = study.rows("transfer")
    points = {}
    for row in study.rows("settings"):
        if row["difference_nats"] is not None:
            points.setdefault(row["variant"], []).append(row["difference_nats"])
    figure = common.new_figure(7.6, 1.5 + 0.42 * len(rows))
    axes = figure.subplots()
    for y, row in enumerate(rows):
        values = points.get(row["variant"], [])
        axes.plot(values, [y + 0.22] * len(values), "|", color=common.FAINT, markersize=7,
                  label="a setting" if y == 0 else None)
        interval(axes, y - 0.1, row["prediction_nats"], color="0.75", linewidth=5,
                 label="95 % prediction, a new setting" if y == 0 else None)
        interval(axes, y - 0.1, row["ci95_nats"], color=COLOURS[0], linewidth=1.8,
                 label="95 % interval of the mean" if y == 0 else None)
        if row["mean_nats"] is not None:
            axes.plot(row["mean_nats"], y - 0.1, "o", color=COLOURS[0],
                      label="mean over settings" if y == 0 else None)
        axes.text(1.02, y, "%d of %d settings" % (row["held"], row["settings"]), va="center",
                  fontsize=7.5, transform=axes.get_yaxis_transform())
    frame(axes, list(range(len(rows))), [study.label(row["variant"]) for row in rows],
          difference(study))
    axes.legend(ncol=2, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    caption(figure, study, "Settings on the right: those whose difference has the sign of the mean."
            " The mean is over draws (random effects); a prediction takes three of them or more.")
    return figure


def draw_axes(study):
    """The gap at every value of every axis."""
    rows = study.rows("axes")
    figure = common.new_figure(7.6, 1.3 + 0.34 * len(rows))
    axes = figure.subplots()
    places, labels, y, before = [], [], -1.0, None
    for row in rows:
        y += 1.0 if row["axis"] == before else 1.5
        colour = COLOURS[unique(r["axis"] for r in rows).index(row["axis"]) % len(COLOURS)]
        before = row["axis"]
        places.append(y)
        labels.append("%s %s" % (row["axis"], row["value"]))
        interval(axes, y, row["gap_ci95_nats"], color=colour, linewidth=1.6)
        if row["gap_nats"] is not None:
            axes.plot(row["gap_nats"], y, "o", color=colour)
        if row["change_nats"] is not None:
            p = row["p_holm"]
            axes.text(1.02, y, "%s against %s%s" % (
                common.signed(row["change_nats"]), row["against"],
                "" if p is None else ", n.s." if p >= 0.05 else ", " + common.p_text(p)),
                va="center", fontsize=7.5, transform=axes.get_yaxis_transform())
    frame(axes, places, labels,
          "gated minus ungated in held-out log-perplexity / nats   (left: better)")
    caption(figure, study, "Whiskers: 95 % t intervals over seeds. On the right: the change to the"
            " axis' first value over settings alike in all else, paired by seed, p after Holm.")
    return figure


def draw_tuned(study):
    """Each variant at its own best rate."""
    rows = [row for row in study.rows("tuned") if row["delta_nats"] is not None]
    if not rows:
        raise common.NothingToDraw("%s: no variant could be tuned" % study.path)
    figure = common.new_figure(7.6, 1.3 + 0.34 * len(rows))
    axes = figure.subplots()
    settings = unique(row["setting"] for row in rows)
    places, labels, y, before = [], [], -1.0, None
    for row in rows:
        y += 1.0 if row["setting"] == before else 1.5
        before = row["setting"]
        colour = COLOURS[settings.index(row["setting"]) % len(COLOURS)]
        places.append(y)
        labels.append("%s%s" % (row["setting"] + ": " if len(settings) > 1 else "",
                                study.label(row["variant"])))
        interval(axes, y, row["delta_ci95_nats"], color=colour, linewidth=1.6)
        axes.plot(row["delta_nats"], y, "o", color=colour)
        axes.text(1.02, y, "%s%s, n = %d" % (row["rate"], " (edge)" if row["at_edge"] else "",
                                             row["n"]),
                  va="center", fontsize=7.5, transform=axes.get_yaxis_transform())
    frame(axes, places, labels, difference(study))
    caption(figure, study, "Each at its own best learning rate (on the right), chosen on the first"
            " half of the seeds and reported on the rest, the baseline too. (edge): the lowest or the"
            " highest that was tried.")
    return figure


def draw_slope(study):
    """The difference at both ends of an axis of steps or sizes."""
    rows = study.rows("slope")
    names = unique(row["axis"] for row in rows)
    figure = common.new_figure(3.9 * len(names) + 1.2, 3.6)
    for place, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), place + 1)
        here = [row for row in rows if row["axis"] == name]
        for i, row in enumerate(here):
            if row["low_nats"] is None:
                continue
            gap = row["variant"] == GAP
            colour = common.INK if gap else COLOURS[i % len(COLOURS)]
            axes.plot([row["low"], row["high"]], [row["low_nats"], row["high_nats"]], "o-",
                      color=colour, linewidth=2.0 if gap else 1.2,
                      label=study.label(row["variant"]))
        axes.axhline(0.0, color=common.INK, linewidth=0.8)
        axes.set_xscale("log")
        axes.set_xticks([here[0]["low"], here[0]["high"]])
        axes.xaxis.set_major_formatter(common.short_number)
        axes.minorticks_off()
        axes.margins(x=0.12)
        axes.set_xlabel(name)
        if place == 0:
            axes.set_ylabel("difference to %s / nats"
                            % study.example.label(study.example.baseline))
            axes.legend()
    caption(figure, study, "Between the least and the greatest value; slopes and their intervals are"
            " in the table slope.")
    return figure


DRAW = {"transfer": draw_transfer, "axes": draw_axes, "tuned": draw_tuned, "slope": draw_slope}


def parse():
    parser = common.argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", metavar="DIR", help="of a study")
    parser.add_argument("--table", choices=TABLES, default=TABLES[0],
                        help="what to draw (default: %(default)s)")
    parser.add_argument("-o", "--output", metavar="OUT", required=True,
                        help="picture to write; its name ends in .png, .pdf or .svg")
    return parser


def main():
    parser = parse()
    options = parser.parse_args()
    try:
        study = Study(options.directory)
        common.use_style()
        try:
            figure = DRAW[options.table](study)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise common.PlotError("%s: not laid out as this script reads it (%s: %s)"
                                   % (study.path, type(error).__name__, error)) from error
        common.save(figure, options.output)
    except common.PlotError as error:
        print("%s: %s" % (parser.prog, error), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
