package raster

// placing maps upright pixel positions to stored ones for one EXIF orientation
// (Exif 2.32, table of tag 0x0112): stored x = x0 + xx·x + xy·y, and likewise y,
// for upright (x, y).
type placing struct {
	x0, xx, xy int
	y0, yx, yy int
}

// place returns the map of an orientation for a stored picture of w × h pixels.
func place(orient, w, h int) placing {
	switch orient {
	case 2: // mirrored
		return placing{x0: w - 1, xx: -1, yy: 1}
	case 3: // half turn
		return placing{x0: w - 1, xx: -1, y0: h - 1, yy: -1}
	case 4: // upside down mirrored
		return placing{xx: 1, y0: h - 1, yy: -1}
	case 5: // transposed
		return placing{xy: 1, yx: 1}
	case 6: // to be turned clockwise: upright right is stored down from the bottom
		return placing{xy: 1, y0: h - 1, yx: -1}
	case 7: // transverse
		return placing{x0: w - 1, xy: -1, y0: h - 1, yx: -1}
	case 8: // to be turned counter-clockwise
		return placing{x0: w - 1, xy: -1, yx: 1}
	}
	return placing{xx: 1, yy: 1}
}

// swapped says whether upright width is stored height.
func (p placing) swapped() bool { return p.xy != 0 }

// upright copies a stored plane of w × h pixels with n samples each into
// upright order. Blocks of 32 keep both sides of a transposition in cache.
func upright[T any](src []T, w, h, n, orient int) []T {
	if orient <= 1 || orient > 8 {
		return src
	}
	pl := place(orient, w, h)
	uw, uh := w, h
	if pl.swapped() {
		uw, uh = h, w
	}
	dst := make([]T, len(src))
	const block = 32
	for by := 0; by < uh; by += block {
		for bx := 0; bx < uw; bx += block {
			for y := by; y < min(by+block, uh); y++ {
				for x := bx; x < min(bx+block, uw); x++ {
					s := (pl.y0+pl.yx*x+pl.yy*y)*w + pl.x0 + pl.xx*x + pl.xy*y
					copy(dst[(y*uw+x)*n:(y*uw+x)*n+n], src[s*n:s*n+n])
				}
			}
		}
	}
	return dst
}
