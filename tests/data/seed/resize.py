#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""resize.py MODEL.pb FROM TO OUT: writes the graph of the 100-step sin/cos gradient for vectors of TO elements instead of
FROM, with feeds and expected values. Every placeholder's shape and every int32 Const that holds [FROM] is changed, nothing
else. Expected values: a float64 recurrence with forward-mode derivatives, an arithmetic independent of the graph's
reverse-mode nodes, rounded once. Needs no packages: the tests run it for vectors too long to keep here."""
import json
import math
import os
import random
import struct
import sys


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


def uniform_source(seed):
    """The numbers of numpy.random.RandomState(seed): the same generator as Python's, started otherwise."""
    words = [seed]
    for i in range(1, 624):
        words.append((1812433253 * (words[-1] ^ words[-1] >> 30) + i) & 0xffffffff)
    source = random.Random()
    source.setstate((3, tuple(words) + (624,), None))
    return source


def float32(values):
    return list(struct.unpack("<%df" % len(values), struct.pack("<%df" % len(values), *values)))


def truth(a, b):
    """One element: z and its derivatives."""
    z = za = zb = 0.0
    for i in range(100):
        c, s, c1, s1 = math.cos(z + i), math.sin(b - i), math.sin(z + i), math.cos(b - i)
        z, za, zb = a * c + z * s, c - a * c1 * za + s * za, -a * c1 * zb + z * s1 + s * zb
    return z, za, zb


def save(path, values):
    """A .npy file, as numpy.save writes it."""
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % len(values)
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack("<%df" % len(values), *values))


def main():
    model, old, new, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    counts = [0, 0]

    def change(path, payload):
        if path == (1, 5, 2, 7, 2, 1) and payload == varint(old):
            counts[0] += 1
            return varint(new)
        if path == (1, 5, 2, 8, 4) and payload == struct.pack("<i", old):
            counts[1] += 1
            return struct.pack("<i", new)
        return payload

    with open(model, "rb") as file:
        graph = rewrite(file.read(), (), change)
    folder = os.path.join(out, "cases", "000")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(out, "model.pb"), "wb") as file:
        file.write(graph)
    source = uniform_source(7)
    feeds = [float32([low + (high - low) * source.random() for _ in range(new)]) for low, high in ((-.5, .5), (-1., 1.))]
    fetches = zip(*map(truth, *feeds))
    for name, values in (("feed", feeds), ("fetch", fetches)):
        for index, value in enumerate(values):
            save(os.path.join(folder, "%s_%d.npy" % (name, index)), value)
    row = lambda name: {"tensor": name, "dtype": "float32", "shape": [new]}
    with open(os.path.join(out, "signature.json"), "w") as file:
        json.dump({"format": "graphdef", "model": "model.pb", "kind": "tiny", "feeds": [row("a:0"), row("b:0")],
                   "fetches": [row("add_199:0"), row("gradients/AddN_99:0"), row("gradients/AddN_100:0")]}, file, indent=1)
    print("changed %d shapes and %d constants" % tuple(counts))


main()
