#!/usr/bin/env python3
"""Replays the batches that glubench saw in a T5, or a language model of Llama's layout, written for
PyTorch and compares the losses.

It shares no code with glubench: it reads what `--dump-batches FILE` and `--save-checkpoint DIR`
wrote, by the conventions of Hugging Face's T5 and Llama (tensor names, (out, in) shapes, config.json), and
computes in double precision.  For every run in FILE:

  --final DIR    the held-out losses, from the weights after training
  --init DIR     the losses of the training steps, from the weights that --steps 0 saved, trained on
                 by an Adafactor or an AdamW of its own

Exit status: 0 when every loss agrees, 1 when one does not, 77 when PyTorch is missing (Debian:
python3-torch).
"""
import argparse
import json
import math
import os
import struct
import sys

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    print("replay_torch.py: PyTorch is missing (Debian: python3-torch)", file=sys.stderr)
    sys.exit(77)

# transformers.activations.ACT2FN, as far as T5 configurations name it.
ACTIVATIONS = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_python": F.gelu,
    "gelu_new": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_pytorch_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "swish": F.silu,
    "sigmoid": torch.sigmoid,
    "linear": lambda x: x,
    "relu2": lambda x: F.relu(x) ** 2,
    "tanh": torch.tanh,
    "mish": F.mish,
}


