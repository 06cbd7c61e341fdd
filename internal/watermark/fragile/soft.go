package fragile

// At is the probability that pixel (x, y) was altered, bilinear between the cells
// around it; 0 where the track abstains.
func (m *Map) At(x, y int) float32 {
	if m.Probability == nil {
		return 0
	}
	w, h := m.W/cell, m.H/cell
	x0, x1, fx := between(x, w)
	y0, y1, fy := between(y, h)
	top := m.Probability[y0*w+x0]*(1-fx) + m.Probability[y0*w+x1]*fx
	low := m.Probability[y1*w+x0]*(1-fx) + m.Probability[y1*w+x1]*fx
	return top*(1-fy) + low*fy
}
