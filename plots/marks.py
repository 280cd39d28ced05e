"""Figures of a page as inline SVG that needs no script: places across are per cent of the width and
places down are rem, so that text keeps its size on a telephone and on paper, and colours are the
style sheet's, dark or light.

Every row has its words above its marks: a label on the left, a number on the right."""

import math
from html import escape

from documents import signed

ROW = 3.1       # rem from one row to the next
LEFT, WIDTH = 2.0, 96.0   # per cent


class Scale:
    """Values to per cent of the width; 0 is always there."""

    def __init__(self, values, left=LEFT, width=WIDTH):
        self.left, self.width = left, width
        values = [value for value in values if value is not None and math.isfinite(value)] + [0.0]
        low, high = min(values), max(values)
        room = (high - low or 1.0) * 0.05
        self.low, self.high = low - room, high + room
        step = 10.0 ** math.floor(math.log10((self.high - self.low) / 3))
        self.step = next(step * k for k in (1, 2, 5, 10) if (self.high - self.low) / (step * k) <= 5)
        self.digits = max(0, -math.floor(math.log10(self.step) + 1e-9))

    def __call__(self, value):
        return "%.3f%%" % (self.left + self.width * (value - self.low) / (self.high - self.low))

    def ticks(self):
        first, last = math.ceil(self.low / self.step), math.floor(self.high / self.step)
        return [k * self.step for k in range(first, last + 1)]


def element(name, text=None, **attributes):
    words = "".join(' %s="%s"' % (key.rstrip("_").replace("_", "-"), escape(str(value)))
                    for key, value in attributes.items() if value is not None)
    return "<%s%s/>" % (name, words) if text is None else "<%s%s>%s</%s>" % (
        name, words, escape(text), name)


def line(x1, y1, x2, y2, kind):
    return element("line", x1=x1, y1="%.2frem" % y1, x2=x2, y2="%.2frem" % y2, class_=kind)


def words(x, y, text, kind=None, anchor=None):
    return element("text", text, x=x, y="%.2frem" % y, class_=kind, text_anchor=anchor)


def dot(x, y, hollow=False, r="0.3rem"):
    return element("circle", cx=x, cy="%.2frem" % y, r=r, class_="hollow" if hollow else "dot")


def group(parts, kind):
    return '<g class="%s">%s</g>' % (kind, "".join(parts))


def whole(key, title, text, height, parts):
    """The picture with what a screen reader says of it."""
    return ('<svg role="img" aria-labelledby="%s-t %s-d" style="height:%.2frem">'
            '<title id="%s-t">%s</title><desc id="%s-d">%s</desc>%s</svg>'
            % (key, key, height, key, escape(title), key, escape(text), "".join(parts)))


def axis(scale, bottom, left, right):
    """Its lines are where marks are, and not behind words."""
    parts = []
    for value in scale.ticks():
        zero = abs(value) < scale.step / 2
        parts += [line(scale(value), ROW * i + 1.6, scale(value), ROW * i + 3.1, "axis" if zero else "grid")
                  for i in range(int(bottom / ROW))]
        parts.append(words(scale(value), bottom + 1.3,
                           "0" if zero else signed(value, scale.digits), "soft", "middle"))
    parts.append(words("0", bottom + 2.9, left, "soft"))
    parts.append(words("100%", bottom + 2.9, right, "soft", "end"))
    return parts


def said(row):
    return "%s: %s" % (row["label"], row["number"])


def rows_picture(key, title, rows, left="\u2190 better", right="worse \u2192"):
    """Rows of label, number, kind (a class), value, interval, and where there are some: band (an
    interval), hollow, points (values), beside (value, interval)."""
    values = []
    for row in rows:
        beside = [x for value, interval in row.get("beside", []) for x in (value, *(interval or ()))]
        values += [row["value"], *(row["interval"] or ()), *(row.get("band") or ()),
                   *row.get("points", ()), *beside]
    scale = Scale(values)
    bottom = ROW * len(rows) + 0.6
    parts = axis(scale, bottom, left, right)
    for i, row in enumerate(rows):
        top = ROW * i
        parts.append(words("0", top + 1.3, row["label"], "strong"))
        parts.append(words("100%", top + 1.3, row["number"], "soft", "end"))
        marks = []
        y = top + 2.15
        if row.get("band"):
            marks.append(line(scale(row["band"][0]), y, scale(row["band"][1]), y, "band"))
        for value in row.get("points", ()):
            marks.append(line(scale(value), y - 0.42, scale(value), y + 0.42, "tick"))
        if row["interval"]:
            marks.append(line(scale(row["interval"][0]), y, scale(row["interval"][1]), y, "bar"))
        if row["value"] is not None:
            marks.append(dot(scale(row["value"]), y, row.get("hollow")))
        parts.append(group(marks, row["kind"]))
        besides = []
        for value, interval in row.get("beside", []):
            if interval:
                besides.append(line(scale(interval[0]), y + 0.62, scale(interval[1]), y + 0.62, "bar"))
            besides.append(line(scale(value), y + 0.36, scale(value), y + 0.88, "tick"))
        parts.append(group(besides, "paper"))
    return whole(key, title, "; ".join(said(row) for row in rows) + ".", bottom + 3.4, parts)


