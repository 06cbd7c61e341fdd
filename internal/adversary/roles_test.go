package adversary

import (
	"slices"
	"testing"

	"github.com/certana/certana/internal/httpapi"
)

// TestMatrixAgreesWithRoles holds the table of statuses against the table of roles
// that the server decides by: two statements, written apart, must say the same.
func TestMatrixAgreesWithRoles(t *testing.T) {
	columns, rows := readMatrix(t)
	routes, err := httpapi.Routes()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		cells := rows[r.Method+" "+r.Path]
		if cells == nil {
			t.Errorf("%s %s has no row", r.Method, r.Path)
			continue
		}
		status := func(column string) int { return cells[slices.Index(columns, column)] }
		for _, role := range []string{"owner", "admin", "member", "viewer"} {
			access, got := r.Person(role), status(role)
			ok := false
			switch access {
			case httpapi.Allowed:
				ok = got < 300
			case httpapi.Own: // of others' it exists not, or is FORBIDDEN; lists are shorter
				ok = got < 300 || got == 403 || got == 404
			case httpapi.Refused:
				ok = got == 401 || got == 403
			}
			if !ok {
				t.Errorf("%s %s by the %s is %s and answers %d", r.Method, r.Path, role, access, got)
			}
		}
		if public := status("anonymous") < 300; public != (r.Public || r.Anonymous) {
			t.Errorf("%s %s answers %d to anybody", r.Method, r.Path, status("anonymous"))
		}
		for _, scope := range append(slices.Clone(everyScope), "platform") {
			if status("key:"+scope) < 300 && !r.Public && (!r.Key || r.Scope != "" && r.Scope != scope) {
				t.Errorf("%s %s lets a key of scope %s in", r.Method, r.Path, scope)
			}
		}
	}
}
