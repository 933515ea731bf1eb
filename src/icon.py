#!/usr/bin/env python3
"""Draws icon.png: thick slices on the left become thin ones on the right, and a label's staircase a smooth outline. Standard library only."""
import struct, zlib, pathlib

SIZE, AA = 128, 4

def colour(x, y):
    """RGBA at (x, y) in 0..1, y down."""
    r = 0.16
    dx, dy = max(r - x, x - (1 - r), 0), max(r - y, y - (1 - r), 0)
    if dx * dx + dy * dy > r * r:
        return (0, 0, 0, 0)
    inside = 0.12 < y < 0.88
    left = x < 0.5
    slices = 4 if left else 16
    k = int((y - 0.12) / 0.76 * slices)
    centre = 0.12 + 0.76 * (k + 0.5) / slices
    gap = abs((y - 0.12) / 0.76 * slices - k - 0.5) > (0.46 if left else 0.36)
    if not inside or not 0.12 < x < 0.88 or gap:
        return (19, 32, 51, 255)
    label = ((x - 0.5) / 0.28) ** 2 + ((centre - 0.5) / 0.33) ** 2 < 1
    return ((255, 138, 61) if label else (92, 124, 160)) + (255,)

rows = bytearray()
for py in range(SIZE):
    rows.append(0)
    for px in range(SIZE):
        samples = [colour((px + (i + 0.5) / AA) / SIZE, (py + (j + 0.5) / AA) / SIZE) for i in range(AA) for j in range(AA)]
        alpha = sum(s[3] for s in samples)
        rows += bytes([round(sum(s[c] * s[3] for s in samples) / alpha) if alpha else 0 for c in range(3)] + [round(alpha / len(samples))])

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

pathlib.Path(__file__).with_name("icon.png").write_bytes(
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + chunk(b"IEND", b""))