def panel_picture(key, title, rows):
    """Rows as those above, a line each: its label on the left of its marks, or above them where one is long;
    what is beside it is a tick on the line, and the numbers are for who listens."""
    long = any(len(row["label"]) > 11 for row in rows)
    step, down, half, left = (2.3, 1.7, 0.5, LEFT) if long else (1.3, 0.65, 0.65, 29.0)
    scale = Scale([x for row in rows for x in (row["value"], *(row["interval"] or ()), *row["beside"])],
                  left, 95.0 - left)
    bottom = 1.5 + step * len(rows)
    parts = [words("0", 1.0, title, "strong")]
    for value in scale.ticks():
        zero = abs(value) < scale.step / 2
        for i in range(len(rows)):
            middle = 1.5 + step * i + down
            parts.append(line(scale(value), middle - half, scale(value), middle + half, "axis" if zero else "grid"))
        parts.append(words(scale(value), bottom + 1.0, "0" if zero else signed(value, scale.digits),
                           "soft", "middle"))
    for i, row in enumerate(rows):
        y = 1.5 + step * i + down
        parts.append(words("0", y - 0.8 if long else y + 0.28, row["label"], "soft"))
        parts.append(group([line(scale(value), y - 0.5, scale(value), y + 0.5, "tick") for value in row["beside"]],
                           "paper"))
        parts.append(group([line(scale(row["interval"][0]), y, scale(row["interval"][1]), y, "bar")]
                           * bool(row["interval"]) + [dot(scale(row["value"]), y, row["hollow"])], row["kind"]))
    return whole(key, title, "; ".join(said(row) for row in rows) + ".", bottom + 1.6, parts)


def path_picture(key, title, series, across):
    """Differences at numbers of an axis, which is a logarithm: series of kind, name and points
    (x, value, interval)."""
    xs = sorted({x for one in series for x, _, _ in one["points"]})
    values = [v for one in series for _, value, interval in one["points"]
              for v in (value, *(interval or ()))]
    scale = Scale(values)
    height, top = 15.0, 0.8

    def down(value):
        return top + height * (scale.high - value) / (scale.high - scale.low)

    low, high = math.log(xs[0]), math.log(xs[-1])

    def along(x):
        return "%.3f%%" % (18 + 76 * (math.log(x) - low) / (high - low or 1.0))

    parts = []
    for value in scale.ticks():
        zero = abs(value) < scale.step / 2
        parts.append(line("12%", down(value), "100%", down(value), "axis" if zero else "grid"))
        parts.append(words("10.5%", down(value) + 0.3, "0" if zero else signed(value, scale.digits),
                           "soft", "end"))
    for x in xs:
        parts.append(words(along(x), top + height + 1.5, "%g" % x, "soft", "middle"))
    parts.append(words("100%", top + height + 3.0, across, "soft", "end"))
    for one in series:
        marks = []
        for x, value, interval in one["points"]:
            if interval:
                marks.append(line(along(x), down(interval[0]), along(x), down(interval[1]), "bar"))
        for (x, a, _), (z, b, _) in zip(one["points"], one["points"][1:]):
            marks.append(line(along(x), down(a), along(z), down(b), "bar"))
        marks += [dot(along(x), down(value)) for x, value, _ in one["points"]]
        parts.append(group(marks, one["kind"]))
    text = ". ".join("%s: %s" % (one["name"], "; ".join(
        "%s at %g" % (signed(value), x) for x, value, _ in one["points"])) for one in series)
    return whole(key, title, text + ".", top + height + 3.6, parts)
