"""Runs the reference suite in Python over one raw picture.

usage: oracle.py SUITE_DIR PICTURE WIDTH HEIGHT SEED OUTDIR < jobs.json

jobs.json is [[name, strength], ...]; attack i leaves OUTDIR/i.rgb (raw samples)
and OUTDIR/i.bin (its encoded file, if it has one); a JSON list of
{"w", "h", "box", "pad", "matrix"} goes to stdout. SUITE_DIR holds attacks.py.
"""
import json
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
import attacks

w, h, seed, out = int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), sys.argv[6]
rgb = np.fromfile(sys.argv[2], np.uint8).reshape(h, w, 3)
spelled = {(n, float(s)): s for n, s, _ in attacks.SUITE}
answers = []
for i, (name, strength) in enumerate(json.load(sys.stdin)):
    s = spelled.get((name, float(strength)), strength)
    o, info, blob, _ = attacks.apply(rgb, name, s, seed)
    o.tofile(f"{out}/{i}.rgb")
    if blob is not None:
        open(f"{out}/{i}.bin", "wb").write(blob)
    matrix = np.ravel(info["matrix"]).tolist() if "matrix" in info else None
    answers.append({"w": o.shape[1], "h": o.shape[0], "box": info.get("box"),
                    "pad": info.get("pad"), "matrix": matrix})
print(json.dumps(answers))
