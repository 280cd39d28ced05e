"""The parts of the page, each a function of the page that gives HTML, or nothing where it does not
apply."""

import shlex
from html import escape

import marks
from documents import count, p_text, thousands
from page_words import (GAP, WORDS, delta_text, interval, leader, listed, model_of, p_cell, signed, speed_of,
                        times, timing_warned, verdict_rows)

# ------------------------------------------------------------------------------------ tables

def table(caption, heads, rows, cards=False, lead=None):
    """Heads; rows of a name and cells, each text or (text, class)."""
    out = ['<div class="wide" role="region" aria-label="%s" tabindex="0">' % escape(caption),
           '<table role="table"%s><caption>%s</caption>' % (' class="cards"' if cards else "", escape(caption)),
           '<thead role="rowgroup"><tr role="row">' + "".join(
               '<th scope="col" role="columnheader"%s>%s</th>' % (
                   ' class="word"' if h in ("Verdict", "Function") else "", escape(h)) for h in heads)
           + '</tr></thead>', '<tbody role="rowgroup">']
    for name, *cells in rows:
        out.append('<tr role="row"%s><th scope="row" role="rowheader">%s</th>' % (
            ' class="lead"' if lead is not None and name == lead else "", escape(name)))
        for head, cell in zip(heads[1:], cells):
            text, kind = cell if isinstance(cell, tuple) else (cell, None)
            kinds = " ".join(k for k in (kind, "none" if text in (None, "") else None) if k)
            out.append('<td role="cell" data-label="%s"%s>%s</td>' % (
                escape(head), ' class="%s"' % kinds if kinds else "",
                escape("\u2013" if text in (None, "") else text)))
        out.append("</tr>")
    return "\n".join(out) + "\n</tbody></table></div>"


def keep(heads, rows):
    """Without the columns in which no row has anything."""
    kept = [0] + [i for i in range(1, len(heads)) if any(row[i] not in (None, "") for row in rows)]
    return [heads[i] for i in kept], [[row[i] for i in kept] for row in rows]


def note(text):
    return '<p class="note">%s</p>' % escape(text)


def figure(picture, caption):
    return "<figure>%s<figcaption>%s</figcaption></figure>" % (picture, escape(caption))


def verdict_word(row):
    text = WORDS[row["verdict"]]
    if row["verdict"] == "undecided" and row.get("more_seeds"):
        text += ", %d more seed%s" % (row["more_seeds"], "" if row["more_seeds"] == 1 else "s")
    return text, row["verdict"] + " word"


def verdict_line(page, document, row):
    """The cells of a layer, and the file that its cost is of."""
    delta, study = row["delta_nats"], page.study
    transfer = study and study.of("transfer", row["variant"])
    same, settings = study.held(row["variant"], delta or 0) if study else (0, 0)
    speed, of = (None, None) if timing_warned(page) else speed_of(page, row["variant"]) or (None, None)
    return [document.label(row["variant"]), verdict_word(row),
            signed(delta) if delta is not None else None,
            interval(row["interval"]) if delta is not None else None,
            p_cell(row["p_holm"]),
            times(row.get("token_multiplier"), row.get("token_multiplier_ci95"), 1),
            times(row.get("time_multiplier"), row.get("time_multiplier_ci95"), 1),
            "%.2f" % (1.0 / speed["relative_to_baseline"]) if speed else None,
            "%d of %d" % (same, settings) if settings else None,
            interval(transfer["prediction_nats"]) if transfer and transfer["prediction_nats"] else None], of


def verdict_note(document, rows, costs_of):
    margin, base = document.config.get("equivalence_nats"), document.label(document.baseline)
    worth = [word for word, key in (("Tokens", "token_multiplier"), ("Time", "time_multiplier"))
             if any(row.get(key) for row in rows)]
    return note("Better and worse: paired tests over %s, 5 %% after Holm\u2019s correction.%s%s%s" % (
        count(rows[0]["n"], "seed"), " Equal: within %g nats." % margin if margin is not None else "",
        " %s: how many times as much %s would need to come as far." % (" and ".join(worth), base) if worth else "",
        " Cost of a step: times %s\u2019s, in %s (%s)." % (base, model_of(costs_of), costs_of.name) if costs_of else ""))


