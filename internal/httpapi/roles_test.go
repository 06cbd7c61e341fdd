package httpapi

import (
	"os"
	"slices"
	"testing"

	"github.com/certana/certana/internal/account"
)

// Lines of the table, written down a second time and by hand: owner, admin,
// member, viewer, then a key of the owner's with the scope read, and one with admin.
func TestRolesOfRoutes(t *testing.T) {
	const yes, no, own = Allowed, Refused, Own
	want := map[string][6]Access{
		"register":                   {yes, yes, yes, yes, yes, yes},
		"getMe":                      {yes, yes, yes, yes, no, no},
		"createAPIKey":               {yes, yes, yes, yes, no, yes},
		"listAPIKeys":                {yes, yes, own, own, no, yes},
		"getOrganization":            {yes, yes, yes, yes, yes, no},
		"updateOrganization":         {yes, yes, no, no, no, yes},
		"deleteOrganization":         {yes, no, no, no, no, no},
		"transferOrganization":       {yes, no, no, no, no, no},
		"removeMember":               {yes, yes, own, own, no, yes},
		"invite":                     {yes, yes, no, no, no, yes},
		"listAudit":                  {yes, no, no, no, no, yes},
		"uploadAsset":                {yes, yes, yes, no, no, no},
		"verifyImage":                {yes, yes, yes, yes, no, no},
		"updatePlatformOrganization": {no, no, no, no, no, no},
	}
	routes, err := Routes()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		row, ok := want[r.Operation]
		if !ok {
			continue
		}
		delete(want, r.Operation)
		got := [6]Access{4: r.Program(account.ScopeRead, account.RoleOwner), 5: r.Program(account.ScopeAdmin, account.RoleOwner)}
		for i, role := range account.Roles() {
			got[i] = r.Person(role)
		}
		if got != row {
			t.Errorf("%s: %v, want %v", r.Operation, got, row)
		}
		if r.Operation == "listAudit" && r.Program(account.ScopeAdmin, account.RoleAdmin) != no {
			t.Error("a key of an admin's reads the audit log")
		}
		if r.Operation == "updatePlatformOrganization" && r.Program(account.ScopePlatform, account.RoleViewer) != yes {
			t.Error("a platform key may not do its work")
		}
	}
	if len(want) > 0 {
		t.Errorf("no operations: %v", want)
	}
}

// What the contract says of roles names roles.
func TestExceptionsNameRoles(t *testing.T) {
	routes, err := Routes()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		for _, role := range slices.Concat(r.exceptions.Only, r.exceptions.Own) {
			if !slices.Contains(account.Roles(), role) {
				t.Errorf("%s: %q is no role", r.Operation, role)
			}
		}
	}
}

// docs/roles.md is what the table prints.
func TestRolesPageIsUpToDate(t *testing.T) {
	want, err := RolesPage()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/roles.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/roles.md is not what the contract says: run go generate ./internal/httpapi/rolespage")
	}
}
