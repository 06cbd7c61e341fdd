package httpapi

import (
	"bytes"
	"io"
)

// wholeForm is a multipart body whose end is an error unless the closing
// boundary came before it. mime/multipart takes a form that is cut off in the
// headers of a part for a whole one.
type wholeForm struct {
	io.ReadCloser
	closing []byte // --boundary--
	tail    []byte // the last bytes read, one fewer than closing has
	seen    bool
}

func newWholeForm(body io.ReadCloser, boundary string) *wholeForm {
	return &wholeForm{ReadCloser: body, closing: []byte("--" + boundary + "--")}
}

func (f *wholeForm) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	f.look(p[:n])
	if err == io.EOF && !f.seen {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// look finds the closing boundary, also where it lies across two reads.
func (f *wholeForm) look(p []byte) {
	if f.seen || len(p) == 0 {
		return
	}
	keep := len(f.closing) - 1
	f.seen = bytes.Contains(p, f.closing) ||
		bytes.Contains(append(f.tail, p[:min(len(p), keep)]...), f.closing)
	f.tail = append(f.tail, p[max(0, len(p)-keep):]...)
	f.tail = append([]byte(nil), f.tail[max(0, len(f.tail)-keep):]...)
}
