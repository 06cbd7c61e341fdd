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
	var sizes []Size
	for _, r := range all {
		sizes = append(sizes, r.Size)
	}
	head(&b, "against a transcode", sizes)
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

// WriteStages prints the stages as one Markdown table: milliseconds and, behind
// them, milliseconds for each megapixel.
func WriteStages(w io.Writer, all []StageResult) error {
	if len(all) == 0 {
		return nil
	}
	var b strings.Builder
	var sizes []Size
	for _, r := range all {
		sizes = append(sizes, r.Size)
	}
	head(&b, "on one thread, ms and ms/MP", sizes)
	for i, s := range all[0].Stages {
		fmt.Fprintf(&b, "| %-42s |", s.Part)
		for _, r := range all {
			fmt.Fprintf(&b, " %11.1f %8.2f |", r.Stages[i].MS, r.Stages[i].PerMP)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func head(b *strings.Builder, title string, sizes []Size) {
	fmt.Fprintf(b, "| %-42s |", title)
	for _, s := range sizes {
		fmt.Fprintf(b, " %20s |", fmt.Sprintf("%s (%d×%d)", s.Name, s.W, s.H))
	}
	fmt.Fprintf(b, "\n|%s|%s\n", strings.Repeat("-", 44), strings.Repeat("---------------------:|", len(sizes)))
}