def verdicts(page):
    out = []
    for document in page.quality:
        rows = verdict_rows(document)
        if not rows:
            continue
        lines, files = zip(*(verdict_line(page, document, row) for row in rows))
        heads, lines = keep(["Layer", "Verdict", "\u0394 nats", "95 % interval", "p (Holm)",
                             "Tokens", "Time", "Cost of a step", "Settings held", "A new setting"],
                            lines)
        first = leader(rows, page.study)
        out.append(table("%s: difference to %s in held-out log-perplexity; below 0 is better" % (
            document.name, document.label(document.baseline)), heads, lines, True,
            document.label(first["variant"]) if first else None))
        out.append(verdict_note(document, rows, next(filter(None, files), None)))
        if page.study:
            out.append(note("Settings held: in how many of the study %s the difference has the sign that it has here. A new"
                            " setting: where that study expects the difference in one more; its means are below."
                            % page.study.name))
        if not document.tables.get("verdict"):
            out.append(note("This file was written before it held verdicts: equality and the seeds still"
                            " missing are told by: glubench report %s --table verdict" % document.name))
        elif not any(row.get("token_multiplier") for row in rows):
            out.append(note("What a difference is worth in steps needs the baseline\u2019s slope: run without"
                            " --no-slope, and with seeds enough for it to be above 0."))
    if not out and page.study:
        return transfer_table(page)
    if not out:
        return note("Nothing was trained: glubench run --all-variants gives the verdicts.")
    return "\n".join(out)


def transfer_table(page):
    study = page.study
    rows = [[study.label(row["variant"]),
             ("better" if row["ci95_nats"] and row["ci95_nats"][1] < 0 else
              "worse" if row["ci95_nats"] and row["ci95_nats"][0] > 0 else "undecided",) * 2,
             signed(row["mean_nats"]) if row["mean_nats"] is not None else None,
             interval(row["ci95_nats"]) if row["ci95_nats"] else None,
             "%d of %d" % (row["held"], row["settings"]), "%d of %d" % (row["k_held"], row["k"]),
             interval(row["prediction_nats"]) if row["prediction_nats"] else None]
            for row in study.rows("transfer")]
    rows = [[r[0], (r[1][0], r[1][1] + " word")] + r[2:] for r in rows]
    heads, rows = keep(["Layer", "Verdict", "\u0394 nats", "95 % interval", "Settings held",
                        "Draws held", "A new setting"], rows)
    best = leader([{"variant": r["variant"], "verdict": "", "delta_nats": r["mean_nats"]}
                   for r in study.rows("transfer") if r["variant"] != GAP])
    return table("%s: mean difference to %s over the settings, random effects; below 0 is better" % (
        study.name, study.label(study.example.baseline)), heads, rows, True,
        study.label(best["variant"]) if best else None) + note(
        "Held: the difference has the sign of the mean there, whatever its interval. Settings that share data and"
        " seeds are one draw. A new setting: the 95 % prediction interval"
        " of the difference in one more draw; it takes three of them. Better: the interval of the mean"
        " is below 0.")


# ----------------------------------------------------------------------------------- figures

def published(document, name):
    """What papers give for the layer, in nats: (value, interval)."""
    table1 = {row["variant"]: row for row in document.tables["table1"]}
    row, base = table1.get(name), table1.get(document.baseline)
    found = []
    if row and base and None not in (row.get("paper_65536_nats"), base.get("paper_65536_nats")):
        found.append((row["paper_65536_nats"] - base["paper_65536_nats"], None))
    found += [(b["delta"], b["delta_ci95"]) for b in document.tables.get("beside") or []
              if b["variant"] == name and b["delta"] is not None and b["paper"] != "shazeer2020"
              and b["unit"].startswith("nats")]
    return found


