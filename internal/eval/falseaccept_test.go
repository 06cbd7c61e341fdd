package eval

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/certana/certana/internal/dsp"
	"github.com/certana/certana/internal/eval/stat"
	"github.com/certana/certana/internal/watermark"
)

func falseOptions(dir, out string, t watermark.Track) FalseAcceptOptions {
	return FalseAcceptOptions{Corpora: []string{dir}, Tracks: []watermark.Track{t}, Images: 12, Side: 96, Jobs: 2, Out: out}
}

func TestFalseAcceptsCounts(t *testing.T) {
	dir := pictureFolder(t, 3)
	for _, c := range []struct {
		track watermark.Track
		want  int
		upper float64
	}{{grid{checked: true}, 0, 0.2209}, {grid{}, 12, 1}} { // the unchecked one answers p = 1 for all
		out := t.TempDir()
		s, err := FalseAccepts(context.Background(), falseOptions(dir, out, c.track))
		if err != nil {
			t.Fatal(err)
		}
		got := s.Tracks[0]
		if s.Images != 12 || s.Made != 6 || len(got.Accepted) != c.want || math.Abs(got.Upper-c.upper) > 1e-4 {
			t.Errorf("%d of %d made, %d accepted below %g, want 6 of 12, %d, %g", s.Made, s.Images, len(got.Accepted), got.Upper, c.want, c.upper)
		}
		if got.Calibration[0].Count != 0 || got.LowestPValue.PValue != 1 || got.LowestPValue.Image == "" {
			t.Errorf("calibration %+v, lowest %+v", got.Calibration, got.LowestPValue)
		}
		if _, err := os.Stat(filepath.Join(out, "fpr.json")); err != nil {
			t.Error(err)
		}
		var table strings.Builder
		if err := s.WriteTable(&table); err != nil || !strings.Contains(table.String(), "12 unmarked pictures of 96×96, 6 of them") {
			t.Errorf("table %q (%v)", &table, err)
		}
	}
}

// TestFalseAcceptsGoOn stops a run, takes it up, makes it larger, and expects
// what a whole run says.
func TestFalseAcceptsGoOn(t *testing.T) {
	dir, out := pictureFolder(t, 3), t.TempDir()
	o := falseOptions(dir, out, grid{})
	o.Images = 8
	ctx, cancel := context.WithCancel(context.Background())
	o.Progress = func(done, _ int) {
		if done == 3 {
			cancel()
		}
	}
	if _, err := FalseAccepts(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled run returned %v", err)
	}
	o.Progress, o.Images = nil, 12
	grown, err := FalseAccepts(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := FalseAccepts(context.Background(), falseOptions(dir, "", grid{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*FalseAcceptSummary{&grown, &whole} {
		s.Rows = nil // in another order of work
		u := &s.Tracks[0]
		u.DecodeMS, u.DecodeMSMost, u.LowestPValue.DecodeMS = 0, 0, 0
		for i := range u.Accepted {
			u.Accepted[i].DecodeMS = 0
		}
	}
	if !reflect.DeepEqual(grown, whole) {
		t.Errorf("grown: %+v\nwhole: %+v", grown, whole)
	}
	data, err := os.ReadFile(filepath.Join(out, "fpr.jsonl"))
	if err != nil || bytes.Count(data, []byte("\n")) != 12 {
		t.Errorf("%d rows, %v", bytes.Count(data, []byte("\n")), err)
	}
}

// TestTrialsCount: every key is dealt out once, and a stopped run goes on.
func TestTrialsCount(t *testing.T) {
	var mu sync.Mutex
	keys := map[uint64]int{}
	o := TrialOptions{Corpora: []string{pictureFolder(t, 2)}, Trials: 17001, Jobs: 2, Seed: 4, Out: t.TempDir(),
		Read: func(luma *dsp.Plane, n int, seed uint64, always bool) (int, int) {
			if always {
				return 0, n
			}
			mu.Lock()
			defer mu.Unlock()
			keys[seed] += n
			return n % 2, luma.W
		}}
	ctx, cancel := context.WithCancel(context.Background())
	o.Progress = func(done, _ int) {
		if done > 5000 {
			cancel()
		}
	}
	if _, err := Trials(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled run returned %v", err)
	}
	o.Progress = nil
	s, err := Trials(context.Background(), o)
	want := TrialSummary{Seed: 4, Settings: s.Settings, Pictures: 2, Trials: 17001, Accepted: 1, Decoded: 4 * 160,
		Upper: stat.Upper(1, 17001, 0.95), UpperDecode: stat.Upper(1, 640, 0.95)}
	if err != nil || s != want {
		t.Errorf("%+v (%v), want %+v", s, err, want)
	}
	var table strings.Builder
	if err := s.WriteTable(&table); err != nil || !strings.Contains(table.String(), "| 1 | 0.00028 | 640 | 0.038 | 0.0074 |") {
		t.Errorf("%v in\n%s", err, &table)
	}
	forced := o
	forced.Always = true
	if _, err := Trials(context.Background(), forced); err == nil {
		t.Error("rows without a list decode for every key were taken over")
	}
	forced.Out = ""
	if s, err := Trials(context.Background(), forced); err != nil || s.Decoded != 17001 || s.DecodesEach() != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	total := 0
	for _, n := range keys {
		total += n
	}
	if len(keys) != 4 || total != 17001 {
		t.Errorf("%d seeds, %d keys", len(keys), total)
	}
	o.Corpora = nil
	if _, err := Trials(context.Background(), o); err == nil {
		t.Error("trials without pictures")
	}
}

// TestCalibrate: p-values that are uniform are observed as they are stated.
func TestCalibrate(t *testing.T) {
	var p []float64
	for i := range 10000 {
		p = append(p, (float64(i)+0.5)/10000)
	}
	for i, c := range calibrate(p, statedAt) {
		want := []int{1000, 100, 10, 1}[i]
		if c.Count != want || math.Abs(c.Observed/c.Stated-1) > 1e-9 || c.Low > c.Stated || c.High < c.Stated {
			t.Errorf("%+v, want %d", c, want)
		}
	}
}
