"""Reference figures of the paper's features, losses, gradients and two AdamW steps, by NumPy in float64.

    python test/golden/mccl.py > test/golden/mccl.json

Needs numpy. Written from the paper's equations, without the code that it checks: FSS, eq. 3-9. Gradients are complex
steps, Im f(x + ih) / h, which lose no digits. Inputs are drawn by a rule that mccl.test.ts repeats.
"""
import json

import numpy as np
from mulberry import uniform

IMAGE_OF_ROW = [0, 0, 0, 1, 2, 2]
ROWS, SIDE, GRID, CHANNELS, DIM = 6, 8, 4, 5, 7
EPSILON, GATE, LAMBDA = 1e-4, 0.1, (0.1, 1e-3, 1e-2, 1.0)
SHAPES = {
    "logits": (ROWS, SIDE, SIDE),
    "post_decoder_features": (ROWS, GRID * GRID, CHANNELS),
    "projector_weight": (DIM, CHANNELS),
    "projector_bias": (DIM,),
    "text_embeddings": (ROWS, DIM),
}
SOURCES = list(SHAPES)[:4]
# Largest values of each input; "parallel": a large bias turns all features the same way, into the clamp of eq. 4.
CASES = {
    "ordinary": {"logits": 4, "post_decoder_features": 2, "projector_weight": 1, "projector_bias": 0.1,
                 "text_embeddings": 1},
    "parallel": {"logits": 8, "post_decoder_features": 0.2, "projector_weight": 0.1, "projector_bias": 2,
                 "text_embeddings": 1},
}


def inputs_of(seed, largest):
    numbers = uniform(seed)
    draw = lambda count, size: np.array([2 * size * (next(numbers) - 0.5) for _ in range(count)])
    return {name: draw(int(np.prod(shape)), largest[name]).astype(np.float32).astype(np.float64).reshape(shape)
            for name, shape in SHAPES.items()}


def cosine(x, y):
    # Not numpy's norm: it takes the absolute value of complex numbers, whose derivative is another one.
    return (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum())


def sim(s):
    limit = 1 - EPSILON
    clamped = s if -limit < s.real < limit else np.sign(s.real) * limit
    return (clamped + 1) / 2


def forward(x):
    size = SIDE // GRID
    activation = 1 / (1 + np.exp(-x["logits"]))
    maps = activation.reshape(ROWS, GRID, size, GRID, size).mean((2, 4)).reshape(ROWS, GRID * GRID, 1)
    projected = x["post_decoder_features"] @ x["projector_weight"].T + x["projector_bias"]
    f, b, t = (maps * projected).sum(1), ((1 - maps) * projected).sum(1), x["text_embeddings"]
    losses = np.zeros(4, complex)
    images = sorted(set(IMAGE_OF_ROW))
    for image in images:
        rows = [row for row in range(ROWS) if IMAGE_OF_ROW[row] == image]
        n = len(rows)
        for i in rows:
            losses[0] -= np.log(sim(cosine(f[i], t[i]))) / n
            s = cosine(f[i], b[i])
            losses[1] -= np.log(1 - sim(s)) / n if s.real > GATE else 0
            for j in rows:
                if i != j:
                    losses[2] -= np.log(sim(cosine(b[i], b[j]))) / (n * (n - 1))
                    losses[3] -= np.log(1 - sim(cosine(f[i], f[j]))) / (n * (n - 1))
    losses /= len(images)
    return {"activation_patch": maps[..., 0], "foreground": f, "background": b, "losses": losses,
            "total": losses @ np.array(LAMBDA)}


def gradient(x, name):
    result = np.zeros(x[name].shape)
    for place in np.ndindex(*result.shape):
        moved = x[name].astype(complex)
        moved[place] += 1e-30j
        result[place] = forward({**x, name: moved})["total"].imag / 1e-30
    return result


def adamw(parameters, slope, steps, rate=1e-5, decay=1e-2, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Loshchilov & Hutter 2019, algorithm 2, with the same gradient in each step."""
    mean, variance, results = 0, 0, []
    for step in range(1, steps + 1):
        mean = beta1 * mean + (1 - beta1) * slope
        variance = beta2 * variance + (1 - beta2) * slope**2
        corrected = mean / (1 - beta1**step), variance / (1 - beta2**step)
        parameters = parameters - rate * decay * parameters - rate * corrected[0] / (np.sqrt(corrected[1]) + epsilon)
        results.append(parameters)
    return results


def numbers_of(values):
    return [float(f"{value:.9g}") for value in np.real(values).ravel()]


figures = {}
for seed, (name, largest) in enumerate(CASES.items(), 21):
    x = inputs_of(seed, largest)
    figures[name] = {key: numbers_of(value) for key, value in forward(x).items()}
    for source in SOURCES:
        # AdamW divides by the gradient's size: the one that is written is the one that it takes.
        slope = np.array(numbers_of(gradient(x, source)), np.float32).astype(np.float64).reshape(x[source].shape)
        figures[name][f"grad_{source}"] = numbers_of(slope)
        if source.startswith("projector"):
            for step, value in enumerate(adamw(x[source], slope, 2), 1):
                figures[name][f"adamw{step}_{source}"] = numbers_of(value)
print("{" + ",\n".join(
    json.dumps(name) + ": {" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in case.items()) + "}"
    for name, case in figures.items()) + "}")
