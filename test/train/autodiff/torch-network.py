"""PyTorch's loss and gradients of a small network of inverted residuals, as JSON on stdout.

usage: python torch-network.py > torch-network.json

The network is the one of torch-network.test.ts; both draw the same numbers from mulberry32. It takes no input and
needs torch (2.15 made the file that is here).
"""
import json
import sys

import torch
import torch.nn.functional as F

torch.use_deterministic_algorithms(True)


def uniform(seed):
    """test/support/random.ts: numbers in [0, 1)."""
    state = seed
    mask = 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & mask
        mixed = ((state ^ (state >> 15)) * (1 | state)) & mask
        mixed = ((mixed + (((mixed ^ (mixed >> 7)) * (61 | mixed)) & mask)) & mask) ^ mixed
        yield (mixed ^ (mixed >> 14)) / 2**32


numbers = uniform(7)


def draw(shape, reach):
    count = torch.Size(shape).numel()
    values = [reach * (2 * next(numbers) - 1) for _ in range(count)]
    return torch.tensor(values, dtype=torch.float64).to(torch.float32).reshape(shape)


SHAPES = {
    'stem': (4, 3, 3),
    'first.expand': (6, 4, 1),
    'first.depthwise': (6, 1, 3),
    'first.project': (4, 6, 1),
    'second.expand': (6, 4, 1),
    'second.depthwise': (6, 1, 3),
    'second.project': (4, 6, 1),
    'local': (3, 4, 1),
    'pool': (3, 4, 1),
    'out': (2, 6, 1),
}
pixels = draw((2, 3, 19, 16), 2)
parameters = {}
for name, (out, inner, side) in SHAPES.items():
    parameters[f'{name}.weight'] = draw((out, inner, side, side), 4 / (inner * side * side) ** 0.5)
    parameters[f'{name}.bias'] = draw((out,), 0.5)
truth = (draw((2, 2, 19, 16), 1) > 0).to(torch.float32)


def loss_of(parameters, pixels, truth):
    """Also gives the values that ReLU6 is applied to."""
    bent = []

    def conv(x, name, **settings):
        return F.conv2d(x, parameters[f'{name}.weight'], parameters[f'{name}.bias'], **settings)

    def relu6(x):
        bent.append(x)
        return F.relu6(x)

    def residual(x, name, **settings):
        wide = relu6(conv(x, f'{name}.expand'))
        return conv(relu6(conv(wide, f'{name}.depthwise', groups=6, **settings)), f'{name}.project')

    x = relu6(conv(pixels, 'stem', stride=2, padding=1))
    x = residual(x, 'first', stride=2, padding=1)
    x = x + residual(x, 'second', padding=2, dilation=2)
    local = relu6(conv(x, 'local'))
    pool = relu6(conv(F.adaptive_avg_pool2d(x, 1), 'pool')).expand_as(local)
    logits = conv(torch.cat([pool, local], 1), 'out')
    logits = F.interpolate(logits, size=(19, 16), mode='bilinear', align_corners=False)
    return F.binary_cross_entropy_with_logits(logits, truth), bent


for tensor in parameters.values():
    tensor.requires_grad_()
loss, bent = loss_of(parameters, pixels, truth)
gradients = torch.autograd.grad(loss, list(parameters.values()))

# A value within rounding of a bend could fall on either side of it, and each side has a gradient of its own.
values = torch.cat([x.flatten() for x in bent])
margin = min(values.abs().min().item(), (values - 6).abs().min().item())
assert margin > 5e-4, margin
counts = [(values < 0).sum().item(), ((values > 0) & (values < 6)).sum().item(), (values > 6).sum().item()]
exact = {name: tensor.detach().double().requires_grad_() for name, tensor in parameters.items()}
in_double = torch.autograd.grad(loss_of(exact, pixels.double(), truth.double())[0], list(exact.values()))
worst = max(((a - b).abs().max() / b.abs().max()).item() for a, b in zip(gradients, in_double))
print(f'margin {margin:.1e}, below/between/above {counts}, worst error of float32 {worst:.1e}', file=sys.stderr)

entries = [('loss', loss)] + list(zip(parameters, gradients))
lines = [f'  {json.dumps(name)}: [{", ".join(f"{v:.8g}" for v in t.flatten().tolist())}]' for name, t in entries]
print('{\n' + ',\n'.join(lines) + '\n}')
