"""Reference figures of the DeepLabv3 MobileNetV2 trunk in ../shared, computed by PyTorch in float64.

    python test/golden/mobilenet.py ../shared/data/backbone-deeplab/model.safetensors > test/golden/mobilenet.json

Needs torch and safetensors. The picture is made by a rule that mobilenet.test.ts repeats.
"""
import json
import sys
import torch
from safetensors.torch import load_file

weights = {name: tensor.double() for name, tensor in load_file(sys.argv[1]).items()}
SIDE = 352
STAGES = [(1, 16, 1, 1, 1), (6, 24, 2, 2, 1), (6, 32, 3, 2, 1), (6, 64, 4, 2, 1), (6, 96, 3, 1, 1), (6, 160, 1, 1, 1),
          (6, 160, 2, 1, 2), (6, 320, 1, 1, 2)]

rows = torch.arange(SIDE).view(SIDE, 1, 1)
columns = torch.arange(SIDE).view(1, SIDE, 1)
channels = torch.arange(3).view(1, 1, 3)
pixels = (7 * rows + 13 * columns * (channels + 1) + (rows * columns) // 64) % 256


def conv(name, x, stride=1, dilation=1, groups=1):
    weight = weights[f"{name}.weight"]
    padding = dilation * (weight.shape[-1] // 2)
    return torch.nn.functional.conv2d(x, weight, weights[f"{name}.bias"], stride, padding, dilation, groups)


def relu6(x):
    return x.clamp(0, 6)


x = pixels.permute(2, 0, 1)[None].double() / 127.5 - 1
x = relu6(conv("stem", x, stride=2))
maps = {}
block = 0
for expansion, width, blocks, first, dilation in STAGES:
    for index in range(blocks):
        name, stride = f"blocks.{block}", first if index == 0 else 1
        inner = x if expansion == 1 else relu6(conv(f"{name}.expand", x))
        inner = relu6(conv(f"{name}.depthwise", inner, stride, dilation, inner.shape[1]))
        out = conv(f"{name}.project", inner)
        x = x + out if stride == 1 and x.shape[1] == width else out
        if block in (5, 9, 12):
            maps[f"block{block}"] = x
        block += 1
pooled = relu6(conv("pool", x.mean((2, 3), keepdim=True))).expand(-1, -1, *x.shape[2:])
maps["pyramid"] = relu6(conv("proj", torch.cat([pooled, relu6(conv("aspp", x))], 1)))

figures = {}
for name, value in maps.items():
    flat = value.flatten()
    places = [index * 7919 % len(flat) for index in range(24)]
    figures[name] = {
        "shape": list(value.shape),
        "mean": flat.mean().item(),
        "deviation": flat.std(unbiased=False).item(),
        "places": places,
        "values": [round(flat[place].item(), 7) for place in places],
    }
print("{" + ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in figures.items()) + "}")