def load_safetensors(path):
    """The tensors of a safetensors file, as double precision."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), memoryview(data)[8 + length :]
    tensors, end = {}, 0
    for name, entry in sorted(
        ((n, e) for n, e in header.items() if n != "__metadata__"),
        key=lambda item: item[1]["data_offsets"],
    ):
        begin, stop = entry["data_offsets"]
        assert entry["dtype"] == "F32", f"{name}: dtype {entry['dtype']}"
        assert begin == end and stop - begin == 4 * math.prod(entry["shape"]), f"{name}: offsets"
        flat = torch.frombuffer(bytearray(body[begin:stop]), dtype=torch.float32)
        tensors[name] = flat.reshape(entry["shape"]).double()
        end = stop
    assert end == len(body), "bytes after the last tensor"
    return tensors


class Weights:
    """Tensors by name; remembers which were asked for."""

    def __init__(self, tensors):
        self.tensors, self.used = tensors, set()

    def __call__(self, name, *shape):
        self.used.add(name)
        tensor = self.tensors[name]
        assert tuple(tensor.shape) == shape, f"{name}: {tuple(tensor.shape)}, not {shape}"
        return tensor

    def unused(self):
        return sorted(set(self.tensors) - self.used)


class T5:
    def __init__(self, directory):
        with open(os.path.join(directory, "config.json"), encoding="utf-8") as file:
            self.c = c = json.load(file)
        self.w = Weights(load_safetensors(os.path.join(directory, "model.safetensors")))
        assert c["model_type"] == "t5", c["model_type"]
        assert c.get("tie_word_embeddings", True), "the embeddings must be tied"
        assert c.get("decoder_start_token_id", 0) == 0 and c.get("pad_token_id", 0) == 0
        projection = c.get("feed_forward_proj", "relu")
        self.gated = c.get("is_gated_act", projection.startswith("gated-"))
        name = projection[len("gated-") :] if projection.startswith("gated-") else projection
        # Hugging Face reads "gated-gelu" as the tanh form, unless dense_act_fn says otherwise.
        name = c.get("dense_act_fn", "gelu_new" if projection == "gated-gelu" else name)
        self.act = ACTIVATIONS[name]
        self.epsilon = c.get("layer_norm_epsilon", 1e-6)
        self.buckets = c.get("relative_attention_num_buckets", 32)
        self.max_distance = c.get("relative_attention_max_distance", 128)

    def norm(self, x, name):
        variance = x.pow(2).mean(-1, keepdim=True)
        return x * torch.rsqrt(variance + self.epsilon) * self.w(name, self.c["d_model"])

    def position_bias(self, stack, queries, keys):
        """(1, heads, queries, keys)"""
        relative = torch.arange(keys)[None, :] - torch.arange(queries)[:, None]
        buckets, first = self.buckets, torch.zeros_like(relative)
        if stack == "encoder":
            buckets //= 2
            first = (relative > 0).long() * buckets
            distance = relative.abs()
        else:
            distance = (-relative).clamp(min=0)
        exact = buckets // 2
        ratio = torch.log(distance.clamp(min=1).float() / exact) / math.log(
            self.max_distance / exact
        )
        far = (exact + (ratio * (buckets - exact)).long()).clamp(max=buckets - 1)
        bucket = first + torch.where(distance < exact, distance, far)
        table = self.w(
            f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
            self.buckets,
            self.c["num_heads"],
        )
        return table[bucket].permute(2, 0, 1)[None]

    def attention(self, name, x, source, bias):
        d_model, heads, d_kv = (self.c[k] for k in ("d_model", "num_heads", "d_kv"))
        inner = heads * d_kv

        def split(y, which):
            y = F.linear(y, self.w(f"{name}.{which}.weight", inner, d_model))
            return y.view(y.shape[0], y.shape[1], heads, d_kv).transpose(1, 2)

        scores = split(x, "q") @ split(source, "k").transpose(2, 3)
        y = (scores + bias).softmax(-1) @ split(source, "v")
        y = y.transpose(1, 2).reshape(x.shape[0], x.shape[1], inner)
        return F.linear(y, self.w(f"{name}.o.weight", d_model, inner))

    def feed_forward(self, name, x):
        d_model, d_ff = self.c["d_model"], self.c["d_ff"]
        if self.gated:
            hidden = self.act(F.linear(x, self.w(f"{name}.wi_0.weight", d_ff, d_model)))
            hidden = hidden * F.linear(x, self.w(f"{name}.wi_1.weight", d_ff, d_model))
        else:
            hidden = self.act(F.linear(x, self.w(f"{name}.wi.weight", d_ff, d_model)))
        return F.linear(hidden, self.w(f"{name}.wo.weight", d_model, d_ff))

    def stack(self, stack, ids, memory=None):
        x = self.w("shared.weight", self.c["vocab_size"], self.c["d_model"])[ids]
        length = ids.shape[1]
        bias = self.position_bias(stack, length, length)
        if memory is not None:
            bias = bias + torch.full((length, length), -math.inf, dtype=x.dtype).triu(1)
        layers = self.c["num_layers"]
        if memory is not None:
            layers = self.c.get("num_decoder_layers") or layers
        for block in range(layers):
            name = f"{stack}.block.{block}.layer"
            n = self.norm(x, f"{name}.0.layer_norm.weight")
            x = x + self.attention(f"{name}.0.SelfAttention", n, n, bias)
            last = 1
            if memory is not None:
                n = self.norm(x, f"{name}.1.layer_norm.weight")
                x = x + self.attention(f"{name}.1.EncDecAttention", n, memory, 0.0)
                last = 2
            n = self.norm(x, f"{name}.{last}.layer_norm.weight")
            x = x + self.feed_forward(f"{name}.{last}.DenseReluDense", n)
        return self.norm(x, f"{stack}.final_layer_norm.weight")

    def loss(self, inputs, targets, reduction="mean"):
        """Cross-entropy over the target tokens of a batch, in nats, as a tensor."""
        inputs, targets = torch.tensor(inputs), torch.tensor(targets)
        shifted = F.pad(targets[:, :-1], (1, 0), value=0)
        y = self.stack("decoder", shifted, self.stack("encoder", inputs))
        y = y * self.c["d_model"] ** -0.5
        logits = F.linear(y, self.w.tensors["shared.weight"])
        return F.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=0, reduction=reduction
        )


class LM:
    """A decoder alone: Llama, and the same with an ungated feed-forward layer."""

    def __init__(self, directory):
        with open(os.path.join(directory, "config.json"), encoding="utf-8") as file:
            self.c = c = json.load(file)
        self.w = Weights(load_safetensors(os.path.join(directory, "model.safetensors")))
        self.gated = c["model_type"] == "llama"
        assert self.gated or c["model_type"] == "glubench_lm", c["model_type"]
        assert self.gated == (c["architectures"] == ["LlamaForCausalLM"])
        assert c["tie_word_embeddings"] and c["num_key_value_heads"] == c["num_attention_heads"]
        self.act = ACTIVATIONS[c["hidden_act"]]

    def norm(self, x, name):
        variance = x.pow(2).mean(-1, keepdim=True)
        return x * torch.rsqrt(variance + self.c["rms_norm_eps"]) * self.w(name, self.c["hidden_size"])

    def attention(self, name, x):
        d_model, heads, d_kv = (
            self.c[k] for k in ("hidden_size", "num_attention_heads", "head_dim")
        )
        inner, length = heads * d_kv, x.shape[1]
        frequencies = self.c["rope_theta"] ** (-torch.arange(0, d_kv, 2).double() / d_kv)
        angles = torch.arange(length).double()[:, None] * torch.cat([frequencies] * 2)[None]

        def split(which):
            y = F.linear(x, self.w(f"{name}.{which}_proj.weight", inner, d_model))
            return y.view(y.shape[0], length, heads, d_kv).transpose(1, 2)

        def turn(y):
            half = torch.cat([-y[..., d_kv // 2 :], y[..., : d_kv // 2]], -1)
            return y * angles.cos() + half * angles.sin()

        scores = turn(split("q")) @ turn(split("k")).transpose(2, 3) / math.sqrt(d_kv)
        mask = torch.full((length, length), -math.inf, dtype=x.dtype).triu(1)
        y = (scores + mask).softmax(-1) @ split("v")
        y = y.transpose(1, 2).reshape(x.shape[0], length, inner)
        return F.linear(y, self.w(f"{name}.o_proj.weight", d_model, inner))

    def feed_forward(self, name, x):
        d_model, d_ff = self.c["hidden_size"], self.c["intermediate_size"]
        up = F.linear(x, self.w(f"{name}.up_proj.weight", d_ff, d_model))
        if self.gated:
            hidden = self.act(F.linear(x, self.w(f"{name}.gate_proj.weight", d_ff, d_model))) * up
        else:
            hidden = self.act(up)
        return F.linear(hidden, self.w(f"{name}.down_proj.weight", d_model, d_ff))

    def loss(self, inputs, targets, reduction="mean"):
        """Cross-entropy over the tokens of a batch, in nats, as a tensor."""
        inputs, targets = torch.tensor(inputs), torch.tensor(targets)
        assert inputs.equal(F.pad(targets[:, :-1], (1, 0), value=0)), "inputs are no shifted targets"
        table = self.w("model.embed_tokens.weight", self.c["vocab_size"], self.c["hidden_size"])
        x = table[inputs]
        for layer in range(self.c["num_hidden_layers"]):
            name = f"model.layers.{layer}"
            x = x + self.attention(f"{name}.self_attn", self.norm(x, f"{name}.input_layernorm.weight"))
            n = self.norm(x, f"{name}.post_attention_layernorm.weight")
            x = x + self.feed_forward(f"{name}.mlp", n)
        logits = F.linear(self.norm(x, "model.norm.weight"), table)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction=reduction)


class AdamW:
    """Loshchilov and Hutter 2019, with the gradient's norm limited to 1 and a cosine schedule."""

    def __init__(self, tensors, schedule):
        self.tensors, self.schedule, self.t = list(tensors), schedule, 0
        for x in self.tensors:
            x.requires_grad_()
        matrices = [x for x in self.tensors if x.dim() > 1]
        vectors = [x for x in self.tensors if x.dim() < 2]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
            betas=(0.9, 0.95),
            eps=1e-8,
        )

    def learning_rate(self):
        s, t = self.schedule, self.t
        if t <= s.warmup_steps:
            return s.learning_rate * t / s.warmup_steps
        done = (t - s.warmup_steps) / (s.steps - s.warmup_steps)
        return s.learning_rate * (0.1 + 0.45 * (1 + math.cos(math.pi * done)))

    def step(self, loss):
        """One update down the gradient of loss."""
        self.t += 1
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.tensors, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        self.optimizer.step()


