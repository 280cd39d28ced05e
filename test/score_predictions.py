#!/usr/bin/env python3
"""Score predictions by other code than the program's.

    score_predictions.py TASK FILE   print the scores of FILE as JSON
    score_predictions.py             make up answers to every task, and compare with `glubench score`

FILE has an object on each line: input, target, output, and class_nll_nats ({word: nats}) where the task has
classes.  What no target tells has fields of its own: label (wsc: 0 or 1), group (multirc: the number of the
question) and answers (squad, record: all that are right)."""
import collections
import functools
import json
import math
import os
import random
import re
import string
import subprocess
import sys
import tempfile
import unicodedata

ENTAILMENT = ["entailment", "not_entailment"]
BOOLEAN = ["False", "True"]
CLASSES = {
    "cola": ["unacceptable", "acceptable"],
    "sst2": ["negative", "positive"],
    "mrpc": ["not_equivalent", "equivalent"],
    "qqp": ["not_duplicate", "duplicate"],
    "mnli": ["entailment", "neutral", "contradiction"],
    "mnli_mismatched": ["entailment", "neutral", "contradiction"],
    "qnli": ENTAILMENT,
    "rte": ENTAILMENT,
    "superglue_rte": ENTAILMENT,
    "boolq": BOOLEAN,
    "cb": ["entailment", "contradiction", "neutral"],
    "copa": ["choice1", "choice2"],
    "multirc": BOOLEAN,
    "wic": BOOLEAN,
}
UNDEFINED = None


def mean(values):
    """The mean, undefined of none."""
    values = list(values)
    return math.fsum(values) / len(values) if values else UNDEFINED


def percent(values):
    """The mean times 100."""
    share = mean(values)
    return share if share is UNDEFINED else 100 * share


# ==== Labels ====

def labels(task, rows):
    """[(gold, predicted)], -1 for what is no class word."""
    number = {word: i for i, word in enumerate(CLASSES[task])}
    return [(number[row["target"]], number.get(row["output"], -1)) for row in rows]


def accuracy(task, rows):
    return percent(gold == named for gold, named in labels(task, rows))


def mcc(task, rows):
    pairs = labels(task, rows)
    if not pairs:
        return UNDEFINED
    gold = collections.Counter(pair[0] for pair in pairs)
    named = collections.Counter(pair[1] for pair in pairs)
    s, c = len(pairs), sum(a == b for a, b in pairs)
    root = (s * s - sum(p * p for p in named.values())) * (s * s - sum(t * t for t in gold.values()))
    if root == 0:
        return 0.0
    return 100 * (c * s - sum(named[k] * gold[k] for k in gold)) / math.sqrt(root)


def f1_of(pairs, positive):
    """The F1 of a class."""
    right = sum(gold == named == positive for gold, named in pairs)
    wrong = sum((gold == positive) != (named == positive) for gold, named in pairs)
    return 2 * right / (2 * right + wrong) if right else 0.0


def f1(task, rows):
    pairs = [(gold, named if named in (0, 1) else 1 - gold) for gold, named in labels(task, rows)]
    return 100 * f1_of(pairs, 1) if pairs else UNDEFINED


def macro_f1(task, rows):
    pairs = labels(task, rows)
    return percent(f1_of(pairs, k) for k in range(len(CLASSES[task]))) if pairs else UNDEFINED


def em_question(task, rows):
    questions = collections.defaultdict(list)
    for row, (gold, named) in zip(rows, labels(task, rows)):
        questions[row["group"]].append(gold == named)
    return percent(all(right) for right in questions.values())


# ==== Numbers ====

