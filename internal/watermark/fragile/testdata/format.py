#!/usr/bin/env python3
"""The keyed lattice of track B, written again from FORMAT.md with nothing but
the standard library. Prints the golden values that the Go tests hold the
product to: python3 format.py > format.json
"""
import hashlib, hmac, json

KEYS = [hashlib.sha256(b"certana published test key").digest(), bytes(range(32))]
PAYLOAD = 0x0123456789ABCDEF
ROWS, COLS = 9, 13


def dither(key, payload, g, i, j, k):
    data = payload.to_bytes(8, "big") + bytes([g]) + i.to_bytes(4, "big")
    row = hmac.new(key, b"certana/b/2/dither\0" + data, hashlib.sha256).digest()
    words = hashlib.sha256(row + (j // 4).to_bytes(4, "big")).digest()
    at = 4 * (2 * (j % 4) + k)
    return int.from_bytes(words[at:at + 4], "big") >> 8


out = {"payload": f"{PAYLOAD:016x}", "rows": ROWS, "cols": COLS, "keys": []}
for key in KEYS:
    every = hashlib.sha256()
    for g in range(2):
        for i in range(ROWS):
            for j in range(COLS):
                for k in range(2):
                    every.update(dither(key, PAYLOAD, g, i, j, k).to_bytes(3, "big"))
    some = [[g, i, j, k, dither(key, PAYLOAD, g, i, j, k)]
            for g, i, j, k in ((0, 0, 0, 0), (0, 0, 0, 1), (0, 3, 5, 1), (1, 0, 0, 0), (1, 8, 12, 1))]
    out["keys"].append({"key": key.hex(), "some": some, "sha256": every.hexdigest()})
print(json.dumps(out, indent=1))
