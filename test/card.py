#!/usr/bin/env python3
"""What stands beside weights for others: the model card, whose figures are the results file's, and the
tokenizer's configuration, by the rules of the classes that read it."""
import json
import math
import os
import re
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath("glubench")
SMOKE = ["run", "--quiet", "--preset", "smoke", "--samples", "0", "--threads", "1", "--no-slope", "--steps", "3",
         "--output", "x.json"]
failed = 0


def check(good, what):
    """Count and tell what is not good."""
    global failed
    if not good:
        failed = 1
        print(f"FAIL: {what}", file=sys.stderr)


def run(*arguments):
    """The results of a run."""
    done = subprocess.run([PROGRAM] + SMOKE + list(arguments), check=False, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True)
    check(done.returncode == 0, f"{arguments}: {done.stderr}")
    with open("x.json", encoding="utf-8") as file:
        return json.load(file)


# ---- YAML, as far as a card has it ----


def scalar(text):
    """A value on one line."""
    if text.startswith('"'):
        return json.loads(text)
    return float(text) if re.fullmatch(r"-?[0-9.]+(e[-+]?[0-9]+)?", text) else text


def block(lines, indent):
    """The list or mapping of the lines that begin at this indent, which are taken."""
    found = [] if lines[0][indent:].startswith("- ") else {}
    while lines and len(lines[0]) - len(lines[0].lstrip()) == indent and \
            lines[0][indent:].startswith("- ") == isinstance(found, list):
        line = lines.pop(0)
        rest = line[indent + 2:] if isinstance(found, list) else line[indent:]
        entry = re.fullmatch(r"([a-z_-]+):(?: (.*))?", rest)
        if isinstance(found, list):
            if entry:
                lines.insert(0, " " * (indent + 2) + rest)
                found.append(block(lines, indent + 2))
            else:
                found.append(scalar(rest))
        else:
            key, value = entry.groups()
            assert key not in found, f"{key} twice"
            inner = lines and len(lines[0]) - len(lines[0].lstrip())
            found[key] = scalar(value) if value is not None else block(lines, inner)
    return found


def read_card(folder):
    """(what programs read, what people read)."""
    with open(f"{folder}/README.md", encoding="utf-8") as file:
        text = file.read()
    _, front, body = text.split("---\n", 2)
    lines = front.splitlines()
    check(re.fullmatch(r"# A card by glubench [0-9.]+\.", lines[0]), f"{folder}: whose card it is: {lines[0]}")
    return block(lines[1:], 0), body


# ---- Cards ----


def check_figures(what, front, body, results):
    """All that the card tells of a run is what its row tells."""
    row = results["runs"][0]
    variant = results["variants"][row["variant"]]
    (index,) = front["model-index"]
    (result,) = index["results"]
    values = {metric["type"]: metric["value"] for metric in result["metrics"]}
    check(values == {"log-perplexity": row["heldout_log_perplexity_nats"],
                     "perplexity": row["heldout_perplexity"]}, f"{what}: metrics {values}")
    check(all(f"{row['heldout_target_tokens']} target tokens" in metric["name"]
              for metric in result["metrics"]), f"{what}: of how many tokens")
    check(result["task"]["type"] and result["dataset"]["type"] and result["dataset"]["name"],
          f"{what}: what the hub needs")
    for figure in (row["heldout_log_perplexity_nats"], row["heldout_perplexity"], row["heldout_examples"],
                   row["parameters_sha256"], f"seed | {row['seed']}", f"steps | {row['steps']} of",
                   f"{row['tokens_seen']} tokens", variant["parameters"],
                   f"d_ff {variant['d_ff']}", results["config"]["corpus"]["sha256"],
                   results["config"]["heldout"]["sha256"], f"`{row['variant']}`"):
        check(str(figure) in body, f"{what}: no {figure} in the card")
    check(math.isclose(math.exp(values["log-perplexity"]), values["perplexity"], rel_tol=1e-9),
          f"{what}: the metrics are of one another")
    check("no general-purpose model" in body and os.getcwd() not in body, f"{what}: what it is not")


def check_cards():
    """Of both architectures, and of a function that others have not."""
    results = run("--variant", "swiglu", "--seed", "5", "--save-checkpoint", "w")
    front, body = read_card("w")
    check_figures("T5", front, body, results)
    check(front["library_name"] == "transformers" and front["license"] == "unknown" and
          front["pipeline_tag"] == "text2text-generation" and front["tags"] == ["glubench", "t5", "swiglu"] and
          front["datasets"] == ["glubench-builtin"] and front["model-index"][0]["name"] == "t5-swiglu-s5" and
          "language" not in front, f"T5: {front}")
    check('T5ForConditionalGeneration.from_pretrained("DIR")' in body and
          "`glubench run --init-checkpoint DIR`" in body, "T5: how to load it")
    results = run("--preset", "lm-smoke", "--variant", "swiglu", "--save-checkpoint", "lm")
    front, body = read_card("lm")
    check_figures("lm", front, body, results)
    check(front["pipeline_tag"] == "text-generation" and "LlamaForCausalLM" in body, "lm: how to load it")
    results = run("--variant", "custom:elu,alpha=3", "--save-checkpoint", "elu")
    front, body = read_card("elu")
    check_figures("elu", front, body, results)
    check(front["library_name"] == "glubench" and "pipeline_tag" not in front and
          "from_pretrained" not in body and any("no name" in w for w in results["warnings"]),
          "a function that others have not")


