package account

import (
	"context"
	"encoding/json"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// The security events that the audit log keeps.
const (
	ActionRegistered        = "user.registered"
	ActionLoggedIn          = "user.logged_in"
	ActionLoginFailed       = "user.login_failed"
	ActionLoggedOut         = "user.logged_out"
	ActionSessionRevoked    = "session.revoked"
	ActionSessionReused     = "session.token_reused" // a dead refresh token came back
	ActionPasswordChanged   = "user.password_changed"
	ActionPasswordReset     = "user.password_reset"
	ActionResetRequested    = "user.password_reset_requested"
	ActionEmailVerified     = "user.email_verified"
	ActionEmailChanged      = "user.email_changed"
	ActionTOTPEnabled       = "user.totp_enabled"
	ActionTOTPDisabled      = "user.totp_disabled"
	ActionTOTPReset         = "user.totp_reset" // by the operator
	ActionIdentityLinked    = "user.identity_linked"
	ActionUserSuspended     = "user.suspended"
	ActionUserRestored      = "user.restored"
	ActionOrgCreated        = "organization.created"
	ActionOrgUpdated        = "organization.updated"
	ActionOrgDeleted        = "organization.deleted"
	ActionOrgRestored       = "organization.restored"
	ActionOrgErased         = "organization.erased"
	ActionOrgTransferred    = "organization.transferred"
	ActionOrgSuspended      = "organization.suspended"
	ActionOrgUnsuspended    = "organization.unsuspended"
	ActionPlanChanged       = "organization.plan_changed"
	ActionMemberInvited     = "member.invited"
	ActionInvitationRevoked = "member.invitation_revoked"
	ActionMemberJoined      = "member.joined"
	ActionMemberRoleChanged = "member.role_changed"
	ActionMemberRemoved     = "member.removed"
	ActionKeyCreated        = "api_key.created"
	ActionKeyRotated        = "api_key.rotated"
	ActionKeyRevoked        = "api_key.revoked"
	ActionClientCreated     = "oauth_client.created"
	ActionClientUpdated     = "oauth_client.updated"
	ActionClientSecret      = "oauth_client.secret_rotated"
	ActionClientRevoked     = "oauth_client.revoked"
	ActionConsentGiven      = "oauth.consent_given"
	ActionSigningKeyRotated = "signing_key.rotated"
)

// Origin is where a request comes from.
type Origin struct {
	Address   string // of the network, without port; "" on the command line
	UserAgent string
	RequestID string
}

type originKey struct{}

// WithOrigin tells the audit log where what happens in a context comes from.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

func originOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}

// Event is what is to be kept of something that happened. Details must not hold
// a secret.
type Event struct {
	Action       string
	Organization *asset.ID // whose owners may read it
	User         *asset.ID // concerned; the actor's own when nil
	Target       string
	Details      map[string]any
}

// maxDetails bounds what an event keeps, in bytes of JSON: nobody can delete it.
const maxDetails = 4096

// auditor is db.Queries, in a transaction or alone.
type auditor interface {
	InsertAuditEvent(ctx context.Context, e *db.AuditEvent) error
}

// record writes an event, in the transaction of what it tells of wherever there
// is one.
func record(ctx context.Context, to auditor, by Principal, e Event) error {
	row := &db.AuditEvent{OrganizationID: e.Organization, UserID: e.User, Action: e.Action, Target: e.Target,
		Address: originOf(ctx).Address}
	row.ActorKind, row.ActorID = by.actor()
	if row.UserID == nil && by.UserID != (asset.ID{}) {
		row.UserID = &by.UserID
	}
	details := e.Details
	if id := originOf(ctx).RequestID; id != "" {
		details = map[string]any{"request_id": id}
		for k, v := range e.Details {
			details[k] = v
		}
	}
	if len(details) > 0 {
		text, err := json.Marshal(details)
		if err == nil && len(text) > maxDetails {
			text, err = json.Marshal(map[string]any{"request_id": originOf(ctx).RequestID, "left_out_bytes": len(text)})
		}
		if err != nil {
			return err
		}
		row.Details = text
	}
	return to.InsertAuditEvent(ctx, row)
}

// actor names who acts, as the audit log does.
func (p Principal) actor() (kind, id string) {
	switch {
	case p.System:
		return "system", ""
	case p.Operator:
		return "operator", ""
	case p.KeyID != nil:
		return "api_key", p.KeyID.String()
	case p.ClientID != "" && p.UserID == (asset.ID{}):
		return "oauth_client", p.ClientID
	case p.UserID != (asset.ID{}):
		return "user", p.UserID.String()
	}
	return "anonymous", ""
}
