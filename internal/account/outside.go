package account

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/issuer"
)

// ActionUserCreated is an event: an outside issuer's token registered its user.
const ActionUserCreated = "user.registered_by_issuer"

// authenticateOutside tells who asks with a token of an outside issuer: the user
// to whom its subject is linked, in the personal organization or the one that is
// named, with the scopes of the role there, as far as the issuer may give them.
func (s *Service) authenticateOutside(ctx context.Context, c Credentials) (Principal, error) {
	who, err := s.outside.Verify(ctx, c.Bearer)
	if errors.Is(err, issuer.ErrExpired) {
		return Principal{}, asset.Errorf(asset.TokenExpired, nil, "JWT token has expired")
	}
	if err != nil {
		return Principal{}, asset.Errorf(asset.Unauthorized, err, "the access token is not valid")
	}
	user, err := s.linked(ctx, who)
	if err != nil {
		return Principal{}, err
	}
	var org asset.ID
	if c.OrganizationID != "" {
		org, err = parseOrganization(c.OrganizationID)
	} else if personal, e := s.db.PersonalOrganization(ctx, user); e == nil {
		org = personal.ID
	} else {
		err = e
	}
	if err != nil {
		return Principal{}, err
	}
	live, there, err := s.db.LiveMember(ctx, user, org)
	if err != nil {
		return Principal{}, err
	}
	if !live {
		return Principal{}, asset.Errorf(asset.Unauthorized, nil, "the account is suspended")
	}
	if err := c.admit(there); err != nil {
		return Principal{}, err
	}
	scopes := slices.Clone(roleScopes[there.Role])
	if len(who.Config.Scopes) > 0 {
		scopes = slices.DeleteFunc(scopes, func(scope string) bool { return !slices.Contains(who.Config.Scopes, scope) })
	}
	return Principal{UserID: user, OrganizationID: org, Role: there.Role, Scopes: scopes, Issuer: who.Config.Issuer}, nil
}

// linked finds the user to whom an identity belongs. At first it is linked by the
// e-mail address, which both sides must have verified: without that, whoever has
// an account on either side could take over the other.
func (s *Service) linked(ctx context.Context, who *issuer.Identity) (asset.ID, error) {
	known, err := s.db.ExternalIdentity(ctx, who.Config.Issuer, who.Subject)
	if err != nil {
		return asset.ID{}, err
	}
	if known != nil {
		return known.UserID, nil
	}
	refused := func(why string) error { return asset.Errorf(asset.Unauthorized, nil, "%s", why) }
	if who.Email == "" || !who.EmailVerified {
		return asset.ID{}, refused("the token names nobody who is known here, and no e-mail address that its issuer verified")
	}
	u, err := s.db.UserByEmail(ctx, who.Email)
	switch {
	case err != nil:
		return asset.ID{}, err
	case u == nil && !who.Config.CreateUsers:
		return asset.ID{}, refused("there is no account with the token's e-mail address; register first")
	case u != nil && u.EmailVerifiedAt == nil:
		return asset.ID{}, refused("the account with the token's e-mail address has not verified it here; do that first")
	}
	return s.link(ctx, who, u)
}

// link ties an identity to a user, who is registered first when nil.
func (s *Service) link(ctx context.Context, who *issuer.Identity, u *db.User) (id asset.ID, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		user := u
		if user == nil {
			if user, err = s.registerOutside(ctx, tx, who); err != nil {
				return err
			}
		}
		id = user.ID
		first, err := tx.InsertExternalIdentity(ctx, &db.ExternalIdentity{Issuer: who.Config.Issuer, Subject: who.Subject,
			UserID: id, Email: who.Email, CreatedAt: s.now()})
		if err != nil {
			return err
		}
		if !first { // of several requests at once; nothing of this one stays
			return asset.Errorf(asset.Conflict, nil, "the identity was linked meanwhile; try again")
		}
		return record(ctx, tx, Principal{UserID: id}, Event{Action: ActionIdentityLinked, Target: who.Config.Issuer,
			Details: map[string]any{"subject": who.Subject}})
	})
	if asset.Is(err, asset.Conflict) { // somebody was faster, so that it is known now
		if known, e := s.db.ExternalIdentity(ctx, who.Config.Issuer, who.Subject); e == nil && known != nil {
			return known.UserID, nil
		}
	}
	return id, err
}

// registerOutside makes a user whom no password opens, with a personal
// organization.
func (s *Service) registerOutside(ctx context.Context, tx *db.Tx, who *issuer.Identity) (*db.User, error) {
	email, err := checkEmail(who.Email)
	if err != nil {
		return nil, asset.Errorf(asset.Unauthorized, err, "the token's e-mail address is not valid here")
	}
	now := s.now()
	name := []rune(strings.TrimSpace(who.Name))
	u := &db.User{ID: asset.NewID(), Email: email, FullName: string(name[:min(len(name), 200)]), EmailVerifiedAt: &now}
	if err := tx.InsertUser(ctx, u); err != nil {
		return nil, err
	}
	if err := s.insertOrganization(ctx, tx, personalOrganization(u)); err != nil {
		return nil, err
	}
	return u, record(ctx, tx, Principal{UserID: u.ID}, Event{Action: ActionUserCreated, Target: who.Config.Issuer})
}
