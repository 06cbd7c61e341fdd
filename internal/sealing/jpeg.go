package sealing

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// checkJPEG walks a JPEG's segments (ITU-T T.81, annex B) from SOI to EOI
// without decoding: a frame header of sane size, scans after it, nothing cut
// off. Bytes after EOI are let through, as cameras append thumbnails there.
func checkJPEG(b []byte) error {
	const (
		soi, eoi, sos, tem     = 0xd8, 0xd9, 0xda, 0x01
		dht, jpg, dac          = 0xc4, 0xc8, 0xcc // within the SOF range, but not frames
		rst0, rst7, sof0, sofF = 0xd0, 0xd7, 0xc0, 0xcf
	)
	cut := errors.New("it ends early")
	if len(b) < 4 || b[0] != 0xff || b[1] != soi {
		return errors.New("it does not begin as one")
	}
	b = b[2:]
	frame, scan := false, false
	for {
		// A marker is 0xff, any number of fill bytes 0xff, and a code.
		if len(b) < 2 {
			return cut
		}
		if b[0] != 0xff {
			return errors.New("a segment begins without its marker")
		}
		code := b[1]
		if code == 0xff {
			b = b[1:]
			continue
		}
		b = b[2:]
		switch {
		case code == eoi:
			if !scan {
				return errors.New("it holds no picture")
			}
			return nil
		case code == tem, code >= rst0 && code <= rst7:
			continue
		case code == 0, code == soi:
			return errors.New("a marker stands where none may")
		}
		if len(b) < 2 {
			return cut
		}
		n := int(binary.BigEndian.Uint16(b))
		if n < 2 || n > len(b) {
			return cut
		}
		segment := b[2:n]
		b = b[n:]
		switch {
		case code >= sof0 && code <= sofF && code != dht && code != jpg && code != dac:
			// precision(1) height(2) width(2) components(1); a height of 0 would be
			// told later by DNL, which decoders do not support.
			if len(segment) < 6 || binary.BigEndian.Uint16(segment[1:]) == 0 || binary.BigEndian.Uint16(segment[3:]) == 0 {
				return errors.New("its frame has no size")
			}
			frame = true
		case code == sos:
			if !frame {
				return errors.New("a scan comes before the frame")
			}
			scan = true
			if b = skipScan(b); b == nil {
				return cut
			}
		}
	}
}

// skipScan answers what follows a scan's coded data, from the next marker that
// is neither a stuffed 0xff00 nor a restart; nil when there is none.
func skipScan(b []byte) []byte {
	for {
		i := bytes.IndexByte(b, 0xff)
		if i < 0 || i+1 >= len(b) {
			return nil
		}
		if c := b[i+1]; c != 0 && (c < 0xd0 || c > 0xd7) {
			return b[i:]
		}
		b = b[i+1:]
		if b[0] == 0 {
			b = b[1:]
		}
	}
}
