package httpapi

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/pipeline"
)

// maxField bounds one text field of a form, and formOverhead all of a form that
// is not file, in bytes.
const (
	maxField     = 64 << 10
	formOverhead = 1 << 20
)

// formRules say what a multipart form may hold.
type formRules struct {
	file     string // the name of the file field
	maxFiles int
	fields   []string // the names of the text fields
	// alone keeps a file that is too large to itself, in its formFile, instead
	// of failing the form.
	alone bool
}

// form is a multipart body that was read: files on disk, fields in memory.
type form struct {
	files  []formFile
	fields map[string][]string
	wrong  []asset.FieldError
}

// formFile is one file, or why it was not taken.
type formFile struct {
	*pipeline.Spooled
	name string
	err  error
}

// Close removes the files.
func (f *form) Close() {
	for _, file := range f.files {
		if file.Spooled != nil {
			_ = file.Spooled.Close()
		}
	}
}

// readForm streams a form part by part: a file goes straight to disk, whatever
// comes before or after it. On an error nothing is left on disk; otherwise the
// caller closes the form. Every field that the rules refuse is told at once.
func readForm(parts *multipart.Reader, spool *pipeline.Spooler, rules formRules) (_ *form, err error) {
	f := &form{fields: map[string][]string{}}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	for {
		part, err := parts.NextPart()
		if err == io.EOF { // bare: wrapped, it is a form that was cut off
			break
		}
		if err != nil {
			return nil, formError(err)
		}
		if err := f.read(part, spool, rules); err != nil {
			return nil, err
		}
	}
	if len(f.files) == 0 {
		f.refuse(rules.file, "is required")
	}
	return f, invalidFields(f.wrong)
}

func (f *form) refuse(name, msg string) {
	f.wrong = append(f.wrong, asset.FieldError{Loc: []string{name}, Msg: msg})
}

func (f *form) read(part *multipart.Part, spool *pipeline.Spooler, rules formRules) error {
	name := part.FormName()
	switch {
	case name == rules.file:
		return f.readFile(part, spool, rules)
	case !slices.Contains(rules.fields, name):
		if !plainText(name) || len(name) > 100 {
			name = "?"
		}
		f.refuse(name, "is not a known field")
		return nil // the next NextPart skips what was not read
	}
	text, err := io.ReadAll(io.LimitReader(part, maxField+1))
	switch {
	case err != nil:
		return formError(err)
	case len(text) > maxField:
		f.refuse(name, fmt.Sprintf("is longer than %d bytes", maxField))
	case !plainText(string(text)):
		f.refuse(name, "must be UTF-8 text without NUL")
	default:
		f.fields[name] = append(f.fields[name], string(text))
	}
	return nil
}

func (f *form) readFile(part *multipart.Part, spool *pipeline.Spooler, rules formRules) error {
	if len(f.files) == rules.maxFiles {
		f.refuse(rules.file, fmt.Sprintf("at most %d may be given", rules.maxFiles))
		return invalidFields(f.wrong) // the rest is not worth a disk
	}
	file := formFile{name: safeName(part.FileName())}
	file.Spooled, file.err = spool.Spool(part)
	if file.err != nil && (!rules.alone || !asset.Is(file.err, asset.FileTooLarge)) {
		return formError(file.err)
	}
	f.files = append(f.files, file)
	return nil
}

// formError says what ended a form before its end.
func formError(err error) error {
	var tooLong *http.MaxBytesError
	var known *asset.Error
	switch {
	case errors.As(err, &tooLong):
		return asset.Errorf(asset.FileTooLarge, err, "the body is larger than %d bytes", tooLong.Limit)
	case errors.As(err, &known):
		return err
	}
	return asset.Errorf(asset.PayloadMalformed, err, "the form is not whole or not well-formed")
}

// safeName is a client's name for its file, for display alone: no folders, no
// control characters, at most 255 bytes of UTF-8. It may be empty.
func safeName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if name == "." || name == "/" {
		return ""
	}
	for len(name) > 255 {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name
}

// text is the one value of a field, "" when it is absent.
func (f *form) text(name string, max int) string {
	values := f.fields[name]
	if len(values) == 0 {
		return ""
	}
	if len(values) > 1 {
		f.refuse(name, "is given more than once")
	}
	if utf8.RuneCountInString(values[0]) > max {
		f.refuse(name, fmt.Sprintf("is longer than %d characters", max))
	}
	return values[0]
}

// boolean is a field of true or false in any case, or 1 or 0.
func (f *form) boolean(name string, otherwise bool) bool {
	if len(f.fields[name]) == 0 {
		return otherwise
	}
	switch strings.ToLower(strings.TrimSpace(f.text(name, 16))) {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	f.refuse(name, "must be true or false")
	return otherwise
}

// The limits of tags.
const (
	maxTags = 50
	maxTag  = 64 // characters
)

// splitTags takes tags apart at commas, trims them, and drops empty ones and
// repetitions.
func splitTags(lists []string) []string {
	tags := []string{}
	for _, list := range lists {
		for _, tag := range strings.Split(list, ",") {
			if tag = strings.TrimSpace(tag); tag != "" && !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

func (f *form) tags(name string) []string {
	tags := splitTags(f.fields[name])
	if len(tags) > maxTags {
		f.refuse(name, fmt.Sprintf("are more than %d", maxTags))
		return nil
	}
	for _, tag := range tags {
		if utf8.RuneCountInString(tag) > maxTag {
			f.refuse(name, fmt.Sprintf("one is longer than %d characters", maxTag))
			break
		}
	}
	return tags
}
