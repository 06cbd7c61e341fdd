package httpapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/certana/certana/internal/account"
)

// RolesPage prints the table of roles and routes as docs/roles.md.
func RolesPage() (string, error) {
	routes, err := Routes()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(rolesHead)
	b.WriteString("| scope | " + strings.Join(account.Roles(), " | ") + " |\n|---|" + strings.Repeat("---|", len(account.Roles())) + "\n")
	for _, scope := range account.Scopes() {
		fmt.Fprintf(&b, "| `%s` |", scope)
		for _, role := range account.Roles() {
			b.WriteString(cell(slices.Contains(account.ScopesOf(role), scope), "yes") + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString(routesHead)
	for _, r := range routes {
		fmt.Fprintf(&b, "| `%s %s` | %s |", r.Method, r.Path, strings.TrimSpace(cell(r.Public || r.Anonymous, "yes")))
		for _, role := range account.Roles() {
			b.WriteString(accessCell(r, role) + " |")
		}
		b.WriteString(keyCell(r) + " |\n")
	}
	return b.String(), nil
}

func cell(yes bool, text string) string {
	if yes {
		return " " + text
	}
	return " –"
}

func accessCell(r Route, role string) string {
	a := r.Person(role)
	if a == Allowed && !r.Public && r.Account {
		return " self"
	}
	return cell(a != Refused, map[Access]string{Own: "own", Allowed: "yes"}[a])
}

func keyCell(r Route) string {
	switch {
	case r.Public:
		return " yes"
	case !r.Key:
		return " –"
	case r.Scope == "":
		return " any"
	case len(r.exceptions.Only) > 0:
		return fmt.Sprintf(" `%s`, made by: %s", r.Scope, strings.Join(r.exceptions.Only, ", "))
	}
	return fmt.Sprintf(" `%s`", r.Scope)
}

const rolesHead = `# Roles

<!-- Printed from api/openapi.yaml by go generate ./internal/httpapi/rolespage. -->

A user has one role in each organization of which they are a member. A role holds
scopes; an operation needs one. An API key has scopes of its own and never more than
its creator's role has on the day that it is used.

`

const routesHead = `
The scope ` + "`platform`" + ` belongs to no role: keys with it are made by ` + "`certana keys create`" + `
and ` + "`certana admin keys create`" + ` on the server's own machine.

**yes**: all of the organization's. **own**: only keys that the caller made, and only
the caller's own membership. **self**: the caller's own account, whatever organization
is in force. **–**: refused.

The organization in force is the one in the path; where there is none the one that an
API key is bound to, the one named by ` + "`X-Organization-Id`" + `, or the user's personal one.
One in the path of which the caller is no member answers 404.

Beyond the table: a plan is changed by the owner; admins neither change nor remove
owners, nor make any; the last owner stays one; nobody gives a key or a client a scope
that they have not.

| route | anybody | owner | admin | member | viewer | API key with |
|---|---|---|---|---|---|---|
`
