package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Target is an address to ask for again and again.
type Target struct {
	Name   string
	URL    string
	Header []string // "Name: value"
}

// HTTPOptions of a run.
type HTTPOptions struct {
	Targets     []Target // the first is the yardstick
	Connections int
	Runs        int // of each target; the median counts
	Duration    time.Duration
	Progress    func(done, total int) // may be nil
}

// Throughput is how often a target answered.
type Throughput struct {
	Name  string  `json:"target"`
	PerS  float64 `json:"requests_per_s"` // median of the runs
	Ratio float64 `json:"ratio"`          // to the yardstick's run right before each; their median
}

// HTTP measures the targets with wrk, in turns: a machine that speeds up or slows
// down meanwhile changes all. Any answer but 2xx ends it.
func HTTP(ctx context.Context, o HTTPOptions) ([]Throughput, error) {
	perS, ratios := make([][]float64, len(o.Targets)), make([][]float64, len(o.Targets))
	for run := range o.Runs {
		for i, t := range o.Targets {
			n, err := wrk(ctx, o, t)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.Name, err)
			}
			perS[i] = append(perS[i], n)
			ratios[i] = append(ratios[i], n/perS[0][run])
			if o.Progress != nil {
				o.Progress(run*len(o.Targets)+i+1, o.Runs*len(o.Targets))
			}
		}
	}
	var out []Throughput
	for i, t := range o.Targets {
		slices.Sort(perS[i])
		slices.Sort(ratios[i])
		out = append(out, Throughput{t.Name, perS[i][o.Runs/2], ratios[i][o.Runs/2]})
	}
	return out, nil
}

func wrk(ctx context.Context, o HTTPOptions, t Target) (perS float64, err error) {
	args := []string{"-t1", "-c" + strconv.Itoa(o.Connections), fmt.Sprintf("-d%ds", max(1, int(o.Duration.Seconds())))}
	for _, h := range t.Header {
		args = append(args, "-H", h)
	}
	out, err := exec.CommandContext(ctx, "wrk", append(args, t.URL)...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return 0, errors.New("wrk is not installed; on Debian: apt-get install wrk")
	}
	if err != nil {
		return 0, fmt.Errorf("wrk: %w: %s", err, out)
	}
	return wrkResult(string(out))
}

var wrkPerS = regexp.MustCompile(`(?m)^Requests/sec: +([0-9.]+)$`)

// wrkResult reads requests a second out of what wrk prints. It is an error when
// not every answer was 2xx or 3xx, which a GET without conditions never is, or
// when a connection failed.
func wrkResult(text string) (float64, error) {
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "Non-2xx") || strings.HasPrefix(line, "Socket errors") {
			return 0, errors.New(line)
		}
	}
	m := wrkPerS.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("wrk printed no result: %s", text)
	}
	return strconv.ParseFloat(m[1], 64)
}

// WriteThroughput prints the results as a Markdown table.
func WriteThroughput(w io.Writer, all []Throughput) error {
	var b strings.Builder
	fmt.Fprintf(&b, "| %-42s | %10s | %6s |\n|%s|-----------:|-------:|\n", "", "requests/s", "ratio", strings.Repeat("-", 44))
	for _, t := range all {
		fmt.Fprintf(&b, "| %-42s | %10.0f | %5.0f%% |\n", t.Name, t.PerS, 100*t.Ratio)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
