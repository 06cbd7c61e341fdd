package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// chart is a plot with a title.
type chart struct {
	Title, Note string
	Large, Wide bool // Large ones want more room each, Wide ones a row of their own
	SVG         template.HTML
	Legend      []string
}

// plot draws on a box of w × h units inside margins; coordinates run from 0 to
// 1, upwards.
type plot struct {
	strings.Builder
	w, h float64
}

const (
	marginLeft, marginRight = 34.0, 10.0
	marginTop, marginBottom = 8.0, 22.0
)

func newPlot(w, h float64) *plot { return &plot{w: w, h: h} }

func (p *plot) x(v float64) float64 { return marginLeft + v*(p.w-marginLeft-marginRight) }
func (p *plot) y(v float64) float64 { return p.h - marginBottom - v*(p.h-marginTop-marginBottom) }

// svg closes the drawing.
func (p *plot) svg(label string) template.HTML {
	s := fmt.Sprintf(`<svg viewBox="0 0 %g %g" role="img" aria-label="%s">%s</svg>`, p.w, p.h, html.EscapeString(label), p.String())
	return template.HTML(s) //nolint:gosec // numbers and escaped labels
}

func (p *plot) segment(class string, x0, y0, x1, y1 float64) {
	fmt.Fprintf(p, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, p.x(x0), p.y(y0), p.x(x1), p.y(y1))
}

func (p *plot) dot(class string, x, y float64, title string) {
	fmt.Fprintf(p, `<circle class="%s" cx="%.1f" cy="%.1f" r="3"><title>%s</title></circle>`, class, p.x(x), p.y(y), html.EscapeString(title))
}

func (p *plot) rect(class string, x0, y0, x1, y1 float64, title string) {
	fmt.Fprintf(p, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s</title></rect>`,
		class, p.x(x0), p.y(y1), p.x(x1)-p.x(x0), p.y(y0)-p.y(y1), html.EscapeString(title))
}

// path joins points; closed ones are for areas.
func (p *plot) path(class string, points [][2]float64, closed bool) {
	var d strings.Builder
	for i, q := range points {
		fmt.Fprintf(&d, "%c%.1f %.1f", "ML"[min(i, 1)], p.x(q[0]), p.y(q[1]))
	}
	if closed {
		d.WriteString("Z")
	}
	fmt.Fprintf(p, `<path class="%s" d="%s"/>`, class, d.String())
}

// text writes at a point moved by units; anchor is start, middle or end.
func (p *plot) text(x, y, dx, dy float64, anchor, text string) {
	fmt.Fprintf(p, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, p.x(x)+dx, p.y(y)+dy, anchor, html.EscapeString(text))
}

// mark is a labelled place on an axis.
type mark struct {
	at    float64
	label string
}

// axes draws a grid with labels.
func (p *plot) axes(xs, ys []mark) {
	for _, m := range ys {
		p.segment("grid", 0, m.at, 1, m.at)
		p.text(0, m.at, -6, 3.5, "end", m.label)
	}
	for _, m := range xs {
		p.text(m.at, 0, 0, 14, "middle", m.label)
	}
	p.segment("axis", 0, 0, 1, 0)
}

var shares = []mark{{0, "0"}, {0.5, ".5"}, {1, "1"}}

// decades maps 10^-n…1 to 0…1 and labels whole powers.
type decades float64

func (d decades) at(v float64) float64 {
	return min(max(1+math.Log10(max(v, 1e-300))/float64(d), 0), 1)
}

func (d decades) marks() []mark {
	var out []mark
	for i := range int(d) + 1 {
		v := math.Pow(10, -float64(i))
		label := "1"
		if i > 0 {
			label = "10" + superscript(-i)
		}
		out = append(out, mark{d.at(v), label})
	}
	return out
}

func superscript(n int) string {
	return strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴",
		"5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹").Replace(strconv.Itoa(n))
}