def forest(page):
    out = []
    for document in page.quality:
        rows = [row for row in verdict_rows(document) if row["delta_nats"] is not None]
        if not rows:
            continue
        drawn = [{"label": document.label(row["variant"]), "number": delta_text(row),
                  "kind": row["verdict"], "value": row["delta_nats"], "interval": row["interval"],
                  "hollow": not document.variants[row["variant"]]["gated"],
                  "beside": published(document, row["variant"])} for row in rows]
        papers = ["Shazeer (2020)"] if any(row["beside"] for row in drawn) else []
        papers += sorted({b["paper"] for b in document.tables.get("beside") or []} - {"shazeer2020"})
        out.append(figure(marks.rows_picture(
            page.key(), "Differences to %s, %s" % (document.label(document.baseline), document.name), drawn),
            "%sifference to %s in nats, with 95 %% intervals; filled: gated, open: ungated.%s" % (
                document.name + ": d" if len(page.quality) > 1 else "D",
                document.label(document.baseline), " Grey ticks below: %s, differences of printed means"
                " in models of their own." % listed(papers) if papers else "")))
        agreement = document.data["agreement"]
        if agreement.get("kendall_tau_b") is not None and not document.config.get("tasks"):
            agrees = agreement["p_value"] is not None and agreement["p_value"] < 0.05
            text = "The order of %d layers %s: Kendall\u2019s \u03c4-b %.2f (%s)." % (
                agreement["variants"], "is not shown to agree with Shazeer\u2019s" if not agrees else
                "agrees with Shazeer\u2019s" if agreement["kendall_tau_b"] > 0 else "is the reverse of Shazeer\u2019s",
                agreement["kendall_tau_b"],
                p_text(agreement["p_value"]) if agreement["p_value"] is not None else "no test")
            if agreement.get("gated_minus_ungated_nats") is not None:
                text += " Gated minus ungated: %s %s nats here, %s there." % (
                    signed(agreement["gated_minus_ungated_nats"]),
                    interval(agreement["gated_minus_ungated_ci95"]),
                    signed(agreement["paper_gated_minus_ungated_nats"])
                    if agreement.get("paper_gated_minus_ungated_nats") is not None else "not known")
            out.append("<p>%s</p>" % escape(text))
    return "\n".join(out)


def settings(page):
    if not page.study:
        return note("One setting cannot tell whether it would appear elsewhere: glubench --all-variants"
                    " --vary learning-rate-factor=0.5,1,2 -o STUDY, and name STUDY here too.")
    study = page.study
    transfer = study.rows("transfer")
    shown = [row for row in study.rows("settings") if row["variant"] == GAP] or study.rows("settings")
    name = shown[0]["variant"] if shown else None
    total = study.of("transfer", name)
    drawn = []
    if total and total["mean_nats"] is not None:
        drawn.append({"label": "Mean of %s" % count(total["settings"], "setting"),
                      "number": "%s %s" % (signed(total["mean_nats"]), interval(total["ci95_nats"])),
                      "kind": colour(total["ci95_nats"]), "value": total["mean_nats"],
                      "interval": total["ci95_nats"], "band": total["prediction_nats"]})
    for row in shown:
        if row["variant"] == name and row["difference_nats"] is not None:
            drawn.append({"label": describe(study, row["setting"]),
                          "number": "%s %s" % (signed(row["difference_nats"]), interval(row["ci95_nats"])),
                          "kind": colour(row["ci95_nats"]), "value": row["difference_nats"],
                          "interval": row["ci95_nats"]})
    out = []
    if page.quality and transfer:
        out.append(transfer_table(page))
    if drawn:
        out.append(figure(marks.rows_picture(page.key(), "%s in each setting" % study.label(name), drawn),
                          "%s, in nats, with 95 %% intervals over seeds; brown: 0 is within it%s." % (
                              study.label(name).capitalize(),
                              "; the pale band: where one more draw is expected"
                              if total and total["prediction_nats"] else "")))
    if study.rows("axes"):
        rows = [["%s %s" % (row["axis"], row["value"]), str(row["n"]),
                 signed(row["gap_nats"]) if row["gap_nats"] is not None else None,
                 interval(row["gap_ci95_nats"]) if row["gap_ci95_nats"] else None,
                 signed(row["change_nats"]) if row["change_nats"] is not None else "first",
                 p_cell(row["p_holm"])]
                for row in study.rows("axes")]
        out.append("<h3>What each choice does to the gap</h3>" + table(
            "Gated minus ungated over all settings with the value", *keep(
                ["Value", "Seeds", "Gap, nats", "95 % interval", "Change", "p (Holm)"], rows), True))
    return "\n".join(out)


