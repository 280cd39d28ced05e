"""Words of the page, and which layer leads."""

from documents import signed as with_sign

GAP = "gated - ungated"
WORDS = {"better": "better", "worse": "worse", "equal": "equal", "undecided": "undecided"}


def signed(value, digits=3):
    text = with_sign(value, digits)
    return text[1:] if not text.strip("+\u22120.") else text  # no sign of what is rounded to 0


def interval(pair, digits=3, sign=True):
    if not pair:
        return "no interval"
    return "[%s, %s]" % tuple(signed(v, digits) if sign else "%.*f" % (digits, v) for v in pair)


def delta_text(row):
    if row["delta_nats"] is None:
        return "\u2013"
    return "%s %s" % (signed(row["delta_nats"]), interval(row["interval"]))


def times(value, pair=None, digits=2):
    if value is None:
        return None
    return "%.*f\u00d7%s" % (digits, value, " " + interval(pair, digits, False) if pair else "")


def listed(names):
    names = list(names)
    return names[0] if len(names) == 1 else "%s and %s" % (", ".join(names[:-1]), names[-1])


def verdict_rows(document):
    """Rows of tables.verdict, or of table1 in files from before there was one, the lowest first; the
    baseline is not among them."""
    table = {row["variant"]: row for row in document.tables["table1"]}
    verdicts = {row["variant"]: row for row in document.tables.get("verdict") or []}
    looked = bool(document.config.get("until_decided"))
    rows = []
    for name in document.names(table):
        if name == document.baseline:
            continue
        old = table[name]
        row = dict(verdicts.get(name) or {
            "variant": name, "n": old.get("n_paired", old["n"]), "delta_nats": old["delta_nats"],
            "delta_ci95_nats": old["delta_ci95_nats"], "p_holm": old["p_holm"]})
        if "verdict" not in row:
            told = row["p_holm"] is not None and row["p_holm"] < 0.05
            row["verdict"] = "undecided" if not told else (
                "better" if row["delta_nats"] < 0 else "worse")
        row["interval"] = row.get("anytime_ci95_nats") if looked else row["delta_ci95_nats"]
        rows.append(row)
    return sorted(rows, key=lambda row: (row["delta_nats"] is None, row["delta_nats"] or 0.0))


def p_cell(p):
    return None if p is None else "< 0.001" if p < 0.001 else "%.3f" % p


def near(rows, first):
    """The better ones that may be as good as the first: their differences lie within its interval."""
    return [row for row in rows if row["verdict"] == "better" and row is not first and first["interval"]
            and row["delta_nats"] <= first["interval"][1]]


def leader(rows, study=None):
    """The better one with the lowest mean; without one, the lowest of all.  Of several that may be as good the one
    with the lowest mean over a study's settings, where that has them all."""
    rows = [row for row in rows if row["delta_nats"] is not None]
    better = [row for row in rows if row["verdict"] == "better"]
    first = min(better or rows, key=lambda row: row["delta_nats"], default=None)
    if not better or not study:
        return first
    tied = [first] + near(rows, first)
    means = [(study.of("transfer", row["variant"]) or {}).get("mean_nats") for row in tied]
    return first if None in means else min(zip(means, range(len(tied)), tied))[2]


def speed_of(page, name):
    """Of training, beside the baseline: the row, and the file, which is the main one where that has it."""
    for document in sorted(page.speed, key=lambda document: document is not page.main):
        for row in document.throughput("train"):
            if row["variant"] == name and row["relative_to_baseline"]:
                return row, document
    return None


def model_of(document):
    model = document.config["model"]
    return "%s of d_model %d" % ("a T5" if model.get("architecture", "t5") == "t5" else "a language model",
                                 model["d_model"])


def timing_warned(page):
    return any("timing" in text for document in page.speed
               for text in document.data.get("warnings") or [])
