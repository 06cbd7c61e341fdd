package httpapi

import (
	"errors"
	"sort"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/certana/certana/internal/asset"
)

// violations lists what a schema found wrong, one entry a field, in a stable
// order. Loc is the path from the value's root.
func violations(err error) []asset.FieldError {
	var top *jsonschema.ValidationError
	if !errors.As(err, &top) {
		return nil
	}
	var all []asset.FieldError
	collect(top, &all)
	sort.SliceStable(all, func(i, j int) bool {
		return strings.Join(all[i].Loc, "\x00") < strings.Join(all[j].Loc, "\x00")
	})
	return all
}

func collect(e *jsonschema.ValidationError, all *[]asset.FieldError) {
	at := e.InstanceLocation
	add := func(msg string, more ...string) {
		*all = append(*all, asset.FieldError{Loc: append(at[:len(at):len(at)], more...), Msg: msg})
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			add("is required", name)
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			add("is not a known field", name)
		}
	case *kind.Pattern:
		add("must " + wordsFor(k.Want))
	case *kind.Format: // the library's words repeat the value, which may be a secret in the wrong place
		add("is not a valid " + k.Want)
	case *kind.AnyOf:
		// The contract writes the alternative that is usually meant first.
		collect(e.Causes[0], all)
	default:
		if len(e.Causes) == 0 {
			add(e.ErrorKind.LocalizedString(english))
		}
		for _, cause := range e.Causes {
			collect(cause, all)
		}
	}
}

// wordsFor says what a pattern of the contract asks for.
func wordsFor(pattern string) string {
	switch pattern {
	case `^[^\x00]*$`:
		return "not contain NUL"
	case `^[^,\x00]*$`:
		return "contain neither a comma nor NUL"
	}
	return "match " + pattern
}

var english = message.NewPrinter(language.English)
