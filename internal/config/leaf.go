package config

import (
	"encoding"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// EnvPrefix starts every environment variable that is a setting.
const EnvPrefix = "CERTANA_"

// leaf is one setting: a field that holds a value, not a section.
type leaf struct {
	path   string // YAML path, dots between
	secret bool
	value  reflect.Value // addressable, in the Root that was walked
}

// otherName lists fields of rooms that derive fills from a setting of another
// name, so that each setting has one name only.
var otherName = map[string]bool{
	"account.self_service_plans": true, // plans.self_service
}

// env is the name of the leaf's environment variable.
func (l leaf) env() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(l.path, ".", "_"))
}

// leaves lists every setting of the root in the order of the declarations.
func leaves(r *Root) []leaf {
	var out []leaf
	walk(reflect.ValueOf(r).Elem(), "", &out)
	return out
}

func walk(v reflect.Value, prefix string, out *[]leaf) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, inline := yamlName(f)
		if name == "-" {
			continue
		}
		path := prefix + name
		switch {
		case otherName[path]:
		case inline:
			walk(v.Field(i), prefix, out)
		case isSection(f.Type):
			walk(v.Field(i), path+".", out)
		default:
			*out = append(*out, leaf{path: path, secret: f.Tag.Get("secret") == "true", value: v.Field(i)})
		}
	}
}

// yamlName returns the field's YAML key; "-" for a field that is no setting.
func yamlName(f reflect.StructField) (name string, inline bool) {
	if !f.IsExported() {
		return "-", false
	}
	name, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if strings.Contains(rest, "inline") {
		return "", true
	}
	if name == "" {
		name = strings.ToLower(f.Name)
	}
	return name, false
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// isSection tells a struct of settings from a struct that is one value, such as
// a time.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(textUnmarshaler)
}

// setText fills the leaf from text, as the environment and flags carry it.
// A list is separated by commas.
func (l leaf) setText(text string) error {
	p := l.value.Addr().Interface()
	if t, ok := p.(encoding.TextUnmarshaler); ok {
		return t.UnmarshalText([]byte(text))
	}
	switch l.value.Kind() {
	case reflect.String:
		l.value.SetString(text)
		return nil
	case reflect.Slice:
		if l.value.Type().Elem().Kind() == reflect.String && !strings.HasPrefix(strings.TrimSpace(text), "[") {
			l.value.Set(reflect.Zero(l.value.Type()))
			for _, s := range strings.Split(text, ",") {
				if s = strings.TrimSpace(s); s != "" {
					l.value.Set(reflect.Append(l.value, reflect.ValueOf(s).Convert(l.value.Type().Elem())))
				}
			}
			return nil
		}
	}
	return l.setNode(&yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{scalarOrFlow(text)}})
}

// scalarOrFlow parses text as one YAML value; text that does not parse stays a
// string, which the decoder then refuses with the field's type in its message.
func scalarOrFlow(text string) *yaml.Node {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(text), &doc) == nil && len(doc.Content) == 1 {
		return doc.Content[0]
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// setNode fills the leaf from a YAML value.
func (l leaf) setNode(n *yaml.Node) error {
	fresh := reflect.New(l.value.Type())
	if err := n.Decode(fresh.Interface()); err != nil {
		return fmt.Errorf("not a %s", typeName(l.value.Type()))
	}
	l.value.Set(fresh.Elem())
	return nil
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "boolean (true or false)"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if t.String() == "time.Duration" {
			return "duration such as 30s, 5m or 24h"
		}
		return "whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "whole number, zero or more"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list"
	}
	return t.String()
}

// text shows the leaf's value; a secret that is set shows as asterisks.
func (l leaf) text() string {
	if l.secret && !l.value.IsZero() {
		return mask
	}
	if t, ok := l.value.Addr().Interface().(encoding.TextMarshaler); ok {
		if b, err := t.MarshalText(); err == nil {
			return string(b)
		}
	}
	return withoutPassword(strings.TrimSpace(fmt.Sprint(l.value.Interface())))
}

// withoutPassword masks the password of a text that is a URL.
func withoutPassword(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.User == nil {
		return s
	}
	if _, ok := u.User.Password(); !ok {
		return s
	}
	return u.Redacted()
}

const mask = "********"
