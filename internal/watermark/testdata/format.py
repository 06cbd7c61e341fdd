#!/usr/bin/env python3
"""The formats of payloads and of track A, written again from their description
with nothing but the standard library. Prints the golden values that the Go
tests hold the product to: python3 format.py > format.json
"""
import hashlib, hmac, itertools, json, math

KEY = hashlib.sha256(b"certana published test key").digest()


def prf(key, label, data):
    return hmac.new(key, label.encode() + b"\0" + data, hashlib.sha256).digest()


def words(key, label):
    """The stream of a label: 32-bit words without end."""
    for i in itertools.count():
        block = prf(key, label, i.to_bytes(8, "big"))
        for j in range(0, 32, 4):
            yield int.from_bytes(block[j:j + 4], "big")


def intn(s, n):
    limit = 2**32 // n * n
    return next(w for w in s if w < limit) % n


def perm(s, n):
    p = list(range(n))
    for i in range(n - 1, 0, -1):
        j = intn(s, i + 1)
        p[i], p[j] = p[j], p[i]
    return p


def mint(key, number):
    tag = prf(key, "certana/payload/1/tag", number.to_bytes(8, "big"))[:3]
    plain = number << 24 | int.from_bytes(tag, "big")
    left, right = plain >> 32, plain & 0xFFFFFFFF
    for i in range(6):
        f = prf(key, "certana/payload/1/round", bytes([i]) + right.to_bytes(4, "big"))[:4]
        left, right = right, left ^ int.from_bytes(f, "big")
    return left << 32 | right


def band():
    hs = [(u, v) for u in range(3, 17) for v in range(-16, 17)
          if abs(v) >= 3 and 4.5 <= math.hypot(u, v) <= 16]
    return sorted(hs, key=lambda h: (h[0]**2 + h[1]**2, h[0], h[1]))


def coincidences(draw):
    """Under a quarter turn and the two mirrorings; (u, v) and (-u, -v) are one."""
    def images(h):
        u, v = h
        return [(-v, u), (u, -v), (v, u)]
    return max(sum(g[k] in draw or (-g[k][0], -g[k][1]) in draw for g in map(images, draw)) for k in range(3))


def layout(key):
    hs = band()
    ring = [h for h in hs if 6 <= math.hypot(*h) <= 13]
    ring.sort(key=lambda h: h[1] / h[0])  # stable: equal angles stay by radius
    s, best = words(key, "certana/a/2/pilots"), None
    for _ in range(64):
        draw = []
        for g in range(24):
            lo, hi = g * len(ring) // 24, (g + 1) * len(ring) // 24
            draw.append(ring[lo + intn(s, hi - lo)])
        n = coincidences(draw)
        if best is None or n < best[0]:
            best = n, draw
    pilots = best[1]
    s = words(key, "certana/a/2/phases")
    quarters = [intn(s, 4) for _ in pilots]  # phase = (quarter + 1/2) * 90 degrees
    code = [h for h in hs if h not in pilots]
    place = perm(words(key, "certana/a/2/interleave"), 512)[:2 * len(code)]
    s = words(key, "certana/a/2/signs")
    signs = [1 - 2 * intn(s, 2) for _ in place]
    return pilots, quarters, code, place, signs


# 104 information positions of the polar code of length 512.
INFO = [int(x) for x in """
223 239 246 247 249 250 251 252 253 254 255 319 350 351 363 365 366 367 371 373 374 375 377 378 379 380 381 382
383 411 413 414 415 423 427 429 430 431 435 436 437 438 439 440 441 442 443 444 445 446 447 455 458 459 460 461
462 463 465 466 467 468 469 470 471 472 473 474 475 476 477 478 479 481 482 483 484 485 486 487 488 489 490 491
492 493 494 495 496 497 498 499 500 501 502 503 504 505 506 507 508 509 510 511""".split()]


def codeword(key, payload, label):
    check = int.from_bytes(prf(key, label, payload.to_bytes(8, "big"))[:5], "big")
    bits = [payload >> i & 1 for i in range(64)] + [check >> i & 1 for i in range(40)]
    ones = [i for i, b in zip(INFO, bits) if b]
    return [sum(i & j == j for i in ones) & 1 for j in range(512)]


def harmonics(key, payload, label="certana/a/2/check"):
    """(u, v, complex amplitude); the tile is the sum of 2 Re(a exp(2 pi i (ux + vy) / 64))."""
    pilots, quarters, code, place, signs = layout(key)
    x = codeword(key, payload, label)
    p = math.sqrt(0.15 / 2 / 24)
    out = [(u, v, p * complex(math.cos(a), math.sin(a)))
           for (u, v), a in zip(pilots, [(q + 0.5) * math.pi / 2 for q in quarters])]
    c = math.sqrt(0.85 / 4 / len(code))
    sym = [s * (1 - 2 * x[i]) for s, i in zip(signs, place)]
    out += [(u, v, c * complex(sym[2 * k], sym[2 * k + 1])) for k, (u, v) in enumerate(code)]
    return out, sym


def tile_at(hs, x, y):
    return sum(2 * (a * complex(math.cos(t), math.sin(t))).real
               for u, v, a in hs for t in [2 * math.pi * (u * x + v * y) / 64])


def mark_at(coarse, fine, x, y):
    """The mark of a large picture at a canonical position."""
    return math.sqrt(0.8) * tile_at(coarse, x, y) + math.sqrt(0.2) * tile_at(fine, 3 * x + 1, 3 * y + 1)


def main():
    other = hashlib.sha256(b"another key").digest()
    payload = 0x0123456789ABCDEF
    golden = {"payload": f"{payload:016x}", "keys": []}
    for key in (KEY, other):
        pilots, quarters, code, place, signs = layout(key)
        hs, sym = harmonics(key, payload)
        fine, fine_sym = harmonics(key, payload, "certana/a/2/check/fine")
        places = ((0, 0), (0.125, 0), (0, 0.125), (13.5, 40.25), (63.875, 63.875), (31, 7), (20.625, 55))
        s = words(key, "a label")
        golden["keys"].append({
            "key": key.hex(),
            "words": [next(s) for _ in range(10)],
            "perm": perm(words(key, "p"), 20),
            "minted": {str(n): f"{mint(key, n):016x}" for n in (0, 1, 2, 123456789, 2**40 - 1)},
            "pilots": pilots, "quarters": quarters, "code_harmonics": len(code),
            "place": place[:32], "symbols": "".join("+" if v > 0 else "-" for v in sym),
            "fine_symbols": "".join("+" if v > 0 else "-" for v in fine_sym),
            "tile": [[x, y, round(tile_at(hs, x, y), 6)] for x, y in places],
            "large": [[x, y, round(mark_at(hs, fine, x, y), 6)] for x, y in places],
        })
    print(json.dumps(golden))


main()
