#!/usr/bin/env python3
"""The page of results: its numbers are those of the file, it is well formed and asks for nothing, a
screen reader and a browser of any width can read it, and no name in a file becomes markup.

Run by make check in the build folder; needs results-example there.  What a browser has to tell is
left out, with a word, where there is no chromium."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

SOURCE = os.path.abspath(os.environ.get("srcdir")
                         or os.path.dirname(os.path.abspath(__file__)) + "/..")
EXAMPLE = os.path.abspath("results-example")
# The committed pages: name, and what each is made of.
PAGES = {"mini.html": ["mini/t5_c4-en.json", "mini", "bench-d256-bf16.json"],
         "c4-en-tiny.html": ["c4-en-tiny.json", "transfer"], "c4-de-tiny.html": ["c4-de-tiny.json", "transfer"],
         "builtin-tiny.html": ["builtin-tiny.json"]}
NASTY = "<b onclick=\"x('1')\">&amp; 'q'</b>"

failures = 0


def check(good, text):
    global failures
    if not good:
        failures += 1
        print("FAIL: " + text)


def signed(value, digits=3):
    text = "%.*f" % (digits, value)
    return text.lstrip("-") if not text.strip("-0.") else ("%+.*f" % (digits, value)).replace(
        "-", "\u2212")


def example(seeds, kind, name, change=None):
    subprocess.run([EXAMPLE, seeds, kind, name], check=True)
    with open(name, encoding="utf-8") as stream:
        document = json.load(stream)
    if change:
        change(document)
        write(name, document)
    return document


def write(name, document):
    with open(name, "w", encoding="utf-8") as stream:
        json.dump(document, stream)


def run(*arguments):
    return subprocess.run([sys.executable, "-B", os.path.join(SOURCE, "plots", "page.py"),
                           *arguments], capture_output=True, text=True, check=False)


def page(name, *inputs):
    """Makes it; its text and its tree."""
    done = run(*inputs, "-o", name)
    check(done.returncode == 0 and not done.stderr, "%s: %s" % (name, done.stderr))
    if done.returncode:
        return "", ET.Element("html")
    with open(name, encoding="utf-8") as stream:
        text = stream.read()
    check(run(*inputs, "-o", name).returncode == 0 and open(name, encoding="utf-8").read() == text,
          "%s: two runs give other bytes" % name)
    try:
        return text, ET.fromstring(text.replace("<!DOCTYPE html>", "", 1))
    except ET.ParseError as error:
        check(False, "%s: not well formed: %s" % (name, error))
        return text, ET.Element("html")


def words(element):
    return "".join(element.itertext())


# ------------------------------------------------------------------------------ what it must be

def check_whole(name, text, tree):
    """What holds of every page."""
    check(tree.get("lang") == "en", "%s: no language" % name)
    for element in tree.iter():
        for key in ("src", "href", "srcset", "data", "action"):
            value = element.get(key)
            check(value is None or value.startswith("#") or value == "data:,",
                  "%s: fetches %s" % (name, value))
        check(element.tag not in ("script", "img", "iframe", "object", "embed"),
              "%s: has <%s>" % (name, element.tag))
        check(not any(key.startswith("on") for key in element.keys()), "%s: a handler" % name)
    style = words(tree.find("head/style"))
    check("url(" not in style and "@import" not in style, "%s: its style fetches" % name)
    levels = [int(e.tag[1]) for e in tree.iter() if re.fullmatch("h[1-6]", e.tag)]
    check(levels[:1] == [1] and levels.count(1) == 1
          and all(b <= a + 1 for a, b in zip(levels, levels[1:])), "%s: headings %s" % (name, levels))
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    check(len(ids) == len(set(ids)), "%s: an id twice" % name)
    check(tree.find("body/a").get("href") == "#main" and "main" in ids, "%s: no skip link" % name)
    for table in tree.iter("table"):
        check(table.find("caption") is not None, "%s: a table without caption" % name)
        check(all(th.get("scope") in ("col", "row") for th in table.iter("th")),
              "%s: a header without scope" % name)
        widths = {len(row) for row in table.iter("tr")}
        check(len(widths) == 1, "%s: rows of %s cells" % (name, widths))
    for svg in tree.iter("svg"):
        said = {e.get("id"): words(e) for e in svg if e.tag in ("title", "desc")}
        check(svg.get("role") == "img" and len(said) == 2 and all(said.values())
              and svg.get("aria-labelledby").split() == list(said), "%s: a mute figure" % name)
    check("None" not in [t.strip() for t in tree.itertext()
                         if t.strip() != "None."] and " nan" not in text and ">nan" not in text,
          "%s: shows None or nan" % name)


def check_numbers(tree, document, name):
    """Every row of the table of verdicts, and every mark of the forest, against the file."""
    rows = {row["variant"]: row for row in document["tables"]["verdict"]}
    table = next(tree.iter("table"))
    seen = {}
    for row in table.find("tbody"):
        seen[words(row.find("th"))] = {cell.get("data-label"): words(cell) for cell in row.iter("td")}
    check(len(seen) == len(rows) - 1, "%s: %d rows for %d verdicts" % (name, len(seen), len(rows)))
    described = words(next(tree.iter("svg")).find("desc"))
    for variant, row in rows.items():
        label = document["variants"][variant]["label"].replace("FFN_", "")
        if row["verdict"] == "baseline":
            continue
        cells = seen.get(label, {})
        delta, pair = signed(row["delta_nats"]), row["delta_ci95_nats"]
        check(cells.get("Verdict", "").split(",")[0] == row["verdict"], "%s: verdict of %s" % (name, label))
        if row["verdict"] == "undecided" and row["more_seeds"]:
            check("%d more" % row["more_seeds"] in cells["Verdict"], "%s: seeds of %s" % (name, label))
        check(cells.get("\u0394 nats") == delta, "%s: delta of %s" % (name, label))
        if pair:
            text = "[%s, %s]" % tuple(signed(v) for v in pair)
            check(cells.get("95 % interval") == text, "%s: interval of %s" % (name, label))
            check("%s: %s %s" % (label, delta, text) in described, "%s: forest of %s" % (name, label))
        if row["token_multiplier"]:
            check(cells.get("Tokens", "").startswith("%.1f" % row["token_multiplier"]),
                  "%s: tokens of %s" % (name, label))
    return rows


def sections(tree):
    return [words(h) for h in tree.iter("h2")]


def check_examples():
    document = example("5", "slope", "slope.json")
    text, tree = page("slope.html", "slope.json")
    check_whole("slope", text, tree)
    rows = check_numbers(tree, document, "slope")
    first = min((r for r in rows.values() if r["verdict"] == "better"), key=lambda r: r["delta_nats"],
                default=None)
    title = words(next(tree.iter("h1")))
    check(first and "better than" in title and "%.3f nats" % -first["delta_nats"] in title
          and "as if trained %.1f times as long" % first["token_multiplier"] in title,
          "the sentence is " + title)
    heads = sections(tree)
    check(len(heads) == 9 and heads[0].startswith("Against") and heads[-1] == "To make it again",
          "sections %s" % heads)
    for kind in ("plain", "alike", "worse", "diverged", "bare", "winner"):
        document = example("3", kind, kind + ".json")
        text, tree = page(kind + ".html", kind + ".json")
        check_whole(kind, text, tree)
        check_numbers(tree, document, kind)
        title = words(next(tree.iter("h1")))
        check(any(r["verdict"] == "better" for r in document["tables"]["verdict"])
              == ("better than" in title and "no layer" not in title), "%s says: %s" % (kind, title))
    check("diverged" in open("diverged.html", encoding="utf-8").read(), "a diverged run is not told")
    text, _ = page("one.html", "one.json") if example("1", "plain", "one.json") else ("", None)
    check("no interval" in text, "one seed has an interval")


def check_scores():
    document = example("4", "glue", "glue.json")
    text, tree = page("glue.html", "glue.json")
    check_whole("glue", text, tree)
    table = next(t for t in tree.iter("table") if "scores" in words(t.find("caption")))
    rows = [r for r in document["tables"]["scores"] if r["n"] > 0 and r["higher_is_better"]]
    seen = [[words(c) for c in row] for row in table.find("tbody")]
    check(len(seen) == len(rows) and all(
        s[1] == "%.2f" % r["mean"] and (r["delta"] is None or s[2] == signed(r["delta"], 2))
        for s, r in zip(seen, rows)), "scores are not the file's")
    drawn = {}
    for svg in tree.iter("svg"):
        drawn.setdefault(words(svg.find("title")), (words(svg.find("desc")), len(list(svg.iter("circle")))))
    for task, metric in dict.fromkeys((r["task"], r["metric"]) for r in rows):
        those = [r for r in rows if (r["task"], r["metric"]) == (task, metric) and r["delta"] is not None]
        said, dots = next((d for t, d in drawn.items() if t.startswith(task + " " + metric.replace("_", " "))), ("", 0))
        check(dots == len(those) > 0 and all(
            "%s: %s [%s, %s]" % (document["variants"][r["variant"]]["label"].replace("FFN_", ""), *(
                signed(x, 2) for x in (r["delta"], *r["delta_ci95"]))) in said for r in those),
            "the figure of %s %s says: %s" % (task, metric, said))


def check_hostile():
    def change(document):
        for variant in document["variants"].values():
            variant["label"] += NASTY
            variant["formula"] = NASTY
        document["warnings"] = [NASTY]
        document["command"] = ["./glubench", NASTY]
        document["config"]["preset"] = NASTY
        document["environment"]["cpu_model"] = NASTY
    example("3", "plain", "a&<b>\"'.json", change)
    text, tree = page("hostile.html", "a&<b>\"'.json")
    check_whole("hostile", text, tree)
    check("<b onclick" not in text and html.escape(NASTY) in text and NASTY in words(tree),
          "a name became markup")


def check_study():
    os.mkdir("study")
    setting = example("3", "plain", "study/10.json")
    write("study/20.json", setting)
    pair = [-0.05, -0.01]
    names = [v for v in setting["variants"] if v != setting["baseline"]] + ["gated - ungated"]
    study = {"points": {"10": {"steps": "10"}, "20": {"steps": "20"}}, "axes": {}, "tables": {
        "transfer": [{"variant": v, "settings": 2, "held": 1 + i % 2, "k": 1, "k_held": 1, "p_sign": 1.0,
                      "mean_nats": -0.03 - i / 1000, "ci95_nats": pair, "prediction_nats": None,
                      "tau_nats": 0.0, "i2_percent": 0.0} for i, v in enumerate(names)],
        "settings": [{"setting": s, "variant": v, "n": 3, "difference_nats": -0.0375, "ci95_nats": pair}
                     for s in ("10", "20") for v in names],
        "axes": [{"axis": "steps", "value": s, "n": 3, "gap_nats": -0.0375, "gap_ci95_nats": pair,
                  "against": None, "change_nats": None, "p_holm": None} for s in ("10", "20")],
        "slope": [{"axis": "steps", "variant": v, "n": 3, "low": 10.0, "high": 20.0, "low_nats": -0.0375,
                   "high_nats": -0.0265, "slope_nats": 0.0123, "slope_ci95_nats": pair, "p_slope": 0.5,
                   "crosses": False} for v in names]}}
    write("study/study.json", study)
    for name, inputs in (("study", ["study"]), ("both", ["slope.json", "study"])):
        text, tree = page(name + ".html", *inputs)
        check_whole(name, text, tree)
        check("\u22120.037" in text and "\u22120.026" in text and "+0.0123" in text and "1 of 2" in text,
              "%s: numbers of the study are missing" % name)
        check(len(list(tree.iter("svg"))) >= 2, "%s: too few figures" % name)
    check("so it was in" in words(next(tree.iter("h1"))), "the sentence forgets the settings")


def check_refusals():
    write("bad.json", {"schema_version": 1})
    for arguments, word in ((["missing.json"], "missing.json"), (["bad.json"], "glubench validate"),
                            (["study", "study"], "one study"), ([os.curdir], "study.json")):
        done = run(*arguments, "-o", "refused.html")
        check(done.returncode == 2 and done.stderr.count("\n") == 1 and word in done.stderr
              and not os.path.exists("refused.html"), "not refused: %s: %s" % (arguments, done.stderr))
    check(run("plain.json", "-o", "refused.txt").returncode == 2, "a page named .txt")


# ---------------------------------------------------------------------------------- a browser

# Each page at each width in a frame; what is too wide, and how many marks every figure shows.
FRAMES = """<!DOCTYPE html><meta charset="utf-8"><body><script>
addEventListener("load", () => setTimeout(() => {
  const found = [];
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, width = frame.contentWindow.innerWidth;
    const marks = [...page.querySelectorAll("svg")].map(svg => {
      const box = svg.getBoundingClientRect();
      return [...svg.querySelectorAll("circle")].filter(mark => {
        const at = mark.getBoundingClientRect();
        return at.width > 2 && at.left >= box.left && at.right <= box.right + 1 && at.bottom <= box.bottom;
      }).length;
    });
    const cut = [...page.querySelectorAll(".wide")].filter(box => box.scrollWidth > box.clientWidth).length;
    found.push({name: frame.title, width: width, wide: page.documentElement.scrollWidth, marks: marks, cut: cut,
      requests: frame.contentWindow.performance.getEntriesByType("resource").length});
  }
  document.body.replaceChildren("FOUND" + JSON.stringify(found) + "END");
}, 100));
</script>%s</body>"""


def check_committed():
    """The pages of results/pages are those of the files beside them."""
    results = os.path.join(SOURCE, "results")
    for name, inputs in PAGES.items():
        done = run(*(os.path.join(results, i) for i in inputs), "-o", name)
        check(done.returncode == 0, "%s: %s" % (name, done.stderr))
        with open(name, encoding="utf-8") as made, \
                open(os.path.join(results, "pages", name), encoding="utf-8") as kept:
            check(made.read() == kept.read(), "results/pages/%s is not what plots/page.py makes of %s; make it again"
                  % (name, " ".join(inputs)))


def check_browser(chromium, names):
    frames = []
    for name in names:
        with open(name + ".html", encoding="utf-8") as stream:
            text = html.escape(stream.read())
        frames += ['<iframe title="%s" style="width:%dpx;height:900px" srcdoc="%s"></iframe>'
                   % (name, width, text) for width in (390, 1280)]
    with open("frames.html", "w", encoding="utf-8") as stream:
        stream.write(FRAMES % "".join(frames))
    done = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--user-data-dir=" + os.path.abspath("profile"), "--window-size=1400,900",
         "--virtual-time-budget=5000", "--enable-logging=stderr", "--dump-dom",
         "file://" + os.path.abspath("frames.html")],
        capture_output=True, text=True, check=False, timeout=240)
    found = re.search("FOUND(.*)END", done.stdout.split("</script>")[-1])
    if not found:
        check(False, "chromium says nothing: " + done.stderr[-600:])
        return
    check("CONSOLE" not in done.stderr, "the console: " + "\n".join(
        line for line in done.stderr.splitlines() if "CONSOLE" in line))
    found = json.loads(html.unescape(found.group(1)))
    check(len(found) == 2 * len(names), "%d frames" % len(found))
    for one in found:
        where = "%s at %d" % (one["name"], one["width"])
        check(one["wide"] <= one["width"], "%s: %d wide" % (where, one["wide"]))
        check(all(one["marks"]), "%s: marks of its figures: %s" % (where, one["marks"]))
        check(one["marks"] or one["name"] == "none", "%s: no figures" % where)
        check(one["requests"] == 0, "%s: %d requests" % (where, one["requests"]))
        check(one["cut"] == 0 or one["width"] < 1000 or one["name"] == "hostile",
              "%s: %d tables must be moved to be read" % (where, one["cut"]))


def main():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which(
        "google-chrome")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        check_examples()
        check_scores()
        check_hostile()
        check_study()
        check_refusals()
        check_committed()
        if chromium:
            check_browser(chromium, ["slope", "diverged", "glue", "hostile", "both", "mini"])
        os.chdir("/")
    print("%s; %s" % ("%d failures" % failures if failures else "ok", "seen in chromium" if chromium
                      else "no chromium, so not seen in a browser"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
