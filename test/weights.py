#!/usr/bin/env python3
"""Weights in the layouts that others publish, T5's and T5 1.1's, in F32, F16 and BF16, in one file and in
several with an index: what is read of them is what they hold, to the bit; and what is refused, and why."""
import contextlib
import hashlib
import json
import math
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath("glubench")
D_MODEL, D_KV, HEADS, LAYERS, D_FF, ROWS = 16, 8, 2, 2, 48, 384
SMOKE = ["run", "--quiet", "--preset", "smoke", "--samples", "0", "--threads", "1", "--precision", "f32",
         "--no-slope", "--d-model", str(D_MODEL), "--d-kv", str(D_KV), "--heads", str(HEADS), "--layers",
         str(LAYERS), "--d-ff", str(D_FF)]
INDEX = "model.safetensors.index.json"
failed = 0


def check(good, what):
    """Count and tell what is not good."""
    global failed
    if not good:
        failed = 1
        print(f"FAIL: {what}", file=sys.stderr)


# ---- Files ----


def half(value):
    """Bytes of an F16."""
    return struct.pack("<e", value)


def brain(value):
    """Bytes of a BF16, the upper half of an F32."""
    return struct.pack("<f", value)[2:]


def single(value):
    """Bytes of an F32."""
    return struct.pack("<f", value)


PACK = {"F32": single, "F16": half, "BF16": brain}


def value_of(dtype, data):
    """The numbers of a tensor's bytes."""
    if dtype == "BF16":
        data = b"".join(b"\0\0" + data[i:i + 2] for i in range(0, len(data), 2))
    code = "e" if dtype == "F16" else "f"
    return struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data)


def tensor(rng, dtype, *shape):
    """A tensor of values that the type has, the smallest and a negative zero among them."""
    values = [rng.gauss(0, 0.05) for _ in range(math.prod(shape))]
    values[:4] = [-0.0, 2.0**-24 if dtype == "F16" else 2.0**-126, -1.5, 1.0]
    return dtype, list(shape), b"".join(map(PACK[dtype], values))


def stack(rng, dtype, side, gated, cross):
    """The tensors of an encoder or a decoder, by Hugging Face's names."""
    inner, width = HEADS * D_KV, D_FF * 2 // 3 if gated else D_FF
    tensors = {}
    for i in range(LAYERS):
        block = f"{side}.block.{i}.layer"
        attentions = [(0, "SelfAttention")] + ([(1, "EncDecAttention")] if cross else [])
        for layer, name in attentions:
            for part in "qkv":
                tensors[f"{block}.{layer}.{name}.{part}.weight"] = tensor(rng, dtype, inner, D_MODEL)
            tensors[f"{block}.{layer}.{name}.o.weight"] = tensor(rng, dtype, D_MODEL, inner)
            tensors[f"{block}.{layer}.layer_norm.weight"] = tensor(rng, dtype, D_MODEL)
        if i == 0:
            tensors[f"{block}.0.SelfAttention.relative_attention_bias.weight"] = tensor(rng, dtype, 32, HEADS)
        layer = len(attentions)
        for part in ("wi_0", "wi_1") if gated else ("wi",):
            tensors[f"{block}.{layer}.DenseReluDense.{part}.weight"] = tensor(rng, dtype, width, D_MODEL)
        tensors[f"{block}.{layer}.DenseReluDense.wo.weight"] = tensor(rng, dtype, D_MODEL, width)
        tensors[f"{block}.{layer}.layer_norm.weight"] = tensor(rng, dtype, D_MODEL)
    tensors[f"{side}.final_layer_norm.weight"] = tensor(rng, dtype, D_MODEL)
    return tensors


def t5(dtype, gated=False, rows=ROWS):
    """All tensors that a model needs."""
    rng = random.Random(7)
    return {"shared.weight": tensor(rng, dtype, rows, D_MODEL),
            **stack(rng, dtype, "encoder", gated, False), **stack(rng, dtype, "decoder", gated, True)}