class Adafactor:
    """Shazeer and Stern 2018, algorithms 4 and 5, as T5 was trained: no momentum, relative steps."""

    def __init__(self, tensors, schedule):
        self.tensors, self.schedule, self.t = list(tensors), schedule, 0
        self.moments = [None] * len(self.tensors)
        for x in self.tensors:
            x.requires_grad_()

    def learning_rate(self):
        s, t = self.schedule, self.t
        rate = s.learning_rate * math.sqrt(s.warmup_steps / max(t, s.warmup_steps))
        if s.decay_fraction:
            rate *= min(1.0, (s.steps - t + 1) / (s.decay_fraction * s.steps))
        return rate

    def step(self, loss):
        """One update down the gradient of loss."""
        gradients = torch.autograd.grad(loss, self.tensors)
        self.t += 1
        beta2 = 1 - self.t**-0.8
        for i, (x, g) in enumerate(zip(self.tensors, gradients)):
            g2 = g * g + 1e-30
            factored = x.dim() == 2 and min(x.shape) >= 128
            new = (g2.mean(1), g2.mean(0)) if factored else (g2,)
            old = self.moments[i] or [torch.zeros_like(m) for m in new]
            self.moments[i] = now = [beta2 * o + (1 - beta2) * n for o, n in zip(old, new)]
            v = torch.outer(*now) / now[0].mean() if factored else now[0]
            u = g / v.sqrt()
            u = u / max(1.0, u.pow(2).mean().sqrt().item())
            with torch.no_grad():
                x -= self.learning_rate() * max(1e-3, x.pow(2).mean().sqrt().item()) * u