def colour(pair):
    return "better" if pair and pair[1] < 0 else "worse" if pair and pair[0] > 0 else "undecided"


def describe(study, setting):
    point = study.data["points"].get(setting) or {}
    short = {"learning-rate-factor": "rate \u00d7", "learning-rate": "rate "}
    return ", ".join("%s%s" % (short.get(axis, "" if not str(value)[:1].isdigit() else axis + " "), value)
                     for axis, value in point.items()) or setting


def slopes(page):
    rows = page.study.rows("slope") if page.study else []
    if not rows:
        return note("Whether the difference shrinks with more steps or a larger model needs an axis of"
                    " them: glubench --vary steps=1000,4000,16000, or d-model.")
    study = page.study
    out = []
    for axis in dict.fromkeys(row["axis"] for row in rows):
        points = [(float(row["value"]), row["gap_nats"], row["gap_ci95_nats"])
                  for row in study.rows("axes") if row["axis"] == axis and row["gap_nats"] is not None]
        if len(points) > 1:
            out.append(figure(marks.path_picture(
                page.key(), "The gap against %s" % axis,
                [{"kind": "equal", "name": study.label(GAP), "points": sorted(points)}],
                axis + " (logarithm) \u2192"),
                "Gated minus ungated in nats at each value of %s, with 95 %% intervals over seeds; below"
                " 0 gated is better." % axis))
    out.append(table("Slope of the difference against the logarithm, in nats", [
        "Axis and layer", "at least", "at most", "per e-fold", "95 % interval", "p"], [
            ["%s: %s" % (row["axis"], study.label(row["variant"])),
             "%s at %g" % (signed(row["low_nats"]), row["low"]) if row["low_nats"] is not None else None,
             "%s at %g" % (signed(row["high_nats"]), row["high"]) if row["high_nats"] is not None else None,
             signed(row["slope_nats"], 4) if row["slope_nats"] is not None else None,
             interval(row["slope_ci95_nats"], 4) if row["slope_ci95_nats"] else None,
             p_cell(row["p_slope"])] for row in rows], True))
    return "\n".join(out)


# Translations have many forms of one score; it is drawn in this.
DRAWN = ("bleu_13a", "chrf2")


def score_kind(row, pair, looked):
    """How sure a difference is, as the verdicts have it; without a signal it is nothing."""
    sure = bool(pair) and (pair[0] > 0 or pair[1] < 0) if looked else (
        row["p_holm"] is not None and row["p_holm"] < 0.05)
    return "paper" if not row["ranked"] else "undecided" if not sure else "better" if row["delta"] > 0 else "worse"


