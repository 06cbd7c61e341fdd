package spread

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/certana/certana/internal/watermark"
)

// TestTrials: no random key reads a payload in a picture that is marked under
// another, and the key that marked it does.
func TestTrials(t *testing.T) {
	const seed, right = 7, 41
	key := sha256.Sum256(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, seed), right))
	pic := photo(384, 256, 3)
	if _, err := New(watermark.Key(key), Config{PSNR: 44}).Embed(pic, 1); err != nil {
		t.Fatal(err)
	}
	luma := pic.Luma(0)
	if accepted, decoded := Trials(luma, right, seed, false); accepted != 0 || decoded > right*maxReads {
		t.Errorf("%d of %d wrong keys accepted something in %d list decodes", accepted, right, decoded)
	}
	if accepted, decoded := Trials(luma, right+1, seed, false); accepted != 1 || decoded < 1 {
		t.Errorf("the right key: %d accepted in %d list decodes", accepted, decoded)
	}
	if accepted, decoded := Trials(luma, right+1, seed, true); accepted != 1 || decoded < right+1 {
		t.Errorf("a list decode for every key: %d accepted in %d", accepted, decoded)
	}
}

func BenchmarkTrials(b *testing.B) {
	luma := photo(768, 512, 3).Luma(0)
	decodes := 0
	for b.Loop() {
		_, n := Trials(luma, 1000, 1, false)
		decodes += n
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/trial")
	b.ReportMetric(float64(decodes)/float64(b.N)/1000, "decodes/trial")
}