def replay_training(model, rows, a):
    """The largest difference over the training steps."""
    optimizer = (AdamW if isinstance(model, LM) else Adafactor)(model.w.tensors.values(), a)
    worst = 0.0
    for row in rows:
        assert row["step"] == optimizer.t + 1, f"step {row['step']} is out of order"
        loss = model.loss(row["inputs"], row["targets"])
        worst = max(worst, abs(loss.item() - row["loss_nats"]))
        optimizer.step(loss)
    return worst


def replay_heldout(model, rows, _):
    """The largest difference over the held-out examples."""
    with torch.no_grad():
        losses = model.loss([r["inputs"] for r in rows], [r["targets"] for r in rows], "none")
    losses = losses.view(len(rows), -1).mean(1).tolist()
    return max(abs(loss - row["loss_nats"]) for loss, row in zip(losses, rows))


def checkpoint(directory, run, runs):
    """Where glubench put a run's weights: several runs have a directory each."""
    return directory if runs == 1 else os.path.join(directory, f"{run[0]}-s{run[1]}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("batches", metavar="FILE")
    parser.add_argument("--init", metavar="DIR")
    parser.add_argument("--final", metavar="DIR")
    parser.add_argument("--lm", action="store_true", help="language models, trained by AdamW")
    parser.add_argument("--heldout", type=int, default=8, help="examples (default %(default)s)")
    parser.add_argument(
        "--tolerance", type=float, default=1e-4, help="difference in nats (default %(default)s)"
    )
    parser.add_argument("--steps", type=int, help="with --init, the schedule: its steps")
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--warmup-steps", type=int)
    parser.add_argument("--decay-fraction", type=float, default=0.1)
    a = parser.parse_args()

    torch.set_num_threads(1)
    rows = {}
    with open(a.batches, encoding="utf-8") as file:
        for row in map(json.loads, file):
            run = rows.setdefault((row["variant"], row["seed"]), {"train": [], "heldout": []})
            run[row["phase"]].append(row)

    status = 0 if rows and (a.init or a.final) else 1
    for run, phases in rows.items():
        for directory, replay, lines, what in (
            (a.init, replay_training, phases["train"], "training steps"),
            (a.final, replay_heldout, phases["heldout"][: a.heldout], "held-out examples"),
        ):
            if directory is None:
                continue
            model = (LM if a.lm else T5)(checkpoint(directory, run, len(rows)))
            worst = replay(model, lines, a)
            agrees = worst <= a.tolerance and not model.w.unused()
            print(
                f"{'ok' if agrees else 'WRONG'}: {run[0]}, seed {run[1]}: "
                f"the losses of {len(lines)} {what} differ by {worst:.1e} nats at most"
            )
            if model.w.unused():
                print("tensors that such a model does not have:", ", ".join(model.w.unused()))
            if not agrees:
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
