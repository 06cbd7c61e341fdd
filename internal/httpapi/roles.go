package httpapi

import (
	"slices"
	"strings"

	"github.com/certana/certana/internal/account"
)

// Access is what somebody may do with a route.
type Access string

// Own means that of things which belong to somebody within the organization (API
// keys, memberships) only those reach that are the caller's own; all others do not
// exist, or are FORBIDDEN.
const (
	Refused Access = "refused"
	Own     Access = "own"
	Allowed Access = "allowed"
)

// Route is a line of the table that says who may call what. It follows from the
// contract's security, which names the scope that each operation needs, its
// x-roles and x-own, and account.ScopesOf; the server decides by the same.
type Route struct {
	Method, Path string // Path as the contract prints it
	Operation    string // its operationId
	Public       bool   // credentials are not looked at
	Anonymous    bool   // credentials may be left out
	Token, Key   bool   // which credentials are taken
	Scope        string // that an API key needs; "" for any
	Account      bool   // concerns the caller's own account, in whatever organization
	exceptions   exceptions
	tokenScope   string
}

// Routes lists every operation of the contract, by path and method.
func Routes() ([]Route, error) {
	c, err := loadContract()
	if err != nil {
		return nil, err
	}
	var all []Route
	for _, op := range c.byRoute {
		all = append(all, Route{Method: op.method, Path: op.printed, Operation: op.id, Public: op.public, Anonymous: op.optional,
			Token: op.bearer, Key: op.key, Scope: op.keyScope, Account: op.Account,
			exceptions: op.exceptions, tokenScope: op.bearerScope})
	}
	slices.SortFunc(all, func(a, b Route) int {
		if n := strings.Compare(a.Path, b.Path); n != 0 {
			return n
		}
		return strings.Compare(a.Method, b.Method)
	})
	return all, nil
}

// Person is what a user with a role may do, with an access token.
func (r Route) Person(role string) Access {
	switch {
	case r.Public:
		return Allowed
	case !r.Token || r.tokenScope != "" && !slices.Contains(account.ScopesOf(role), r.tokenScope):
		return Refused
	}
	return r.exceptions.access(role)
}

// Program is what an API key may do: one that has a scope, and whose creator has a
// role.
func (r Route) Program(scope, role string) Access {
	effective := scope == account.ScopePlatform || slices.Contains(account.ScopesOf(role), scope)
	switch {
	case r.Public:
		return Allowed
	case !r.Key || r.Scope != "" && (r.Scope != scope || !effective):
		return Refused
	}
	if r.exceptions.refuses(role) {
		return Refused
	}
	return Allowed
}

func (e exceptions) access(role string) Access {
	switch {
	case e.refuses(role):
		return Refused
	case slices.Contains(e.Own, role):
		return Own
	}
	return Allowed
}

func (e exceptions) refuses(role string) bool {
	return len(e.Only) > 0 && !slices.Contains(e.Only, role)
}
