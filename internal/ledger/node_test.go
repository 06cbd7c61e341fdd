package ledger

import (
	"errors"
	"testing"
)

// Of several nodes on a folder one appends and all prove; when it closes, another
// takes over and goes on where it was.
func TestNodesTakeTurns(t *testing.T) {
	dir := t.TempDir()
	join := func() *Node {
		t.Helper()
		n, err := Join(t.Context(), options(dir))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = n.Close(t.Context()) })
		return n
	}
	take := func(n *Node, want bool) {
		t.Helper()
		if took, err := n.TakeOver(t.Context()); err != nil || took != want {
			t.Fatalf("takes over: %v, %v; want %v", took, err, want)
		}
	}
	a, b := join(), join()
	if !a.Appends() || b.Appends() || a.VerifierKey() != b.VerifierKey() {
		t.Fatalf("appends: %v and %v, keys %s and %s", a.Appends(), b.Appends(), a.VerifierKey(), b.VerifierKey())
	}
	prove := func(n *Node, index uint64, statement string) {
		t.Helper()
		p, err := n.Prove(t.Context(), index)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Verify(n.VerifierKey(), []byte(statement)); err != nil {
			t.Error(err)
		}
	}
	if _, err := b.Append(t.Context(), []byte("x")); !errors.Is(err, ErrLocked) {
		t.Errorf("append beside the one that does: %v", err)
	}
	take(b, false)
	take(a, false) // it has it
	x, err := a.Append(t.Context(), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	prove(b, x, "x")

	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Append(t.Context(), []byte("y")); !errors.Is(err, ErrClosed) {
		t.Errorf("append after the close: %v", err)
	}
	take(a, false) // closed for good
	take(b, true)
	if again, err := b.Append(t.Context(), []byte("x")); err != nil || again != x {
		t.Errorf("the same statement again: %d, %v; want %d", again, err, x)
	}
	y, err := b.Append(t.Context(), []byte("y"))
	if err != nil || y != x+1 {
		t.Fatalf("the next is %d, %v", y, err)
	}
	prove(b, y, "y")
	if c := join(); c.Appends() {
		t.Error("two nodes append")
	}
}
