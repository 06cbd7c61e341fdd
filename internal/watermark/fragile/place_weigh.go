package fragile

import "slices"

// detailClasses are how many classes of blocks, by detail, are weighed apart in a
// picture whose intact blocks stray unevenly: where there is most detail most was
// lost, and a spread that is common to all would call that altered.
const detailClasses = 8

// leastClass is how many blocks a class needs for a fit of its own.
const leastClass = 100

// weighByDetail is weigh with a fit for each class of detail.
func (s *sheet) weighByDetail(step [2]float32) []float32 {
	class := s.classes()
	common := s.fitOpen(step)
	l := make([]float32, len(s.clipped))
	for c := range detailClasses {
		f, n := s.fitBlocks(step, func(b int) bool { return class[b] == c && !s.clipped[b] })
		if n < leastClass {
			f = common
		}
		for k := range s.coef {
			open, closed := newEvidence(f.sigma[k], epsIntact), newEvidence(max(f.sigma[k], clipSD/2), epsClip)
			for b, clipped := range s.clipped {
				if class[b] != c || s.blind[b] {
					continue
				}
				e := open
				if clipped {
					e = closed
				}
				l[b] += e.at(s.residual(k, b, step[k]))
			}
		}
	}
	return l
}

// classes sorts the blocks by detail, as many without clipping in each class.
func (s *sheet) classes() []int {
	var open []float32
	detail := s.details()
	for b, v := range detail {
		if !s.blind[b] && !s.clipped[b] {
			open = append(open, v)
		}
	}
	slices.Sort(open)
	out := make([]int, len(detail))
	for b, v := range detail {
		i, _ := slices.BinarySearch(open, v)
		out[b] = min(i*detailClasses/max(len(open), 1), detailClasses-1)
	}
	return out
}
