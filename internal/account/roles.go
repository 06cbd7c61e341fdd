package account

import "slices"

// The scopes. Platform is for the operator's keys alone, which only the command
// line makes.
const (
	ScopeRead     = "read"
	ScopeWrite    = "write"
	ScopeVerify   = "verify"
	ScopeCommit   = "commit" // only for committing to the ledger
	ScopeWebhooks = "webhooks"
	ScopeSealing  = "sealing"
	ScopeAdmin    = "admin" // manages members and keys of its organization
	ScopePlatform = "platform"
)

// The roles in an organization.
const (
	RoleOwner  = "owner"
	RoleAdmin  = "admin"
	RoleMember = "member"
	RoleViewer = "viewer"
)

// roleScopes is what each role may do at most, in person or by a key.
var roleScopes = map[string][]string{
	RoleOwner:  {ScopeRead, ScopeWrite, ScopeVerify, ScopeCommit, ScopeWebhooks, ScopeSealing, ScopeAdmin},
	RoleAdmin:  {ScopeRead, ScopeWrite, ScopeVerify, ScopeCommit, ScopeWebhooks, ScopeSealing, ScopeAdmin},
	RoleMember: {ScopeRead, ScopeWrite, ScopeVerify, ScopeCommit, ScopeWebhooks, ScopeSealing},
	RoleViewer: {ScopeRead, ScopeVerify},
}

// Roles lists the roles, the most powerful first.
func Roles() []string { return []string{RoleOwner, RoleAdmin, RoleMember, RoleViewer} }

// Scopes lists the scopes that an organization's keys can have.
func Scopes() []string { return slices.Clone(roleScopes[RoleOwner]) }

// ScopesOf is what a role may do at most, in person or by a key.
func ScopesOf(role string) []string { return slices.Clone(roleScopes[role]) }
