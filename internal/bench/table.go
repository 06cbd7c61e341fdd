package bench

import (
	"fmt"
	"io"
	"strings"
)

// WriteTable prints the results as one Markdown table, which reads well on a
// terminal too: milliseconds and, behind ×, the ratio to the transcode.
func WriteTable(w io.Writer, all []Result) error {
	if len(all) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| %-42s |", "")
	for _, r := range all {
		fmt.Fprintf(&b, " %20s |", fmt.Sprintf("%s (%d×%d)", r.Name, r.W, r.H))
	}
	fmt.Fprintf(&b, "\n|%s|%s\n", strings.Repeat("-", 44), strings.Repeat("---------------------:|", len(all)))
	for i, t := range all[0].Timings {
		fmt.Fprintf(&b, "| %-42s |", t.Part)
		for _, r := range all {
			fmt.Fprintf(&b, " %9.1f ms ×%6.1f |", r.Timings[i].MS, r.Timings[i].Ratio)
		}
		if t.Verdict != "" {
			b.WriteString(" " + t.Verdict)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
