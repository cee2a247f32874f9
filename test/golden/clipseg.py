"""Reference figures of a CLIPSeg checkpoint by NumPy in float64: text, taps, decoder states, logits.

    npx tsx test/golden/clipseg-cases.ts out/clipseg
    python test/golden/clipseg.py out/clipseg/* > test/golden/clipseg.json

Needs numpy. The forward pass is written after CLIPSegForImageSegmentation of transformers and follows its names; on
checkpoints of either head whose float64 outputs transformers 5.18 computed it agrees with those to 2e-6. A folder holds config.json,
model.safetensors, vocab.json, merges.txt, case.json and pixels.rgb, bytes of a picture of the trunk's size.
"""
import json
import math
import sys
from pathlib import Path

import numpy as np

TYPES = {"F32": np.float32, "F16": np.float16, "F64": np.float64}


def read_safetensors(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[8 + size:][slice(*entry["data_offsets"])], TYPES[entry["dtype"]])
            .astype(np.float64).reshape(entry["shape"])
            for name, entry in header.items() if entry["dtype"] in TYPES}


class Network:
    def __init__(self, folder):
        self.weights = read_safetensors(folder / "model.safetensors")
        self.config = json.loads((folder / "config.json").read_text())
        self.case = json.loads((folder / "case.json").read_text())
        self.folder = folder

    def linear(self, name, x):
        return x @ self.weights[f"{name}.weight"].T + self.weights.get(f"{name}.bias", 0)

    def norm(self, name, x):
        centered = x - x.mean(-1, keepdims=True)
        deviation = np.sqrt((centered**2).mean(-1, keepdims=True) + 1e-5)
        return centered / deviation * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def attention(self, name, x, heads, causal=False):
        batch, tokens, width = x.shape
        split = lambda part: self.linear(f"{name}.{part}_proj", x).reshape(batch, tokens, heads, -1).swapaxes(1, 2)
        query, key, value = split("q"), split("k"), split("v")
        scores = query @ key.swapaxes(2, 3) / math.sqrt(width // heads)
        if causal:
            scores = np.where(np.tri(tokens, dtype=bool), scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = weights / weights.sum(-1, keepdims=True) @ value
        return self.linear(f"{name}.out_proj", mixed.swapaxes(1, 2).reshape(batch, tokens, width))

    def mlp(self, name, x, activation):
        return self.linear(f"{name}.fc2", activation(self.linear(f"{name}.fc1", x)))

    def block(self, name, x, heads, causal=False):
        x = x + self.attention(f"{name}.self_attn", self.norm(f"{name}.layer_norm1", x), heads, causal)
        return x + self.mlp(f"{name}.mlp", self.norm(f"{name}.layer_norm2", x), quick_gelu)

    def text(self, ids):
        config = self.config["text_config"]
        prefix = "clip.text_model."
        tokens = self.weights[f"{prefix}embeddings.token_embedding.weight"][ids]
        x = (tokens + self.weights[f"{prefix}embeddings.position_embedding.weight"][:len(ids)])[None]
        for layer in range(config["num_hidden_layers"]):
            x = self.block(f"{prefix}encoder.layers.{layer}", x, config["num_attention_heads"], causal=True)
        return self.linear("clip.text_projection", self.norm(f"{prefix}final_layer_norm", x)[0, -1])

    def taps(self, pixels):
        config, prefix = self.config["vision_config"], "clip.vision_model."
        kernel = self.weights[f"{prefix}embeddings.patch_embedding.weight"]
        patch, grid = kernel.shape[-1], pixels.shape[-1] // kernel.shape[-1]
        patches = pixels.reshape(3, grid, patch, grid, patch).transpose(1, 3, 0, 2, 4).reshape(grid * grid, -1)
        x = np.concatenate([self.weights[f"{prefix}embeddings.class_embedding"][None],
                            patches @ kernel.reshape(len(kernel), -1).T])
        x = self.norm(f"{prefix}pre_layrnorm", x + self.weights[f"{prefix}embeddings.position_embedding.weight"])[None]
        states = []
        for layer in range(config["num_hidden_layers"]):
            x = self.block(f"{prefix}encoder.layers.{layer}", x, config["num_attention_heads"])
            states.append(x)
        return [states[layer] for layer in self.config["extract_layers"]]

    def decode(self, taps, condition):
        heads, states, x = self.config["decoder_num_attention_heads"], [], 0
        for layer, tap in enumerate(reversed(taps)):
            x = x + np.repeat(self.linear(f"decoder.reduces.{layer}", tap), len(condition), 0)
            if layer == self.config["conditional_layer"]:
                x = (self.linear("decoder.film_mul", condition)[:, None] * x
                     + self.linear("decoder.film_add", condition)[:, None])
            name = f"decoder.layers.{layer}"
            # The first state is what the first block reads.
            states = states or [x]
            x = self.norm(f"{name}.layer_norm1", x + self.attention(f"{name}.self_attn", x, heads))
            x = self.norm(f"{name}.layer_norm2", x + self.mlp(f"{name}.mlp", x, relu))
            states.append(x)
        return states

    def logits(self, state):
        grid = math.isqrt(state.shape[1] - 1)
        x = state[:, 1:].swapaxes(1, 2).reshape(len(state), -1, grid, grid)
        name = "decoder.transposed_convolution"
        if self.config["use_complex_transposed_convolution"]:
            kernel = self.weights[f"{name}.0.weight"]
            padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
            x = sum(np.einsum("nihw,oi->nohw", padded[:, :, row:row + grid, column:column + grid],
                              kernel[:, :, row, column]) for row in range(3) for column in range(3))
            x = self.transposed(f"{name}.2", relu(x + self.weights[f"{name}.0.bias"][:, None, None]))
            return self.transposed(f"{name}.4", relu(x))[:, 0]
        return self.transposed(name, x)[:, 0]

    def transposed(self, name, x):
        """A transposed convolution whose stride is its kernel's size: each cell becomes a block."""
        kernel = self.weights[f"{name}.weight"]
        blocks = np.einsum("nihw,ioab->nohawb", x, kernel)
        n, out, rows, size, columns, _ = blocks.shape
        return blocks.reshape(n, out, rows * size, columns * size) + self.weights[f"{name}.bias"][:, None, None]

    def figures(self):
        size = self.case["inputSize"]
        pixels = np.frombuffer((self.folder / "pixels.rgb").read_bytes(), np.uint8).reshape(size, size, 3) / 255
        values = ((pixels - self.case["imageMean"]) / self.case["imageStd"]).transpose(2, 0, 1)
        taps = self.taps(values)
        ids = [tokenize(self.folder, prompt) for prompt in self.case["prompts"]]
        embeddings = np.stack([self.text(row) for row in ids])
        states = self.decode(taps, embeddings)
        named = {f"tap{index}": tap for index, tap in enumerate(taps)}
        named |= {f"decoder_hidden{index}": state for index, state in enumerate(states)}
        named |= {"text_embeddings": embeddings, "logits": self.logits(states[-1])}
        return {"input_ids": ids, **{name: shaped(value) for name, value in named.items()}}


def quick_gelu(x):
    return x / (1 + np.exp(-1.702 * x))


def relu(x):
    return np.maximum(x, 0)


def tokenize(folder, prompt):
    """Byte pairs of lower-case words of letters."""
    vocab = json.loads((folder / "vocab.json").read_text())
    merges = [tuple(line.split()) for line in (folder / "merges.txt").read_text().splitlines()[1:]]
    ids = [vocab["<|startoftext|>"]]
    for word in prompt.split():
        parts = [*word[:-1], word[-1] + "</w>"]
        while pairs := [pair for pair in zip(parts, parts[1:]) if pair in merges]:
            at = list(zip(parts, parts[1:])).index(min(pairs, key=merges.index))
            parts[at:at + 2] = ["".join(parts[at:at + 2])]
        ids += [vocab[part] for part in parts]
    return ids + [vocab["<|endoftext|>"]]


def shaped(value):
    return {"shape": list(value.shape), "data": [round(float(number), 5) for number in value.ravel()]}


if __name__ == "__main__":
    cases = {Path(folder).name: Network(Path(folder)).figures() for folder in sys.argv[1:]}
    print("{" + ",\n".join(
        json.dumps(name) + ": {" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in case.items())
        + "}" for name, case in cases.items()) + "}")