def copies(tensors, head=True):
    """What t5-small has besides: the embedding under its other names, and a bias that nobody uses."""
    shared = tensors["shared.weight"]
    bias = tensors["decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
    more = {"encoder.embed_tokens.weight": shared, "decoder.embed_tokens.weight": shared,
            "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight": bias}
    return {**tensors, **more, **({"lm_head.weight": shared} if head else {})}


def config(gated=False, **more):
    """A T5Config."""
    return {"architectures": ["T5ForConditionalGeneration"], "model_type": "t5", "d_model": D_MODEL,
            "d_kv": D_KV, "d_ff": D_FF * 2 // 3 if gated else D_FF, "num_layers": LAYERS,
            "num_heads": HEADS, "vocab_size": ROWS, "relative_attention_num_buckets": 32,
            "feed_forward_proj": "gated-gelu" if gated else "relu", "dropout_rate": 0.1,
            "layer_norm_epsilon": 1e-06, "is_encoder_decoder": True, "pad_token_id": 0, "eos_token_id": 1,
            "decoder_start_token_id": 0, "n_positions": 512, "output_past": True, **more}


def write_file(path, tensors, cut=0):
    """A safetensors file."""
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    data = struct.pack("<Q", len(text)) + text + b"".join(t[2] for t in tensors.values())
    with open(path, "wb") as file:
        file.write(data[:len(data) - cut])


def read_file(path):
    """The tensors of a safetensors file, as numbers."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    return {name: value_of(e["dtype"], data[8 + length:][slice(*e["data_offsets"])])
            for name, e in header.items() if name != "__metadata__"}


def save(name, tensors, settings=None, shards=1, index=None):
    """A folder; in so many files, with what `index` makes of the map of the index."""
    shutil.rmtree(name, ignore_errors=True)
    os.mkdir(name)
    if settings is not None:
        with open(f"{name}/config.json", "w", encoding="utf-8") as file:
            json.dump(settings, file)
    if shards == 1:
        write_file(f"{name}/model.safetensors", tensors)
        return
    names = [f"model-{i + 1:05}-of-{shards:05}.safetensors" for i in range(shards)]
    place = {tensor: names[i * shards // len(tensors)] for i, tensor in enumerate(tensors)}
    for shard in names:
        write_file(f"{name}/{shard}", {t: tensors[t] for t in tensors if place[t] == shard})
    total = sum(len(t[2]) for t in tensors.values())
    content = {"metadata": {"total_size": total}, "weight_map": place}
    if index:
        content = index(content)
    with open(f"{name}/{INDEX}", "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))


# ---- Runs ----


def run(folder, *arguments, variant="relu", steps="0"):
    """(status, messages) of a run that begins there; its results are x.json, its weights w."""
    for left in ("x.json", "x.json.run", "w"):
        if os.path.isdir(left):
            shutil.rmtree(left)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(left)
    done = subprocess.run([PROGRAM] + SMOKE + ["--variant", variant, "--steps", steps, "--init-checkpoint",
                           folder, "--output", "x.json", "--save-checkpoint", "w"] + list(arguments),
                          check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stderr


def loaded(what, tensors, variant="relu", warns=""):
    """The folder `in` is read, and what it held comes out again."""
    status, messages = run("in", variant=variant)
    check(status == 0, f"{what}: {messages}")
    check((warns in messages) if warns else "config.json" not in messages, f"{what}: warned of: {messages}")
    if status:
        return
    read = read_file("w/model.safetensors")
    for name, values in read.items():
        dtype, _, data = tensors[name]
        # Zeros have signs.
        check(struct.pack(f"<{len(values)}f", *values) ==
              struct.pack(f"<{len(values)}f", *value_of(dtype, data)), f"{what}: {name} is not what it was")
    check(len(read) > 30, f"{what}: {len(read)} tensors")


def refused(what, status, *words, variant="relu", arguments=()):
    """... is refused before a training, by a message that has all of these words."""
    found, messages = run("in", *arguments, variant=variant, steps="2")
    check(found == status, f"{what}: status {found}, not {status}: {messages}")
    for word in words:
        check(word in messages, f"{what}: no '{word}' in: {messages}")
    check(not os.path.exists("x.json"), f"{what}: there are results")


def results():
    """What the last run wrote."""
    with open("x.json", encoding="utf-8") as file:
        return json.load(file)


# ---- Tests ----


def check_layouts():
    """One file and several; one type and several; copies and none."""
    for dtype in PACK:
        tensors = copies(t5(dtype))
        save("in", tensors, config())
        loaded(f"t5-small in {dtype}", tensors)
        tensors = t5(dtype, gated=True)
        save("in", tensors, config(True), shards=3)
        loaded(f"T5 1.1 with a tied head, {dtype} in three files", tensors, variant="geglu_tanh")
    mixed = {name: t5(random.Random(name).choice(list(PACK)))[name] for name in t5("F32")}
    save("in", mixed, config(), shards=2)
    loaded("types of all kinds in two files", mixed)
    tensors = copies(t5("F16"), head=False)
    save("in", tensors, None, shards=7)
    loaded("seven files and no config.json", tensors)
    # As the hub's cache has them: links to files of other names.
    os.mkdir("blobs")
    for name in os.listdir("in"):
        os.replace(f"in/{name}", f"blobs/{hashlib.sha256(name.encode()).hexdigest()}")
        os.symlink(f"../blobs/{hashlib.sha256(name.encode()).hexdigest()}", f"in/{name}")
    loaded("links to seven files", tensors)
    # The file goes before the index, as in other programs.
    write_file("in/model.safetensors", t5("F32"))
    loaded("both a file and an index", t5("F32"))
    tensors = {"lm_head.weight" if n == "shared.weight" else n: t for n, t in t5("BF16").items()}
    save("in", tensors, config())
    loaded("the embedding as lm_head alone", {**tensors, **t5("BF16")})


def check_heads():
    """An output layer of its own is none of ours."""
    tensors = t5("F32", gated=True)
    other = {**tensors, "lm_head.weight": tensor(random.Random(9), "F32", ROWS, D_MODEL)}
    for shards in 1, 2:
        save("in", other, config(True, tie_word_embeddings=False), shards=shards)
        refused("T5 1.1", 2, "lm_head.weight is not the same as shared.weight", "not tied to the embedding",
                variant="geglu_tanh")
    save("in", copies(tensors), config(True, tie_word_embeddings=False))
    refused("a head that is the embedding and is not scaled", 2, "config.json says tie_word_embeddings false",
            "not tied to the embedding", variant="geglu_tanh")
    save("in", copies(tensors), config(True, scale_decoder_outputs=False))
    refused("the same as newer versions say it", 2, "config.json says scale_decoder_outputs false",
            variant="geglu_tanh")
    other["lm_head.weight"] = tensor(random.Random(9), "F32", ROWS + 1, D_MODEL)
    save("in", other, config(True))
    refused("a head of more rows", 2, f"lm_head.weight has {ROWS + 1} rows", variant="geglu_tanh")


def check_others():
    """Models that are not the one that is asked for."""
    save("in", t5("F32", rows=32128), config(vocab_size=32128), shards=2)
    refused("rows of a larger vocabulary", 2, "model-00001-of-00002.safetensors: shared.weight has 32128 rows",
            f"the vocabulary of --tokenizer has {ROWS}", "vocab_size 32128 (here 384)")
    with open("in/spiece.model", "w", encoding="utf-8"):
        pass
    refused("the same with its tokenizer", 2, "--tokenizer sentencepiece:in/spiece.model")
    save("in", t5("BF16", gated=True), config(True))
    refused("a gated one as ungated", 2, "in/model.safetensors: ", "DenseReluDense.wi_0.weight")
    save("in", t5("F32"), config())
    refused("another width", 2, "has the shape [48, 16]", "d_ff 48 (here 60)", arguments=("--d-ff", "60"))
    refused("more layers", 2, "block.2.", "num_layers 2 (here 3)", arguments=("--layers", "3"))
    tensors = t5("F16")
    dtype, shape, data = tensors["decoder.final_layer_norm.weight"]
    for bits in b"\x00\x7c", b"\x00\xfc", b"\x01\x7e":
        tensors["decoder.final_layer_norm.weight"] = (dtype, shape, data[:6] + bits + data[8:])
        save("in", tensors, config())
        status, _ = run("in")
        error = results()["runs"][0]["error"]
        check(status == 1 and "decoder.final_layer_norm.weight has a value that is not finite, its number 3"
              in error, f"a value that is none: {status}: {error}")


def moved(content, name, file):
    """The index with a tensor in another file."""
    content["weight_map"][name] = file
    return content


def check_hostile():
    """Files that are damaged, or that nobody writes."""
    first, last = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    tensors, end = t5("F32"), "decoder.final_layer_norm.weight"

    def with_index(index):
        save("in", tensors, config(), shards=2, index=index)

    def outside(name):
        return lambda content: moved(content, end, name)

    with_index(None)
    os.unlink(f"in/{last}")
    refused("a file that is missing", 1, f"in/{last} is not there", INDEX, "fetch all 2 files")
    with_index(outside("model-00003-of-00002.safetensors"))
    refused("a file that nobody wrote", 1, "in/model-00003-of-00002.safetensors is not there")
    for name in ("../x.safetensors", "/etc/x.safetensors", "a/../x.safetensors", "..", ".", "",
                 "sub/x.safetensors"):
        with_index(outside(name))
        write_file("x.safetensors", tensors)
        refused(f"a file '{name}'", 1, INDEX, end, f"'{name}', which is no name of a file beside it")
    os.unlink("x.safetensors")
    with_index(outside("pytorch_model-00001-of-00002.bin"))
    refused("a file of another format", 1, "no safetensors file", "safe_serialization=True")
    for value in 3, None, ["x"], {"file": "x"}:
        with_index(outside(value))
        refused(f"a file {value}", 1, INDEX, end, "is no text")
    with_index(outside(first))
    refused("a tensor in the other file", 1, f"in/{first}: there is no tensor {end}", INDEX)
    with_index(lambda content: moved(content, "encoder.x", first))
    refused("a tensor that is nowhere", 1, f"in/{first}: there is no tensor encoder.x")
    with_index(None)
    write_file(f"in/{first}", {n: t for n, t in tensors.items() if n.startswith(("shared", "enc"))} |
               {end: tensors[end]})
    refused("files of two models", 1, f"in/{first}: ")
    with_index(None)
    whole = read_header(f"in/{first}")
    write_file(f"in/{first}", {n: tensors[n] for n in whole} | {end: tensors[end]})
    refused("a tensor in two files", 1, f"in/{first}: its tensor {end} is in {last} too")
    with_index(lambda content: {"weight_map": {n: f for n, f in content["weight_map"].items() if n != end}})
    refused("a tensor that the index leaves out", 1, f"in/{last}: {INDEX} does not tell of its tensor {end}")
    for content, word in (("", "no JSON"), ("{", "no JSON"), ("[]", "weight_map"), ("{}", "weight_map"),
                          ('{"weight_map": []}', "weight_map"), ('{"weight_map": {}}', "names no tensor"),
                          ('{"weight_map": {"a": "x.safetensors", "a": "y.safetensors"}}', "duplicate"),
                          ('{"weight_map": {' + ",".join(f'"{i}": "{i}.safetensors"' for i in range(201)) +
                           "}}", "at most 200"),
                          ('{"weight_map": {"a": "x.safetensors"}, "b": [' + "[]," * 300000 + "[]]}",
                           "more than")):
        with_index(lambda _, text=content: text)
        refused(f"an index {content[:30]}", 1, INDEX, word)
    with_index(None)
    write_file(f"in/{last}", {n: tensors[n] for n in read_header(f"in/{last}")}, cut=1)
    refused("a file that was cut", 1, f"in/{last}: the data_offsets of", "are not")
    with open(f"in/{last}", "wb") as file:
        file.write(b"version https://git-lfs.github.com/spec/v1\n")
    refused("a pointer of Git LFS", 1, f"in/{last}: ", "git lfs pull")
    for dtype in "F64", "I8", "F8_E4M3", 7:
        save("in", {**tensors, end: (dtype, *tensors[end][1:])}, config())
        refused(f"the type {dtype}", 1, end, f"has the type {dtype if dtype != 7 else '(none)'};",
                "F32, F16 and BF16")
    save("in", {**tensors, end: ("F16", *tensors[end][1:])}, config())
    refused("a type of another length", 1, end, "data_offsets")


def read_header(path):
    """Names of the tensors of a file."""
    return list(read_file(path))


def check_identity():
    """Which weights they were is in the results, and in what a sweep that goes on looks at."""
    tensors = t5("F16")
    save("in", tensors, config(), shards=2)
    status, messages = run("in", steps="2")
    check(status == 0, f"two steps: {messages}")
    lines = ""
    for name in [INDEX] + sorted(n for n in os.listdir("in") if n.startswith("model-")):
        with open(f"in/{name}", "rb") as file:
            lines += f"{hashlib.sha256(file.read()).hexdigest()}  {name}\n"
    row = results()["runs"][0]
    check(row["init_checkpoint_sha256"] == hashlib.sha256(lines.encode()).hexdigest(),
          "init_checkpoint_sha256 is not that of the files")
    save("one", tensors, config())
    run("one", steps="2")
    check(results()["runs"][0]["parameters_sha256"] == row["parameters_sha256"],
          "one file trains to other bits than two")
    run("in", steps="2")
    dtype, shape, data = tensors["decoder.final_layer_norm.weight"]
    tensors["decoder.final_layer_norm.weight"] = (dtype, shape, data[:2] + b"\x00\x3c" + data[4:])
    save("in", tensors, config(), shards=2)
    subprocess.run([PROGRAM] + SMOKE + ["--variant", "relu", "--steps", "2", "--init-checkpoint", "in",
                    "--output", "x.json", "--resume"], check=True, stdout=subprocess.DEVNULL)
    check(any("done anew" in text for text in results()["warnings"]) and
          results()["runs"][0]["init_checkpoint_sha256"] != row["init_checkpoint_sha256"],
          "a run from other weights is not done anew")
    done = subprocess.run([PROGRAM] + SMOKE + ["--variant", "relu", "--init-checkpoint", "in", "--force",
                           "--output", "in/model-00002-of-00002.safetensors"], check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    check(done.returncode and "is read as --init-checkpoint" in done.stderr,
          f"results over weights: {done.stderr}")


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    check_layouts()
    check_heads()
    check_others()
    check_hostile()
    check_identity()
    os.chdir("/")
sys.exit(failed)