def number(output):
    """An output as a number, -1 when it is none."""
    if not re.fullmatch(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", output):
        return -1.0
    return float(output)


def correlation(x, y):
    if len(set(x)) < 2 or len(set(y)) < 2:
        return UNDEFINED
    x = [a - mean(x) for a in x]
    y = [b - mean(y) for b in y]
    product = math.fsum(a * b for a, b in zip(x, y))
    return 100 * product / math.sqrt(math.fsum(a * a for a in x) * math.fsum(b * b for b in y))


def ranks(x):
    return [sum(b < a for b in x) + (sum(b == a for b in x) + 1) / 2 for a in x]


def numbers(rows):
    return [float(row["target"]) for row in rows], [number(row["output"]) for row in rows]


def pearson(_, rows):
    return correlation(*numbers(rows))


def spearman(_, rows):
    gold, read = numbers(rows)
    return correlation(ranks(gold), ranks(read))


# ==== Pieces of text ====

def normalised(answer):
    text = "".join(c for c in answer.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def words_f1(output, gold):
    output, gold = normalised(output), normalised(gold)
    common = sum((collections.Counter(output) & collections.Counter(gold)).values())
    return 2 * common / (len(output) + len(gold)) if common else 0.0


def right_answers(row):
    return row.get("answers", [row["target"]])


def squad_em(_, rows):
    return percent(any(normalised(row["output"]) == normalised(gold) for gold in right_answers(row))
                   for row in rows)


def squad_f1(_, rows):
    return percent(max(words_f1(row["output"], gold) for gold in right_answers(row)) for row in rows)


DETERMINERS = set("""a an few her his each every many much my our some that the their these this those which whose
    your""".split())


def referent(text):
    return " ".join(word for word in text.strip().lower().split(" ") if word not in DETERMINERS)


def wsc_label(output, target):
    output, target = referent(output), referent(target)
    if not output:
        return -1
    if ("'" in output) != ("'" in target):
        return 0
    output, target = set(output.split(" ")), set(target.split(" "))
    return int(output <= target or target <= output)


def wsc(_, rows):
    return percent(wsc_label(row["output"], row["target"]) == row["label"] for row in rows)


# ==== Translations ====

def category(letter):
    """Of a character class: all characters of Unicode's category."""
    return "".join(re.escape(chr(c)) for c in range(sys.maxunicode + 1)
                   if unicodedata.category(chr(c))[0] == letter)


NUMBERS, MARKS, SYMBOLS = category("N"), category("P"), category("S")
INTL = [
    (re.compile(f"([^{NUMBERS}])([{MARKS}])"), r"\1 \2 "),
    (re.compile(f"([{MARKS}])([^{NUMBERS}])"), r" \1 \2"),
    (re.compile(f"([{SYMBOLS}])"), r" \1 "),
]
LATIN = [
    (re.compile(r"""([!"#$%&()*+/:;<=>?@\[\\\]^_`{|}~])"""), r" \1 "),
    (re.compile(r"([^0-9])([.,])"), r"\1 \2 "),
    (re.compile(r"([.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
]


def tokens_intl(line):
    for pattern, spaced in INTL:
        line = pattern.sub(spaced, line)
    return line.split()


def tokens_13a(line):
    line = line.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, mark in ("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"):
        line = line.replace(entity, mark)
    line = f" {line} "
    for pattern, spaced in LATIN:
        line = pattern.sub(spaced, line)
    return line.split()


def runs(items, order):
    return collections.Counter(tuple(items[i:i + order]) for i in range(len(items) - order + 1))


def bleu(rows, tokens, lower):
    matches, candidates, length, reference_length = [0] * 4, [0] * 4, 0, 0
    for row in rows:
        output, reference = row["output"], row["target"]
        if lower:
            output, reference = output.lower(), reference.lower()
        output, reference = tokens(output.rstrip()), tokens(reference.rstrip())
        length += len(output)
        reference_length += len(reference)
        for n in range(4):
            found = runs(output, n + 1)
            matches[n] += sum((found & runs(reference, n + 1)).values())
            candidates[n] += sum(found.values())
    if not rows:
        return UNDEFINED
    if not any(matches) or not all(candidates):
        return 0.0
    product, missed = 1.0, 0
    for m, c in zip(matches, candidates):
        missed += m == 0
        product *= m / c if m else 1 / (2 ** missed * c)
    penalty = 1.0 if length >= reference_length else math.exp(1 - reference_length / length)
    return 100 * penalty * product ** 0.25


def chrf2(_, rows):
    outputs, references, common = [0] * 6, [0] * 6, [0] * 6
    for row in rows:
        output, reference = "".join(row["output"].split()), "".join(row["target"].split())
        for n in range(6):
            found, wanted = runs(output, n + 1), runs(reference, n + 1)
            outputs[n] += sum(found.values()) if wanted else 0
            references[n] += sum(wanted.values())
            common[n] += sum((found & wanted).values())
    orders = [n for n in range(6) if outputs[n] and references[n]]
    if not rows:
        return UNDEFINED
    precision = mean(common[n] / outputs[n] for n in orders) or 0.0
    recall = mean(common[n] / references[n] for n in orders) or 0.0
    return 500 * precision * recall / (4 * precision + recall) if precision + recall else 0.0


METRICS = {task: {"accuracy": accuracy} for task in CLASSES}
METRICS["cola"] = {"mcc": mcc}
METRICS["mrpc"] = METRICS["qqp"] = {"f1": f1, "accuracy": accuracy}
METRICS["stsb"] = {"pearson": pearson, "spearman": spearman}
METRICS["cb"] = {"macro_f1": macro_f1, "accuracy": accuracy}
METRICS["multirc"] = {"f1a": f1, "em": em_question}
METRICS["wsc"] = {"accuracy": wsc}
METRICS["record"] = METRICS["squad"] = {"f1": squad_f1, "em": squad_em}
METRICS["translation"] = {
    "bleu_13a": lambda _, rows: bleu(rows, tokens_13a, False),
    "bleu_intl": lambda _, rows: bleu(rows, tokens_intl, False),
    "bleu_13a_lc": lambda _, rows: bleu(rows, tokens_13a, True),
    "bleu_intl_lc": lambda _, rows: bleu(rows, tokens_intl, True),
    "chrf2": chrf2,
}


# ==== Likelihoods of classes ====

def t_above(t, degrees):
    """How likely Student's t is above t, by Simpson's rule over the angle whose tangent is t / sqrt(degrees)."""
    def density(angle):
        return math.cos(angle) ** (degrees - 1)

    def integral(low, high, steps=2000):
        width = (high - low) / steps
        inner = math.fsum((4 if i % 2 else 2) * density(low + i * width) for i in range(1, steps))
        return (density(low) + inner + density(high)) * width / 3

    start = math.atan(t / math.sqrt(degrees))
    return integral(start, math.pi / 2) / integral(-math.pi / 2, math.pi / 2)


@functools.cache
def t_quantile(degrees):
    """Above which t is in 2.5 % of cases."""
    low, high = 0.0, 1000.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if t_above(middle, degrees) > 0.025 else (low, middle)
    return low


def class_scores(task, rows):
    """Of the nats of the class words, against those of guessing the classes' shares."""
    shares = collections.Counter(row["target"] for row in rows)
    nats, priors, right = [], [], []
    for row in rows:
        words = row["class_nll_nats"]
        nats.append(words[row["target"]] + math.log(math.fsum(math.exp(-x) for x in words.values())))
        priors.append(-math.log(shares[row["target"]] / len(rows)))
        right.append(min(CLASSES[task], key=words.get) == row["target"])
    scores = {"label_nats": mean(nats), "label_accuracy": percent(right), "label_prior_nats": mean(priors),
              "label_minus_prior_ci95_nats": UNDEFINED, "label_signal": "no signal"}
    if len(rows) > 1:
        differences = [a - b for a, b in zip(nats, priors)]
        middle = mean(differences)
        variance = math.fsum((x - middle) ** 2 for x in differences) / (len(rows) - 1)
        half = t_quantile(len(rows) - 1) * math.sqrt(variance / len(rows))
        scores["label_minus_prior_ci95_nats"] = [middle - half, middle + half]
        if middle + half < 0:
            scores["label_signal"] = "signal"
        elif middle - half > 0:
            scores["label_signal"] = "worse than the prior"
    return scores


def score(task, rows):
    """{name: score} of a task's predictions."""
    scores = {name: metric(task, rows) for name, metric in METRICS[task].items()}
    if task in CLASSES and rows and "class_nll_nats" in rows[0]:
        scores.update(class_scores(task, rows))
    return scores


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


# ==== Made-up answers ====

PIECES = ["the", "The", "a", "an", "some", "cat", "cats", "dog", "Dog", "Bob's", "Bob", "hat", "big",
          "25-year-old", "3,50", "$3.50", "U.S.", "Army", "man", "in", "1990.", "wait...", "Ärger",
          "ÄRGER", "straße", "\u201eJa\u201c,", "café", "‘moose’", "R&amp;D", "<skipped>", "5--6", "x²",
          "5€", "&quot;quoted&quot;", "ΟΔΟΣ", "a_b", "(yes)", "三", "no!?", "a\u0301", "\u00a0", "don't",
          "0.5", ".5", "-", "--", ",", "this", "İ"]
NUMERALS = ["0.0", "1.0", "2.4", "3.6", "5.0", "4", " 2.0 ", "1e0", "abc", "", "nan", "inf",
            "2.4.", "1_0", "-3", "0x2", "٣"]


def sentence(rng, most=12):
    return rng.choice([" ", " ", " ", "  "]).join(rng.choice(PIECES) for _ in range(rng.randint(0, most)))


def near(rng, text):
    """A text, or one like it, or another."""
    words = text.split(" ")
    if rng.random() < 0.5:
        words[rng.randrange(len(words))] = rng.choice(PIECES)
    if rng.random() < 0.3:
        words.insert(rng.randrange(len(words) + 1), rng.choice(PIECES))
    return rng.choice([" ".join(words), text, text.upper(), f" {text}.\t", sentence(rng), ""])


def make_up_class(rng, task, i, skill):
    words = CLASSES[task]
    target = rng.choices(words, range(1, len(words) + 1))[0]
    nats = {word: rng.uniform(0, 4) for word in words}
    nats[target] = max(0.0, nats[target] - skill)
    if rng.random() < 0.1:
        nats[words[-1]] = nats[words[0]]
    output = rng.choice([target, target, rng.choice(words), rng.choice(words), target.upper(), target + " ", ""])
    return {"target": target, "output": output, "class_nll_nats": nats, "group": i // 3}


def make_up(rng, task, i, skill):
    """A line of predictions."""
    row = {"input": sentence(rng), "step": 100}
    if task in CLASSES:
        row.update(make_up_class(rng, task, i, skill))
    elif task == "stsb":
        row.update(target=rng.choice(NUMERALS[:5]), output=rng.choice(NUMERALS))
    else:
        row["target"] = sentence(rng, 30 if task == "translation" else 4)
        row["output"] = near(rng, row["target"])
    if task == "wsc":
        row["label"] = rng.randint(0, 1)
    if task in ("squad", "record") and rng.random() < 0.7:
        row["answers"] = [row["target"]] + [near(rng, row["target"]) for _ in range(rng.randint(0, 3))]
        rng.shuffle(row["answers"])
    return row


def same(a, b):
    if isinstance(a, (str, type(None))) or isinstance(b, (str, type(None))):
        return a == b
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return math.isclose(a, b, rel_tol=1e-8, abs_tol=1e-8)


def compare(task, rows):
    """How many scores of the program are not these."""
    with open("predictions.jsonl", "w", encoding="utf-8") as file:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False), file=file)
    told = subprocess.run([PROGRAM, "score", "--task", task, "--format", "json", "predictions.jsonl"], check=True,
                          capture_output=True, text=True).stdout
    seen, expected = json.loads(told)[0], score(task, read("predictions.jsonl"))
    del seen["file"]
    faults = [name for name in sorted({*seen, *expected})
              if name not in seen or name not in expected or not same(seen[name], expected[name])]
    for name in faults:
        print(f"FAIL: {task}, {len(rows)} answers: {name} is {seen.get(name)}, not {expected.get(name)}",
              file=sys.stderr)
    return len(faults)


def main():
    faults = compared = 0
    for task in sorted(METRICS):
        rng = random.Random(task)
        for count in 1, 2, 7, 60, 200:
            rows = [make_up(rng, task, i, rng.choice([0, 3]) if count > 20 else 1) for i in range(count)]
            faults += compare(task, rows)
            compared += 1
        if task == "stsb":
            faults += compare(task, [{**row, "output": "2.0"} for row in rows])
    print(f"{compared} files, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) == 3:
        json.dump(score(sys.argv[1], read(sys.argv[2])), sys.stdout, indent=1)
        print()
        sys.exit(0)
    PROGRAM = os.path.abspath("glubench")
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        code = main()
        os.chdir("/")
    sys.exit(code)