def score_panels(page, document, rows, looked):
    """A picture of each score with differences to the baseline, or nothing."""
    panels = {}
    for row in rows:
        if row["delta"] is None or (row["table"] == "translation" and row["metric"] not in DRAWN):
            continue
        pair = row["anytime_ci95" if looked else "delta_ci95"]
        star = ("" if row["complete"] else " *") + ("" if row["ranked"] else ", no signal")
        name = "%s %s%s" % (row["task"], row["metric"].replace("_", " "), star)
        panels.setdefault(name.removeprefix("translation "), []).append({
            "label": document.label(row["variant"]), "number": "%s %s" % (signed(row["delta"], 2), interval(pair, 2)),
            "kind": score_kind(row, pair, looked), "value": row["delta"], "interval": pair,
            "hollow": not document.variants[row["variant"]]["gated"],
            "beside": [row["paper_delta"]] if row["paper_delta"] is not None and row["complete"] else []})
    if not panels:
        return ""
    drawn = [row for of in panels.values() for row in of]
    kinds = {row["kind"] for row in drawn}
    return '<figure><div class="panels">%s</div><figcaption>%s</figcaption></figure>' % (
        "\n".join(marks.panel_picture(page.key(), name, of) for name, of in panels.items()),
        escape("Differences to %s in points%s; right of 0 is better. Filled: gated, open: ungated.%s%s%s" % (
            document.label(document.baseline),
            ", with 95 % intervals" if any(row["interval"] for row in drawn) else "",
            " Brown: 0 is within the interval." if "undecided" in kinds and looked else
            " Brown: undecided after Holm\u2019s correction." if "undecided" in kinds else "",
            " Grey: no signal, so no difference of layers." if "paper" in kinds else "",
            " Grey ticks: Shazeer (2020), in a model of its own." if any(row["beside"] for row in drawn) else "")))


def scores(page):
    out = []
    for document in page.all:
        rows = [row for row in document.tables.get("scores") or []
                if row["n"] > 0 and row["higher_is_better"] and row["variant"] in document.variants]
        if not rows:
            continue
        looked = bool(document.config.get("until_decided"))
        lines = []
        for row in rows:
            pair = row["anytime_ci95" if looked else "delta_ci95"]
            star = ("" if row["complete"] else " *") + ("" if row["ranked"] else " (no signal)")
            lines.append(["%s %s, %s%s" % (row["task"], row["metric"].replace("_", " "),
                                           document.label(row["variant"]), star),
                          "%.2f" % row["mean"],
                          signed(row["delta"], 2) if row["delta"] is not None else None,
                          interval(pair, 2) if pair and row["delta"] is not None else None,
                          signed(row["paper_delta"], 2)
                          if row["paper_delta"] is not None and row["complete"] else None])
        out.append(score_panels(page, document, rows, looked))
        out.append(table("%s: scores, and differences to %s; above 0 is better" % (
            document.name, document.label(document.baseline)), *keep(
                ["Task and layer", "Score", "Difference", "95 % interval", "The paper\u2019s"], lines), True))
        if any(not row["complete"] for row in rows):
            out.append(note("* a subset of the data: not to be set beside published figures."))
    return "\n".join(out) or note("No tasks were scored: glubench finetune --from DIR --task glue"
                                  " --all-variants -o FILE, and name FILE here too.")


# ------------------------------------------------------------------- cost, and what was equal

def costs(page):
    out = []
    for document in page.speed:
        for which, words in (("train", "a step of training"), ("forward", "the forward pass")):
            rows = document.throughput(which)
            if not rows:
                continue
            heads, lines = keep(["Layer", "Tokens/s", "Beside " + document.label(document.baseline), "95 % interval",
                                 "GFLOP/s", "Share of the limit"], [
                [document.label(row["variant"]), thousands(round(row["tokens_per_s"])),
                 "%.3f\u00d7" % row["relative_to_baseline"] if row["relative_to_baseline"] else None,
                 interval(row["relative_ci95"], 3, False) if row["relative_ci95"] else None,
                 thousands(round(row["gflop_per_s"])) if row["gflop_per_s"] else None,
                 "%.0f %%" % (100 * row["fraction_of_gemm_peak"])
                 if row["fraction_of_gemm_peak"] else None] for row in rows])
            out.append(table("%s: %s, %s, %s" % (document.name, words, rows[0]["precision"],
                                                 count(rows[0]["threads"], "thread")), heads, lines, True))
    if not out:
        return note("No speed was measured: glubench bench --all-variants -o FILE, and name FILE here too.")
    if timing_warned(page):
        out.append(note("A warning below says that timings are unreliable here."))
    out.append(note("The limit: oneDNN\u2019s best rate over large matrix products, measured in the same run."))
    return "\n".join(out)


