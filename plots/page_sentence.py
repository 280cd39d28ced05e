"""The sentence that the page begins with, and how sure it is."""

from html import escape

from documents import count, p_text, thousands
from page_words import (GAP, WORDS, interval, leader, listed, model_of, near, signed, speed_of, timing_warned,
                        verdict_rows)


def kicker(page):
    document = page.main
    config = document.config
    if not page.quality and not page.study:
        return "Speed of feed-forward layers \u00b7 %s" % (
            document.data["environment"].get("cpu_model") or "")
    model, training = config["model"], config["training"]
    corpus = (config.get("corpus") or {}).get("kind")
    about = [page.study and not page.quality and count(len(page.study.data["points"]), "setting"),
             "%s, d_model %d, %s steps" % (model.get("architecture", "t5"), model["d_model"],
                                          thousands(training["steps"]))
             if page.quality else None,
             "%s corpus" % corpus if corpus and page.quality else None]
    return " \u00b7 ".join(["Feed-forward layers of a Transformer"] + [x for x in about if x])


def held(page, name, delta):
    """Of the sign of this difference, elsewhere."""
    same, settings = page.study.held(name, delta) if page.study else (0, 0)
    if not settings:
        return ""
    return "; %s it was in %d of %s" % ("so" if 2 * same > settings else "but so", same, count(settings, "setting"))


def worth(page, row):
    """What the difference is worth in training, and its price."""
    text = ""
    if row.get("token_multiplier"):
        text = ", as if trained %.1f times as long" % row["token_multiplier"]
    speed = speed_of(page, row["variant"])
    if speed and not timing_warned(page):
        row, document = speed
        text += "%s at %.2f times the cost of a step%s" % (
            "" if text else ",", 1.0 / row["relative_to_baseline"],
            "" if document is page.main else " (of %s)" % model_of(document))
    return text


def nats(row):
    """The size of a difference, with its interval turned the same way."""
    sign = -1 if row["delta_nats"] < 0 else 1
    pair = row["interval"] and sorted(sign * v for v in row["interval"])
    text = "%.3f nats" % abs(row["delta_nats"])
    return text if not pair else '%s <span class="interval">%s</span>' % (
        text, escape(interval(pair, 3, False).replace("-", "\u2212")))


def sentence(page):
    """Of HTML, of plain text, and of how sure it is."""
    if page.quality:
        return of_results(page)
    if page.study:
        return of_study(page)
    return of_speed(page)


def told(name, kind, by, base, rest):
    """The sentence, with and without marks."""
    words = {"better": "better than", "worse": "worse than"}[kind]
    html = '<b>%s</b>: <span class="%s">%s %s</span> by %s%s.' % (
        escape(name), kind, words, escape(base), by, escape(rest))
    return html, "%s: %s %s" % (name, words, base)


def of_results(page):
    document = page.main
    base = document.label(document.baseline)
    rows = verdict_rows(document)
    first = leader(rows, page.study)
    if not first:
        text = "No layer has a difference to %s: nothing can be compared." % base
        return escape(text), text, "Run more than one variant, with the seeds of the baseline."
    name = document.label(first["variant"])
    kinds = {kind: [row for row in rows if row["verdict"] == kind] for kind in WORDS}
    seeds = count(first["n"], "seed")
    if kinds["better"]:
        html, plain = told(name, "better", nats(first), base,
                           worth(page, first) + held(page, first["variant"], first["delta_nats"]))
        tied = [document.label(row["variant"]) for row in near(rows, first)]
        sure = ["%s, %s." % (seeds, evidence(first))]
        if tied:
            sure.append("%s may be as good here: %s difference%s within its interval%s." % (
                listed(tied), *(("its", " lies") if len(tied) == 1 else ("their", "s lie")),
                "" if first is leader(rows) else "; %s has the lowest mean over the settings" % name))
        if not held(page, first["variant"], first["delta_nats"]):
            sure += ["%s was tried elsewhere too: better than %s in %d of %s%s." % (
                document.label(row["variant"]), base, row["held"], count(row["settings"], "setting"),
                "; one more is expected within %s" % interval(row["prediction_nats"])
                if row["prediction_nats"] else "")
                for row in (page.study.rows("transfer") if page.study else [])
                if row["variant"] != GAP and document.label(row["variant"]) in tied
                and row["mean_nats"] is not None and row["mean_nats"] < 0]
        return html, plain, escape(" ".join(sure) + others(document, kinds))
    if len(kinds["worse"]) + len(kinds["equal"]) == len(rows):
        text = "Keep %s: no layer is better" % base
        return ("<b>%s</b>%s." % (escape(text[:len("Keep ") + len(base)]),
                                  escape(text[len("Keep ") + len(base):])), text,
                escape("%s." % seeds + others(document, kinds)))
    more = first.get("more_seeds")
    html = ('<b>Undecided</b>: with %s no layer is shown to be better than %s. <b>%s</b> is nearest, %s %s by %s.'
            % (escape(seeds), escape(base), escape(name), "lower" if first["delta_nats"] < 0 else "higher",
               "in loss", nats(first)))
    sure = "Do not choose by this yet. "
    if more:
        sure += "About %s more would decide on %s, if the difference and its spread are as seen." % (
            count(int(more), "seed"), name)
    else:
        sure += "More seeds would tell: glubench --seeds."
    if first["interval"] and first["interval"][0] * first["interval"][1] > 0:
        sure += (" Its interval alone leaves out 0; after Holm\u2019s correction for %d comparisons its p is"
                 " not below 0.05." % len(rows))
    return html, "Undecided: no layer is shown to be better than %s" % base, escape(
        sure + others(document, kinds))


