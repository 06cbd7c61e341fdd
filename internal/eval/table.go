package eval

import (
	"fmt"
	"io"
	"strings"
)

// WriteTable prints the summary as Markdown tables, which read well on a
// terminal too: for each track one line of totals, then recovery by class and,
// where it is not complete, by attack.
func (s Summary) WriteTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d pictures, %d decodes\n", s.Images, s.Decodes)
	if len(s.Skipped) > 0 {
		fmt.Fprintf(&b, "could not be marked: %s\n", strings.Join(s.Skipped, ", "))
	}
	for _, t := range s.Tracks {
		t.write(&b, s.Jobs)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t TrackSummary) write(b *strings.Builder, jobs int) {
	fmt.Fprintf(b, "\n| track %s", t.Track)
	if t.Drawn != t.Track {
		fmt.Fprintf(b, " of %s", t.Drawn)
	}
	b.WriteString(" | |\n|---|---|\n")
	fmt.Fprintf(b, "| PSNR, RGB | %.2f dB mean, %.2f dB lowest |\n", t.PSNRRGB, t.PSNRRGBLowest)
	fmt.Fprintf(b, "| PSNR, luma | %.2f dB |\n| SSIM, luma | %.4f mean, %.4f lowest |\n", t.PSNRLuma, t.SSIM, t.SSIMLowest)
	fmt.Fprintf(b, "| DSSIM, GMSD | %.5f, %.5f |\n", t.DSSIM, t.GMSD)
	fmt.Fprintf(b, "| embed | %.0f ms, %.0f ms/MP |\n", t.EmbedMS, t.EmbedMSPerMP)
	fmt.Fprintf(b, "| decode | %.0f ms mean, %.0f ms/MP, %.0f ms most |\n", t.DecodeMS, t.DecodeMSPerMP, t.DecodeMSMost)
	fmt.Fprintf(b, "| times | by the wall clock, %d at a time |\n", jobs)
	fmt.Fprintf(b, "| recovery of 64 bits | %s |\n", t.Recovery.text())
	fmt.Fprintf(b, "| wrong payloads accepted | %d |\n", t.WrongPayloads)
	if t.Unmarked > 0 {
		fmt.Fprintf(b, "| accepted before marking | %d of %d |\n", t.FalseAccepts, t.Unmarked)
		fmt.Fprintf(b, "| rejection of an unmarked picture | %.0f ms mean, %.0f ms most |\n", t.RejectMS, t.RejectMSMost)
	}
	if t.Recovery.N == 0 {
		return
	}
	w := t.worst()
	fmt.Fprintf(b, "| lowest recovery of an attack | %.4f (%d of %d), %s |\n", w.Share, w.OK, w.N, w.Name)
	fmt.Fprintf(b, "\n| class | %-9s | 95%% interval | decodes |\n|---|---|---|---|\n", "recovery")
	for _, r := range t.Classes {
		fmt.Fprintf(b, "| %-9s | %.4f | %.3f to %.3f | %d |\n", r.Name, r.Share, r.Low, r.High, r.N)
	}
	var lost []string
	for _, r := range t.Attacks {
		if r.OK < r.N {
			lost = append(lost, fmt.Sprintf("| %s | %.4f | %d of %d |\n", r.Name, r.Share, r.OK, r.N))
		}
	}
	if len(lost) == 0 {
		fmt.Fprintf(b, "\nEvery payload came back from all of the %d attacks.\n", len(t.Attacks))
		return
	}
	fmt.Fprintf(b, "\n| attacks with losses | recovery | |\n|---|---|---|\n%s", strings.Join(lost, ""))
	fmt.Fprintf(b, "\nEvery payload came back from the other %d attacks.\n", len(t.Attacks)-len(lost))
}

func (r Rate) text() string {
	return fmt.Sprintf("%.4f (%d of %d; 95%%: %.4f to %.4f)", r.Share, r.OK, r.N, r.Low, r.High)
}