def equal(page):
    document = page.main
    config, training = document.config, document.config["training"]
    out = [table("What each layer has", ["Layer", "Function", "Width", "Parameters", "FLOPs a step",
                                         "Parameters beside " + document.label(document.baseline)], [
        [document.label(name), (v["formula"], "word"), thousands(v["d_ff"]), thousands(v["parameters"]),
         "%.4g" % v["train_flops_per_step"] if v.get("train_flops_per_step") else None,
         "%+.3g %%" % (100 * v["parameter_difference_vs_baseline"])
         if v.get("parameter_difference_vs_baseline") is not None else None]
        for name, v in document.variants.items()], True)]
    if page.quality or page.study:
        out.append("<p>%s</p>" % escape(
            "At one seed every layer sees the same batches in the same order and begins with the same"
            " values wherever shapes agree. All train %s steps of %d examples with %s at learning rate"
            " %g; the held-out text is the same." % (
                thousands(training["steps"]), training["batch"], training.get("optimizer", "adafactor"),
                training["learning_rate"])))
        if page.study and not page.quality:
            out.append(note("So in the setting %s; the others differ from it in: %s." % (
                document.name, ", ".join(page.study.data["axes"].keys() - {"variant", "seed"}) or
                ", ".join(dict.fromkeys(a for p in page.study.data["points"].values() for a in p)))))
        seeds = config.get("seeds") or []
        out.append(note("Seeds: %s. The learning rate is the same for all, not each layer\u2019s best."
                        % ", ".join(str(s) for s in seeds)))
    return "\n".join(out)


def warnings(page):
    items = []
    for document in page.all:
        for text in document.data.get("warnings") or []:
            items.append((text, document.name))
        lost = [run for run in document.data["runs"] if run["status"] != "ok"]
        items += [("%s, seed %d: %s%s" % (document.label(run["variant"]), run["seed"], run["status"],
                                          ", " + run["error"] if run.get("error") else ""),
                   document.name) for run in lost]
    texts = {}
    for text, name in dict.fromkeys(items):
        texts.setdefault(text, []).append(name)
    if not texts:
        return "<p>None.</p>"
    return "<ul>%s</ul>" % "".join("<li>%s <span class=\"note\">%s</span></li>" % (
        escape(text), escape(listed(names) if len(names) < 7 else "%s and %d more" % (names[0], len(names) - 1)))
        for text, names in texts.items())


def flat(value, key=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(inner, "%s.%s" % (key, name) if key else name)
    elif value is not None:
        if isinstance(value, list):
            value = ", ".join(str(x) for x in value)
        yield key, str(value)


def definitions(pairs):
    return "<dl>%s</dl>" % "".join("<dt>%s</dt><dd>%s</dd>" % (escape(k), escape(v)) for k, v in pairs if v)


def again(page):
    out = []
    documents = page.documents or page.all[:1]
    for document in documents:
        environment, program = document.data["environment"], document.data["program"]
        onednn = program["onednn"]
        out.append("<h3>%s</h3>" % escape(document.name))
        out.append(definitions([
            ("Machine", environment.get("cpu_model")),
            ("Cores, threads", "%s, %s" % (environment.get("cores"), environment.get("threads"))),
            ("Memory", "%.1f GiB" % (environment["memory_bytes"] / 2.0 ** 30)
             if environment.get("memory_bytes") else None),
            ("Date", environment.get("date_utc")),
            ("Program", "%s %s (%s)" % (program["name"], program["version"], program.get("git_commit") or "no commit known")),
            ("oneDNN", "%s, %s" % (onednn["version"], onednn.get("isa")) if onednn else None),
            ("Compiler", program.get("compiler"))]))
        command = document.data.get("command")
        if command:
            out.append("<pre tabindex=\"0\" aria-label=\"Command\">%s</pre>" % escape(shlex.join(command)))
        out.append("<details><summary>The whole configuration of %s</summary>%s</details>" % (
            escape(document.name), definitions(flat(document.config))))
    return "\n".join(out)
