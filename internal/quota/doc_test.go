package quota

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// docs/limits.md prints the limits that there are.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	printed := map[Kind]bound{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\d+ min|1 h) \\| (\\d*) ?\\| (\\d*) ?\\| (\\d*) ?\\|").FindAllStringSubmatch(string(text), -1) {
		b := bound{window: time.Hour}
		if minutes, ok := strings.CutSuffix(row[2], " min"); ok {
			n, _ := strconv.Atoi(minutes)
			b.window = time.Duration(n) * time.Minute
		}
		for i, to := range []*int64{&b.address, &b.pair, &b.subject} {
			*to, _ = strconv.ParseInt(row[3+i], 10, 64)
		}
		printed[Kind(row[1])] = b
	}
	if want := DefaultConfig().bounds(); fmt.Sprint(printed) != fmt.Sprint(want) {
		t.Errorf("the page prints %v\nthere are %v", printed, want)
	}
}