def evidence(row):
    if row.get("e_value") is not None and row["p_holm"] is None:
        return "e-value %.3g" % row["e_value"]
    if row["p_holm"] is None:
        return "no test"
    return "%s after Holm\u2019s correction" % p_text(row["p_holm"])


def others(document, kinds):
    text = ""
    for kind, words in (("worse", "Worse"), ("equal", "Equal to the baseline within the margin"),
                        ("undecided", "Undecided")):
        if kinds[kind] and (kind != "undecided" or kinds["better"]):
            text += " %s: %s." % (words, listed(document.label(row["variant"])
                                               for row in kinds[kind]))
    return text


def of_study(page):
    study = page.study
    rows = [row for row in study.rows("transfer") if row["variant"] != GAP
            and row["mean_nats"] is not None]
    base = study.label(study.example.baseline)
    if not rows:
        text = "The study has no differences to %s." % base
        return escape(text), text, ""
    first = min(rows, key=lambda row: row["mean_nats"])
    name, pair = study.label(first["variant"]), first["ci95_nats"]
    row = {"delta_nats": first["mean_nats"], "interval": pair}
    where = "Over %s, which are %s of data and model" % (
        count(first["settings"], "setting"), count(first["k"], "draw"))
    if first["prediction_nats"]:
        where += "; one more would be expected within %s nats" % interval(first["prediction_nats"])
        if first["prediction_nats"][1] > 0:
            where += "; that it gains nothing there is not excluded"
    if pair and pair[1] < 0:
        html, plain = told(name, "better", nats(row), base, held(page, first["variant"], first["mean_nats"]))
        return html, plain, escape(where + ".")
    html = ("<b>Undecided</b>: over %s no layer is shown to be better than %s. <b>%s</b> is nearest, by %s%s."
            % (count(first["settings"], "setting"), escape(base), escape(name), nats(row),
               escape(held(page, first["variant"], first["mean_nats"]))))
    return html, "Undecided: no layer is shown to be better than %s" % base, escape(where + ".")


def of_speed(page):
    document = page.main
    rows = [row for document in page.speed for row in document.throughput("train")
            if row["variant"] != document.baseline and row["relative_to_baseline"]]
    base = document.label(document.baseline)
    if not rows:
        text = "Nothing was trained and nothing timed against %s." % base
        return escape(text), text, ""
    fast = max(rows, key=lambda row: row["relative_to_baseline"])
    slow = min(rows, key=lambda row: row["relative_to_baseline"])
    html = "A step of training runs at %.2f (<b>%s</b>) to %.2f (<b>%s</b>) times the speed of %s." % (
        slow["relative_to_baseline"], escape(document.label(slow["variant"])),
        fast["relative_to_baseline"], escape(document.label(fast["variant"])), escape(base))
    return html, "Speed of feed-forward layers", ("Nothing was trained here, so this says nothing"
                                                  " of which layer is better.")