def check_begun():
    """Weights to begin with are told; the names of text are, where it lies is not."""
    os.makedirs("some/where", exist_ok=True)
    name = 'some/where/a "text": of|mine`.txt'
    with open(name, "w", encoding="utf-8") as file:
        file.writelines(f"This is line {i} of a text that nobody has written.\n\n" for i in range(4000))
    results = run("--variant", "relu", "--corpus", name, "--heldout-share", "0.3", "--save-checkpoint", "a")
    front, body = read_card("a")
    check_figures("a text", front, body, results)
    check(front["datasets"] == [os.path.basename(name)] and "some/where" not in body, f"the text's name: {front}")
    check("`a \"text\": of?mine?.txt`" in body, "the text's name in a table")
    results = run("--variant", "relu", "--corpus", "some/where/", "--heldout-share", "0.3",
                     "--init-checkpoint", "a", "--save-checkpoint", "b")
    front, body = read_card("b")
    check_figures("weights", front, body, results)
    check(front["datasets"] == ["where"], f"a folder's name: {front}")
    check(f"begun with | the weights of SHA-256 `{results['runs'][0]['init_checkpoint_sha256']}`" in body,
          "what it began with")


def check_kept():
    """A card of ours is written anew, one that somebody wrote is kept, and is no obstacle."""
    before = read_card("w")
    run("--variant", "swiglu", "--save-checkpoint", "w")
    check(read_card("w") != before, "a card of ours is not written anew")
    with open("w/README.md", "w", encoding="utf-8") as file:
        file.write("---\nlicense: mit\n---\n# Mine\n")
    warnings = run("--variant", "swiglu", "--save-checkpoint", "w")["warnings"]
    with open("w/README.md", encoding="utf-8") as file:
        check(file.read().endswith("# Mine\n") and
              any("w/README.md was not written by glubench" in w for w in warnings),
              f"a card of another is lost, or nothing is said: {warnings}")
    run("--variant", "swiglu", "--save-checkpoint", "w", "--force")
    check(read_card("w")[0]["license"] == "unknown", "--force does not write a card")
    # In a folder of text, ours is none.
    os.makedirs("corpus/w", exist_ok=True)
    os.replace("w/README.md", "corpus/w/README.md")
    os.replace("some/where/a \"text\": of|mine`.txt", "corpus/a.txt")
    results = run("--variant", "relu", "--corpus", "corpus", "--heldout-share", "0.3")
    check(results["config"]["corpus"]["files"] == 1, "a card is text")


# ---- Tokenizers ----


def check_bytes():
    """ByT5Tokenizer: bytes from 3 on, and behind them the additional tokens in their order."""
    results = run("--variant", "relu", "--save-checkpoint", "w", "--dump-batches", "batches")
    with open("w/tokenizer_config.json", encoding="utf-8") as file:
        config = json.load(file)
    with open("batches", encoding="utf-8") as file:
        ids = json.loads(file.readline())["targets"][0]
    extra = config["additional_special_tokens"]
    first = 3 + 256
    place = {token: first + i for i, token in enumerate(extra)}
    check(config["tokenizer_class"] == "ByT5Tokenizer" and
          [config[k] for k in ("pad_token", "eos_token", "unk_token")] == ["<pad>", "</s>", "<unk>"],
          f"bytes: {config}")
    check(config["extra_ids"] == len(set(extra)) == len(extra) and all("extra_id" in t for t in extra),
          "bytes: ByT5Tokenizer refuses another number of extra tokens")
    check(first + len(extra) == results["config"]["model"]["vocabulary"], "bytes: tokens are as many as rows")
    check(ids[0] == place["<extra_id_0>"] and place["<extra_id_1>"] in ids, f"bytes: sentinels of {ids}")


def check_pieces():
    """T5Tokenizer: N extra tokens behind the pieces, backwards."""
    if b"without SentencePiece" in subprocess.run([PROGRAM, "--version"], check=True, capture_output=True).stdout:
        return
    with open("corpus/a.txt", encoding="utf-8") as file:
        words = file.read()
    with open("words", "w", encoding="utf-8") as file:
        file.write(words)
    try:
        subprocess.run(["spm_train", "--input=words", "--model_prefix=m", "--vocab_size=60", "--pad_id=0",
                        "--eos_id=1", "--unk_id=2", "--bos_id=-1", "--hard_vocab_limit=false",
                        "--minloglevel=2"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        return
    with open("m.vocab", encoding="utf-8") as file:
        pieces = len(file.read().splitlines())
    run("--variant", "relu", "--corpus", "corpus/a.txt", "--heldout-share", "0.3", "--tokenizer",
        "sentencepiece:m.model", "--save-checkpoint", "s", "--dump-batches", "batches")
    with open("s/tokenizer_config.json", encoding="utf-8") as file:
        config = json.load(file)
    with open("batches", encoding="utf-8") as file:
        ids = json.loads(file.readline())["targets"][0]
    extra = config["additional_special_tokens"]
    check(config["tokenizer_class"] == "T5Tokenizer" and config["extra_ids"] == len(set(extra)) == 100,
          "pieces: T5Tokenizer refuses another number of extra tokens")
    check(ids[0] == pieces + config["extra_ids"] - 1 - 0, f"pieces: <extra_id_0> is not {ids[0]}")
    check(config["legacy"] is False and config["clean_up_tokenization_spaces"] is False and
          config["sp_model_kwargs"] == {}, "pieces: what text becomes")


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    check_cards()
    check_begun()
    check_kept()
    check_bytes()
    check_pieces()
    os.chdir("/")
sys.exit(failed)
