package bench

import (
	"runtime"
	"strings"
	"testing"

	"github.com/certana/certana/internal/watermark"
	"github.com/certana/certana/internal/watermark/fragile"
	"github.com/certana/certana/internal/watermark/spread"
)

func TestStages(t *testing.T) {
	foreign := watermark.TestKey
	foreign[0]++
	threads := runtime.GOMAXPROCS(0)
	all, err := Stages(t.Context(), StageOptions{
		Sizes: []Size{{"0.1 MP", 400, 300}}, Runs: 1,
		A: spread.New(watermark.TestKey, spread.Config{}), Foreign: spread.New(foreign, spread.Config{}),
		B: fragile.New(watermark.TestKey, fragile.Config{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOMAXPROCS(0) != threads {
		t.Error("the number of threads was not restored")
	}
	seen := map[string]bool{}
	for _, s := range all[0].Stages {
		if seen[s.Part] || s.MS < 0 || s.PerMP < s.MS {
			t.Errorf("%+v", s)
		}
		seen[s.Part] = true
	}
	if len(seen) != 11 {
		t.Errorf("%d stages, want 11", len(seen))
	}
	var b strings.Builder
	if err := WriteStages(&b, all); err != nil || strings.Count(b.String(), "\n") != 13 {
		t.Errorf("%v\n%s", err, &b)
	}
}

func TestTheWorstOfSeveralStays(t *testing.T) {
	var r StageResult
	r.add(Stage{"a", 1, 1}, false)
	r.add(Stage{"b", 2, 2}, true)
	r.add(Stage{"b", 5, 5}, true)
	r.add(Stage{"b", 3, 3}, true)
	r.add(Stage{"c", 4, 4}, false)
	if len(r.Stages) != 3 || r.Stages[1].MS != 5 {
		t.Errorf("%+v", r.Stages)
	}
}
