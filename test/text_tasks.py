#!/usr/bin/env python3
"""The texts of all tasks that are told in words, made once more by other code, against those of test-text-tasks,
example by example, for every file that $GLUBENCH_DATA has.

    text_tasks.py           compare
    text_tasks.py --sums    the lines of the table in test/test-text-tasks.c"""
import csv
import gzip
import hashlib
import json
import os
import re
import string
import struct
import subprocess
import sys

PROGRAM = os.path.abspath("test-text-tasks")
DATA = os.environ.get("GLUBENCH_DATA", "")
csv.field_size_limit(1 << 30)


def example(text, target, label=-1, group=-1, number=0.0, answers=None):
    """As the program prints one."""
    return {"input": text, "target": target, "label": label, "group": group, "number": number, "answers": answers}


def path_of(name):
    """Of a file of the data."""
    return os.path.join(DATA, name)


def table(name, columns, header=True):
    """The fields of rows that have them all, without quoting."""
    with open(path_of(name), encoding="utf-8-sig", newline="\n") as file:
        if header:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            for row in rows:
                fields = [row[column] for column in columns]
                if None not in fields:
                    yield fields
        else:
            for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if len(row) > max(columns):
                    yield [row[column] for column in columns]


def objects(name):
    """The rows of a file of JSON lines."""
    with open(path_of(name), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def class_of(label, words):
    """The number of a class, however the file writes it."""
    if isinstance(label, str) and not label.isdigit():
        return words.index(label)
    return int(label)


def glue(prefix, folder, names, columns, label, words, files=("train.tsv", "dev.tsv"), header=True):
    """A task with a table of text."""
    def read(split):
        for *fields, given in table(f"glue/{folder}/{files[split]}", columns + [label], header):
            number = class_of(given, words)
            text = " ".join([prefix] + [f"{name}: {field}" for name, field in zip(names, fields)])
            yield example(text, words[number], number)
    return read


def single(value):
    """Rounded to 32 bits."""
    return struct.unpack("f", struct.pack("f", value))[0]


def stsb(split):
    """Scores in fifths."""
    file = ("train.tsv", "dev.tsv")[split]
    for one, other, score in table(f"glue/STS-B/{file}", ["sentence1", "sentence2", "score"]):
        target = "%.1f" % single(round(single(single(float(score)) * 5)) / 5)
        yield example(f"stsb sentence1: {one} sentence2: {other}", target, number=float(target))


def superglue(prefix, folder, names, words):
    """A task with a row an example."""
    def read(split):
        for row in objects(f"superglue/{folder}/{('train', 'val')[split]}.jsonl"):
            number = class_of(row["label"], words)
            text = " ".join([prefix] + [f"{name}: {row[name]}" for name in names])
            yield example(text, words[number], number)
    return read


def multirc(split):
    """An example an answer."""
    for row in objects(f"superglue/MultiRC/{('train', 'val')[split]}.jsonl"):
        passage = row["passage"]
        for question in passage["questions"]:
            for answer in question["answers"]:
                text = (f"multirc question: {question['question']} answer: {answer['text']} "
                        f"paragraph: {passage['text']}")
                text = re.sub("</?b>", "", text.replace("<br>", " "))
                yield example(text, ("False", "True")[answer["label"]], answer["label"], question["idx"])


def record(split):
    """An example an answer to train on, one a query to be scored."""
    for row in objects(f"superglue/ReCoRD/{('train', 'val')[split]}.jsonl"):
        text = row["passage"]["text"]
        entities = sorted({text[e["start"]:e["end"] + 1] for e in row["passage"]["entities"]})
        passage = re.sub(r"""([.?!"'])\n@highlight\n""", r"\1 ", text)
        passage = passage.replace("\n@highlight\n", ". ")
        for query in row["qas"]:
            answers = sorted({answer["text"] for answer in query["answers"]})
            whole = f"record query: {query['query']} entities: {', '.join(entities)} passage: {passage}"
            if split == 0:
                yield from (example(whole, answer) for answer in answers)
            else:
                yield example(whole, answers[0], answers=answers)


def wsc(split):
    """Of training those that are true."""
    for i, row in enumerate(objects(f"superglue/WSC/{('train', 'val')[split]}.jsonl")):
        text, target = row["text"], row["target"]
        words = text.split(" ")
        if words[target["span2_index"]] == target["span2_text"]:
            words[target["span2_index"]] = f"*{target['span2_text']}*"
            marked = " ".join(words)
        elif (split, i) == (1, 42):
            marked = text.replace("want to use it , but", "want to use *it* , but")
        else:
            assert split == 0 and i in (137, 453, 533), i
            head, _, tail = text.partition('"Good for him," he said.')
            assert tail.strip() == ""
            marked = head + '"Good for *him* ," he said.'
        referent = target["span1_text"]
        if referent not in text:
            first = text.split(" ")[target["span1_index"]][0]
            referent = (referent[0].lower() if first.islower() else referent[0].upper()) + referent[1:]
            referent = referent.rstrip(".").replace("\n", " ")
        if split == 1 or row["label"]:
            yield example("wsc: " + marked, referent, int(row["label"]))


def dpr(split):
    """Blocks of five lines."""
    assert split == 0
    with open(path_of("dpr/train.c.txt"), encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    for i in range(0, len(lines), 5):
        sentence, pronoun, candidates, right = lines[i:i + 4]
        assert right in [candidate.strip() for candidate in candidates.split(",")]
        marked = re.sub(f" {re.escape(pronoun)}([ .,])", rf" *{pronoun}*\1", sentence, count=1)
        yield example("wsc: " + marked, right)


def pad(text):
    """Punctuation between spaces."""
    text = "".join(f" {c} " if c in string.punctuation else c for c in text)
    return re.sub("[ \t\n\r\f]+", " ", text)


def squad(split):
    """Questions with their passages."""
    with open(path_of(f"squad/{('train', 'dev')[split]}-v1.1.json"), encoding="utf-8") as file:
        articles = json.load(file)["data"]
    for paragraph in (p for article in articles for p in article["paragraphs"]):
        for qas in paragraph["qas"]:
            answers = [pad(answer["text"]) for answer in qas["answers"]]
            text = f"question: {pad(qas['question'])} context: {pad(paragraph['context'])}"
            yield example(re.sub(" +", " ", text), answers[0], answers=answers)


def translation(stem, source, target):
    """Two aligned files."""
    names = {"en": "English", "de": "German", "fr": "French"}

    def lines(language):
        with gzip.open(path_of(f"multi30k/{stem}.{language}.gz"), "rt", encoding="utf-8", newline="\n") as file:
            return file.read().split("\n")[:-1]

    def read(split):
        assert split == 0
        for one, other in zip(lines(source), lines(target), strict=True):
            yield example(f"translate {names[source]} to {names[target]}: {one}", other)
    return read


ENTAILED = ["entailment", "not_entailment"]
MNLI = ["mnli", "MNLI", ["hypothesis", "premise"], ["sentence2", "sentence1"], "gold_label",
        ["entailment", "neutral", "contradiction"]]
PAIR = ["sentence1", "sentence2"]
TASKS = {
    "cola": glue("cola", "CoLA", ["sentence"], [3], 1, ["unacceptable", "acceptable"], header=False),
    "sst2": glue("sst2", "SST-2", ["sentence"], ["sentence"], "label", ["negative", "positive"]),
    "mrpc": glue("mrpc", "MRPC", PAIR, ["#1 String", "#2 String"], "Quality", ["not_equivalent", "equivalent"]),
    "stsb": stsb,
    "qqp": glue("qqp", "QQP", ["question1", "question2"], ["question1", "question2"], "is_duplicate",
                ["not_duplicate", "duplicate"]),
    "mnli": glue(*MNLI, files=("train.tsv", "dev_matched.tsv")),
    "mnli_mismatched": glue(*MNLI, files=(None, "dev_mismatched.tsv")),
    "qnli": glue("qnli", "QNLI", ["question", "sentence"], ["question", "sentence"], "label", ENTAILED),
    "rte": glue("rte", "RTE", PAIR, PAIR, "label", ENTAILED),
    "boolq": superglue("boolq", "BoolQ", ["passage", "question"], ["False", "True"]),
    "cb": superglue("cb", "CB", ["hypothesis", "premise"], ["entailment", "contradiction", "neutral"]),
    "copa": superglue("copa", "COPA", ["choice1", "choice2", "premise", "question"], ["choice1", "choice2"]),
    "multirc": multirc,
    "record": record,
    "superglue_rte": superglue("rte", "RTE", ["hypothesis", "premise"], ENTAILED),
    "wic": superglue("wic", "WiC", ["sentence1", "sentence2", "word"], ["False", "True"]),
    "wsc": wsc,
    "dpr": dpr,
    "squad": squad,
}
SPLITS = ("train", "dev")
ONE_SPLIT = {"mnli_mismatched": [1], "dpr": [0]}


def jobs():
    """(what the program calls it, its split, what reads it here)."""
    for name, read in TASKS.items():
        for split in ONE_SPLIT.get(name, [0, 1]):
            yield name, split, read
    for stem in ("train", "val", "test_2016_flickr", "test_2017_mscoco"):
        for target in ("de", "fr"):
            files = ",".join(path_of(f"multi30k/{stem}.{language}.gz") for language in ("en", target))
            yield f"translation:{files}", 0, translation(stem, "en", target)


def printed(name, split):
    """What the program makes of the files."""
    output = subprocess.run([PROGRAM, "--print", name, SPLITS[split], DATA], check=True, stdout=subprocess.PIPE)
    return [json.loads(line) for line in output.stdout.decode("utf-8").splitlines()]


def main():
    """Compare, or print the sums."""
    if not os.path.isdir(path_of("glue")):
        print("GLUBENCH_DATA does not say where the data of the tasks are")
        return 77
    failed = 0
    for name, split, read in jobs():
        expected = list(read(split))
        if "--sums" in sys.argv:
            text = "".join(f"{e['input']}\t{e['target']}\n" for e in expected[:100])
            digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
            print(f'    {{"{name.replace(DATA + "/", "")}", {split}, {len(expected)},\n     "{digest}"}},')
            continue
        seen = printed(name, split)
        wrong = [i for i, (a, b) in enumerate(zip(seen, expected)) if a != b]
        if len(seen) != len(expected) or wrong:
            failed = 1
            print(f"FAIL: {name} {SPLITS[split]}: {len(seen)} examples, not {len(expected)}; {len(wrong)} differ")
            for i in wrong[:1]:
                print(f"  {i}:\n  {seen[i]}\n  {expected[i]}")
        else:
            print(f"{name} {SPLITS[split]}: {len(seen)} examples are the same")
    return failed


sys.exit(main())
