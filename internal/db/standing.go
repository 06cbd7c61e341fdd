package db

// Standing is how a user stands in an organization at a moment.
type Standing struct {
	Role      string `bun:"role"`      // "" when not a member
	Suspended bool   `bun:"suspended"` // the organization is, by the operator
	Deleted   bool   `bun:"deleted"`   // the organization is, by its owner
}

// Works reports whether anything can be done there.
func (s Standing) Works() bool { return s.Role != "" && !s.Suspended && !s.Deleted }

// standing reads one from memberships as m and organizations as o, of which
// neither need be there.
const standing = "COALESCE(m.role, '') AS role, o.suspended_at IS NOT NULL AS suspended, o.deleted_at IS NOT NULL AS deleted"
