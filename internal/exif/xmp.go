package exif

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"path"
	"strings"
)

const (
	maxDepth = 32
	maxPath  = 300
)

// xmpPrefixes are the usual short names of XMP's namespaces; another namespace
// goes by the last part of its address.
var xmpPrefixes = map[string]string{
	"http://purl.org/dc/elements/1.1/":               "dc",
	"http://ns.adobe.com/xap/1.0/":                   "xmp",
	"http://ns.adobe.com/xap/1.0/mm/":                "xmpMM",
	"http://ns.adobe.com/xap/1.0/rights/":            "xmpRights",
	"http://ns.adobe.com/xap/1.0/sType/ResourceRef#": "stRef",
	"http://ns.adobe.com/photoshop/1.0/":             "photoshop",
	"http://ns.adobe.com/tiff/1.0/":                  "tiff",
	"http://ns.adobe.com/exif/1.0/":                  "exif",
	"http://cipa.jp/exif/1.0/":                       "exifEX",
	"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/":    "Iptc4xmpCore",
	"http://iptc.org/std/Iptc4xmpExt/2008-02-29/":    "Iptc4xmpExt",
	"http://ns.adobe.com/camera-raw-settings/1.0/":   "crs",
}

const rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

func xmpName(n xml.Name) string {
	prefix, ok := xmpPrefixes[n.Space]
	if !ok {
		prefix = path.Base(strings.Trim(n.Space, "/#"))
	}
	return prefix + ":" + n.Local
}

// level is one open element: its path, the number of list items seen below,
// and the text directly inside.
type level struct {
	path  string
	items int
	text  strings.Builder
}

// readXMP flattens an RDF packet: a property is its name, a structure's field
// "name/field", a list's item "name[1]", an alternative in a language
// "name[de]". Attributes are the same as elements, as RDF has it.
func readXMP(f Fields, packet []byte) {
	d := xml.NewDecoder(bytes.NewReader(packet))
	d.Strict = false
	stack := []*level{{}}
	for len(f) < maxFields {
		token, err := d.Token()
		if err != nil {
			return
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(stack) > maxDepth {
				return
			}
			stack = append(stack, open(f, stack[len(stack)-1], t))
		case xml.CharData:
			stack[len(stack)-1].text.Write(t)
		case xml.EndElement:
			if len(stack) == 1 {
				return
			}
			l := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if v := strings.TrimSpace(l.text.String()); v != "" && l.path != "" {
				f.set("XMP:"+l.path, v)
			}
		}
	}
}

// open returns the level of an element and sets the properties that its
// attributes are.
func open(f Fields, parent *level, t xml.StartElement) *level {
	l := &level{path: parent.path}
	item := t.Name.Space == rdf && t.Name.Local == "li"
	switch {
	case item:
		parent.items++
		l.path = fmt.Sprintf("%s[%d]", parent.path, parent.items)
	case t.Name.Space != rdf && !strings.HasPrefix(t.Name.Local, "xmpmeta") && !strings.HasPrefix(t.Name.Local, "xapmeta"):
		l.path = join(parent.path, xmpName(t.Name))
	}
	for _, a := range t.Attr {
		switch {
		case a.Name.Local == "lang" && item:
			l.path = parent.path + "[" + a.Value + "]"
		case a.Name.Space == rdf && a.Name.Local == "resource":
			f.set("XMP:"+l.path, a.Value)
		case a.Name.Space == "" || a.Name.Space == "xmlns" || a.Name.Space == rdf || a.Name.Space == "xml",
			strings.HasSuffix(a.Name.Space, "/namespace"), a.Name.Space == "adobe:ns:meta/":
		default:
			f.set("XMP:"+join(l.path, xmpName(a.Name)), a.Value)
		}
	}
	if len(l.path) > maxPath {
		l.path = l.path[:maxPath] // longer than set takes
	}
	return l
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "/" + name
}
