package quota

import (
	"time"

	"github.com/certana/certana/internal/db"
)

// Rates go by the generic cell rate algorithm in its virtual scheduling form
// (ITU-T I.371, annex A; ATM Forum TM 4.0, section 4.4.2). A holder has a
// theoretical arrival time, TAT. One that arrives at t is let in when
//
//	max(t, TAT) + T <= t + L·T
//
// and that sum is the new TAT. T is the emission interval, window / L, and L·T
// the tolerance: a burst of L from rest, and one more every T after it.
//
// GCRA alone lets L at once and L more during the window that follows: nearly
// twice the number that is printed. Therefore no window of the clock takes more
// than L either, which is counted beside TAT. Together: at most L in any clock
// hour, and at most L + d/T in any span d, be it across the hour's turn.

// free is how many are let in now, 0 to L, and which of the two bounds it is that
// says so; next is when one is, if none is now.
func free(s db.RateState, r db.Rate, now time.Time) (n int64, paced bool, next time.Time) {
	counted := r.Most
	if s.StartsAt >= r.Window.Start.Unix() {
		counted = max(0, r.Most-s.Used)
	}
	pace, step, at := r.Most, r.Interval(), now.UnixMicro()
	if step > 0 && s.TAT > at {
		pace = max(0, (at+r.Most*step-s.TAT)/step)
	}
	next = now
	if counted == 0 {
		next = r.Window.End
	}
	if t := time.UnixMicro(s.TAT + step - r.Most*step); pace == 0 && t.After(next) {
		next = t
	}
	return min(counted, pace), pace < counted, next
}

// conform is the rule that db.TakeRate states in SQL.
func conform(s db.RateState, r db.Rate, now time.Time, n int64) (db.RateState, bool) {
	if most, _, _ := free(s, r, now); n > most {
		return s, false
	}
	start := r.Window.Start.Unix()
	if s.StartsAt < start {
		s.StartsAt, s.Used = start, 0
	}
	s.Used += n
	s.TAT = max(s.TAT, now.UnixMicro()) + n*r.Interval()
	return s, true
}

// undo gives n back that were taken in r's window.
func undo(s db.RateState, r db.Rate, n int64) db.RateState {
	s.TAT -= n * r.Interval()
	if s.StartsAt == r.Window.Start.Unix() {
		s.Used = max(0, s.Used-n)
	}
	return s
}

// rateStatus tells how a rate stands. What is used is what is not free: paced
// ones are given back little by little. Reset is when the bound that holds now
// lets go: the window's end, or when the whole burst is there again.
func (l limit) rateStatus(s db.RateState, now time.Time) Status {
	r := db.Rate{Window: l.window, Most: l.most}
	n, paced, next := free(s, r, now)
	status := Status{Policy: l.policy, Window: l.length(), Limit: l.most, Used: l.most - n, Remaining: n, Reset: l.window.End, Next: next}
	if paced {
		status.Reset = time.UnixMicro(s.TAT).UTC()
	}
	return status
}
