// Package report writes what an evaluation found as one HTML file that needs
// nothing else: styles and plots lie in it, pictures too, and there are no
// scripts. It is read on screens of any width, light or dark, and on paper.
package report

import (
	"bytes"
	_ "embed" // of the page and its style
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"os"
	"path/filepath"

	"github.com/certana/certana/internal/raster"
)

//go:embed page.html
var pageSource string

//go:embed style.css
var style string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// Origin says where figures come from; empty fields are left out.
type Origin struct {
	Command string // that makes them again
	Version string // of the program
	Date    string
}

// page is what page.html shows.
type page struct {
	Title, Lead string
	Meta        []pair
	Sections    []section
	Footer      string
}

// Style is the style sheet, which is this package's own text.
func (page) Style() template.CSS { return template.CSS(style) } //nolint:gosec // embedded

// Least is how narrow charts may become side by side: large ones want more room.
func (page) Least(charts []chart) template.CSS {
	if len(charts) > 0 && charts[0].Large {
		return "20rem"
	}
	return "13.5rem"
}

type pair struct{ Name, Value string }

// section is one heading with what stands below it, in this order.
type section struct {
	Title  string
	Text   []string
	Cards  []card
	Charts []chart
	Tables []table
	Tiles  []tile
	Strips []strip
	Code   string
}

// card is one figure in large type; Kind is lead, bad or empty.
type card struct{ Name, Value, Note, Kind string }

// tile is one small figure of many; Heat colours it.
type tile struct{ Name, Value, Heat string }

// table has its first column on the left, figures on the right. Fold hides it
// behind a line to open.
type table struct {
	Fold string
	Head []string
	Rows []row
}

type row struct {
	Strong bool
	Cells  []cell
}

type cell struct {
	Text string
	Heat string
	Bar  *bar
}

// bar is a share as a length, with its interval and others to compare with.
type bar struct {
	Width, Low, Span template.CSS
	Others           []tick
}

type tick struct {
	At   template.CSS
	Name string
}

// strip is a row of pictures.
type strip struct {
	Title    string
	Pixels   bool // show single pixels
	Pictures []picture
}

type picture struct {
	Source template.URL
	W, H   int
	Plain  int // width before it is shown larger
	Note   string
}

// percent is a length as style sheets have it.
func percent(share float64) template.CSS {
	return template.CSS(fmt.Sprintf("%.2f%%", 100*share)) //nolint:gosec // a number
}

// heat is the class of a share that should be 1.
func heat(share float64) string {
	switch {
	case share >= 0.9995:
		return "full"
	case share >= 0.9:
		return "high"
	case share >= 0.5:
		return "mid"
	}
	return "low"
}

// inline makes a picture part of the page, shown larger by so many times.
func inline(m *raster.RGB8, times int, note string) (picture, error) {
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestCompression}
	if err := e.Encode(&b, m.Image()); err != nil {
		return picture{}, err
	}
	url := "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())
	return picture{Source: template.URL(url), W: times * m.W, H: times * m.H, Plain: m.W, Note: note}, nil //nolint:gosec // our own bytes
}

// write makes the page a file of dir.
func (p page) write(dir, name string) error {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644)
}

// origin adds where the figures come from.
func (p *page) origin(o Origin) {
	for _, m := range []pair{{"version", o.Version}, {"date", o.Date}} {
		if m.Value != "" {
			p.Meta = append(p.Meta, m)
		}
	}
	if o.Command != "" {
		p.Sections = append(p.Sections, section{Title: "To make these figures again", Code: o.Command})
	}
}
