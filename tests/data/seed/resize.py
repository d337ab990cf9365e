#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""resize.py MODEL.pb FROM TO OUT: writes the graph of the 100-step sin/cos gradient for vectors of TO elements instead of
FROM, with feeds and expected values. Run by hand once; needs python3-numpy. Every placeholder's shape and every int32
Const that holds [FROM] is changed, nothing else. Expected values: a float64 recurrence with forward-mode derivatives, an
arithmetic independent of the graph's reverse-mode nodes, rounded once."""
import json
import os
import sys

import numpy as np


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        start = at
        if key & 7 == 0:
            _, at = read_varint(data, at)
            yield key, data[start:at]
        elif key & 7 == 2:
            size, at = read_varint(data, at)
            yield key, data[at:at + size]
            at += size
        else:
            at += 4 if key & 7 == 5 else 8
            yield key, data[start:at]


def rewrite(data, path, change):
    """Copies a message; change(path, payload) may replace a length-delimited or varint payload."""
    out = bytearray()
    for key, payload in fields(data):
        here = path + (key >> 3,)
        if here in DESCEND:
            payload = rewrite(payload, here, change)
        payload = change(here, payload)
        out += varint(key)
        if key & 7 == 2:
            out += varint(len(payload))
        out += payload
    return bytes(out)


# node 1, attr 5, value 2: shape 7 dim 2 size 1; tensor 8 tensor_content 4
DESCEND = {(1,), (1, 5), (1, 5, 2), (1, 5, 2, 7), (1, 5, 2, 7, 2), (1, 5, 2, 8)}


def truth(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    z, za, zb = np.zeros_like(a), np.zeros_like(a), np.zeros_like(a)
    for i in range(100):
        c, s, c1, s1 = np.cos(z + i), np.sin(b - i), np.sin(z + i), np.cos(b - i)
        z, za, zb = a * c + z * s, c - a * c1 * za + s * za, -a * c1 * zb + z * s1 + s * zb
    return [x.astype(np.float32) for x in (z, za, zb)]


def main():
    model, old, new, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    counts = [0, 0]

    def change(path, payload):
        if path == (1, 5, 2, 7, 2, 1) and payload == varint(old):
            counts[0] += 1
            return varint(new)
        if path == (1, 5, 2, 8, 4) and payload == np.int32(old).tobytes():
            counts[1] += 1
            return np.int32(new).tobytes()
        return payload

    graph = rewrite(open(model, "rb").read(), (), change)
    folder = os.path.join(out, "cases", "000")
    os.makedirs(folder, exist_ok=True)
    open(os.path.join(out, "model.pb"), "wb").write(graph)
    random = np.random.RandomState(7)
    feeds = [random.uniform(-.5, .5, new).astype(np.float32), random.uniform(-1, 1, new).astype(np.float32)]
    fetches = truth(*feeds)
    for name, values in (("feed", feeds), ("fetch", fetches)):
        for index, value in enumerate(values):
            np.save(os.path.join(folder, "%s_%d.npy" % (name, index)), value)
    row = lambda name: {"tensor": name, "dtype": "float32", "shape": [new]}
    json.dump({"format": "graphdef", "model": "model.pb", "kind": "tiny", "feeds": [row("a:0"), row("b:0")],
               "fetches": [row("add_199:0"), row("gradients/AddN_99:0"), row("gradients/AddN_100:0")]},
              open(os.path.join(out, "signature.json"), "w"), indent=1)
    print("changed %d shapes and %d constants" % tuple(counts))


main()
