"""Runs the reference suite in Python over one raw picture.

usage: oracle.py SUITE_DIR PICTURE WIDTH HEIGHT SEED OUTDIR < jobs.json

jobs.json is [[name, strength], ...]; attack i leaves OUTDIR/i.rgb (raw samples)
and OUTDIR/i.bin (its encoded file, if it has one); a JSON list of
{"w", "h", "box", "pad", "matrix"} goes to stdout. SUITE_DIR holds attacks.py.
"""
import json
import sys

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, sys.argv[1])
import attacks

w, h, seed, out = int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), sys.argv[6]
rgb = np.fromfile(sys.argv[2], np.uint8).reshape(h, w, 3)
spelled = {(n, float(s)): s for n, s, _ in attacks.SUITE}
answers = []


def apply(a, name, s):
    """What attacks.py has, what it lacks, and chains of both."""
    if "+" in name:
        for step in name.split("+"):
            n, _, v = step.partition(":")
            v = float(v or 0)
            a, _, blob = apply(a, n, int(v) if v == int(v) else v)
        return a, {}, blob
    if name == "fit":
        f = min(1.0, s / max(a.shape[:2]))
        size = [max(1, int(round(n * f))) for n in (a.shape[1], a.shape[0])]
        return np.asarray(Image.fromarray(a).resize(size, Image.LANCZOS)), {}, None
    if name == "nlm":
        bgr = np.ascontiguousarray(a[..., ::-1])
        return np.ascontiguousarray(cv2.fastNlMeansDenoisingColored(bgr, None, s, s, 7, 21)[..., ::-1]), {}, None
    if name == "bilateral":
        return cv2.bilateralFilter(a, 9, s, s), {}, None
    o, info, blob, _ = attacks.apply(a, name, spelled.get((name, float(s)), s), seed)
    return o, info, blob


for i, (name, strength) in enumerate(json.load(sys.stdin)):
    o, info, blob = apply(rgb, name, strength)
    o.tofile(f"{out}/{i}.rgb")
    if blob is not None:
        open(f"{out}/{i}.bin", "wb").write(blob)
    matrix = np.ravel(info["matrix"]).tolist() if "matrix" in info else None
    answers.append({"w": o.shape[1], "h": o.shape[0], "box": info.get("box"),
                    "pad": info.get("pad"), "matrix": matrix})
print(json.dumps(answers))
