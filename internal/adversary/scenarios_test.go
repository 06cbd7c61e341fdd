package adversary

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"
)

// scenario is how an operation is called so that whoever may call it succeeds.
type scenario struct {
	// json or form is the body; by is the user who calls, or the victim's owner
	// where no user does.
	json func(t *testing.T, v *victim, by *person) any
	form func(t *testing.T, v *victim) []part
	path func(t *testing.T, v *victim, by *person) map[string]string // parameters of the caller's own
	// query is added to the path.
	query string
	// uses names the path parameter whose resource a success uses up.
	uses string
	// self: a success changes the caller, who is another user each time.
	self bool
	// shows lists what even outsiders may see in a success.
	shows []string
}

func body(fields map[string]any) func(*testing.T, *victim, *person) any {
	return func(*testing.T, *victim, *person) any { return fields }
}

func mark() string { return strings.ToLower(rand.Text()[:8]) }

// beside are the addresses that are not in the OpenAPI document.
var beside = []operation{{"sealedImage", "GET", "/api/image"}, {"randomSealedImage", "GET", "/api/image-random"}, {"", "GET", "/log/checkpoint"}}

// scenarios are by operation id; an operation that is not here has no body, uses
// nothing up and changes nothing.
var scenarios = map[string]scenario{
	"register": {json: func(*testing.T, *victim, *person) any {
		return map[string]any{"email": "new." + mark() + "@canary.example", "password": password}
	}},
	"login": {json: func(_ *testing.T, _ *victim, by *person) any {
		return map[string]any{"email": by.email, "password": by.password}
	}},
	"refresh": {self: true, json: func(t *testing.T, v *victim, by *person) any {
		v.login(t, by)
		return map[string]any{"refresh_token": by.refresh}
	}},
	"logout":       {self: true},
	"createAPIKey": {json: body(map[string]any{"name": "made", "scopes": []string{"read"}})},
	"revokeAPIKey": {uses: "key_id"},
	"rotateAPIKey": {uses: "key_id"},
	"createOrganization": {json: func(*testing.T, *victim, *person) any {
		return map[string]any{"name": "made", "slug": "made-" + mark()}
	}},
	"updateOrganization": {json: func(_ *testing.T, v *victim, _ *person) any {
		return map[string]any{"name": "Canary Works renamed"}
	}},
	"deleteOrganization": {uses: "org_id", json: func(_ *testing.T, _ *victim, by *person) any {
		return map[string]any{"password": by.password}
	}},
	"restoreOrganization": {uses: "org_id", path: func(t *testing.T, v *victim, by *person) map[string]string {
		if by == v.owner && v.ids["org_id"] != v.org {
			v.want(t, 202, call{method: "DELETE", path: "/v1/organizations/" + v.ids["org_id"], header: bearer(by.token),
				json: map[string]any{"password": by.password}})
		}
		return nil
	}},
	"transferOrganization": {uses: "org_id", json: func(_ *testing.T, v *victim, by *person) any {
		heir := v.ids["heir"]
		if heir == "" {
			heir = v.member.id
		}
		return map[string]any{"user_id": heir, "password": by.password}
	}},
	"updateMember": {json: body(map[string]any{"role": "member"})},
	"removeMember": {uses: "user_id"},
	"invite": {json: func(*testing.T, *victim, *person) any {
		return map[string]any{"email": "invited." + mark() + "@canary.example", "role": "viewer"}
	}},
	"revokeInvitation": {uses: "invitation_id"},
	"createClient":     {json: body(map[string]any{"name": "made", "scopes": []string{"read"}})},
	"updateClient":     {json: body(map[string]any{"name": "canary client renamed"})},
	"deleteClient":     {uses: "client_id"},

	"updateMe": {self: true, json: body(map[string]any{"full_name": "Somebody Else"})},
	"closeMe": {self: true, json: func(_ *testing.T, _ *victim, by *person) any {
		return map[string]any{"password": by.password}
	}},
	"changePassword": {self: true, json: func(_ *testing.T, _ *victim, by *person) any {
		return map[string]any{"current_password": by.password, "new_password": by.password + "x"}
	}},
	"forgotPassword": {json: func(_ *testing.T, v *victim, _ *person) any { return map[string]any{"email": v.owner.email} }},
	"changeEmail": {self: true, json: func(_ *testing.T, _ *victim, by *person) any {
		return map[string]any{"new_email": "moved." + mark() + "@canary.example", "password": by.password}
	}},
	"sendVerification": {self: true},
	"revokeSessions":   {self: true},
	"revokeSession": {self: true, path: func(t *testing.T, v *victim, by *person) map[string]string {
		a := v.want(t, 200, call{method: "GET", path: "/v1/auth/sessions/", header: bearer(by.token)})
		return map[string]string{"session_id": a.object()["items"].([]any)[0].(map[string]any)["id"].(string)}
	}},
	"withdrawGrant": {self: true, path: func(t *testing.T, v *victim, by *person) map[string]string {
		if by == v.owner {
			return nil
		}
		return map[string]string{"grant_id": v.newGrant(t, by)}
	}},
	"beginTOTP": {self: true, json: func(_ *testing.T, _ *victim, by *person) any {
		return map[string]any{"password": by.password}
	}},

	"verifyEmail": {json: func(t *testing.T, v *victim, _ *person) any {
		p := v.newPerson(t, "verified") // registering sends the first token
		return map[string]any{"token": v.box.token(t, p.email, "Verify")}
	}},
	"resetPassword": {json: func(t *testing.T, v *victim, _ *person) any {
		p := v.newPerson(t, "forgetful")
		v.want(t, 202, call{method: "POST", path: "/v1/auth/password/forgot", json: map[string]any{"email": p.email}})
		return map[string]any{"token": v.box.token(t, p.email, "new password"), "new_password": password + "x"}
	}},
	"confirmTOTP": {self: true, json: func(t *testing.T, v *victim, by *person) any {
		if by == v.owner {
			return map[string]any{"code": "123456"}
		}
		return map[string]any{"code": totp(t, v.beginTOTP(t, by), time.Now())}
	}},
	"disableTOTP": {self: true, json: func(t *testing.T, v *victim, by *person) any {
		if by == v.owner {
			return map[string]any{"password": password, "code": "123456"}
		}
		return map[string]any{"password": by.password, "code": v.confirmTOTP(t, by, v.beginTOTP(t, by))[0]}
	}},
	"acceptInvitation": {self: true, json: func(t *testing.T, v *victim, by *person) any {
		if by == v.owner {
			return map[string]any{"token": "cert_it_" + strings.Repeat("A", 43)}
		}
		v.sql(t, "UPDATE users SET email_verified_at = ? WHERE id = ?", time.Now().UTC(), by.id)
		v.ids["guests"] = v.newOrganization(t, v.owner, "Canary guests "+mark())
		v.want(t, 201, call{method: "POST", path: "/v1/organizations/" + v.ids["guests"] + "/invitations/", header: bearer(v.owner.token),
			json: map[string]any{"email": by.email, "role": "viewer"}})
		return map[string]any{"token": v.box.token(t, by.email, "invited")}
	}, shows: []string{"organization's name", "owner's id"}}, // of which they are a member from then on

	"updatePlatformUser":         {json: body(map[string]any{"suspended": false})},
	"updatePlatformOrganization": {json: body(map[string]any{"plan": "enterprise"})},
	"revokePlatformKey":          {uses: "key_id"},

	"uploadAsset": {form: func(t *testing.T, _ *victim) []part {
		return []part{{"file", "a.jpg", picture(t)}, {"blockchain_commit", "", []byte("false")}}
	}},
	"sealedImage":  {query: "serial_number=CANARY-1"},
	"searchAssets": {query: "q=canary"},
	"updateAsset":  {json: body(map[string]any{"visibility": "discoverable"})},
	"deleteAsset":  {uses: "asset_id"},
	// The victim's own picture: outsiders learn whose it is, and no more.
	"verifyImage": {shows: []string{"asset's id", "organization's id", "organization's name"},
		form: func(_ *testing.T, v *victim) []part { return []part{{"file", "a.jpg", v.photo}} }},
	"verifyBatch": {shows: []string{"asset's id", "organization's id", "organization's name"},
		form: func(_ *testing.T, v *victim) []part { return []part{{"files", "a.jpg", v.photo}} }},
	"verificationHistory": {shows: []string{"asset's id", "organization's id", "organization's name"}}, // what they verified themselves
	"createCommitment": {json: func(_ *testing.T, v *victim, _ *person) any {
		return map[string]any{"asset_id": v.ids["asset_id"]}
	}},
	"getCommitment": {shows: []string{"asset's id", "organization's id", "organization's name"}},
	"createWebhook": {json: func(_ *testing.T, v *victim, _ *person) any {
		return map[string]any{"url": v.hook, "events": []string{"asset.failed"}}
	}},
	"updateWebhook":    {json: body(map[string]any{"active": true})},
	"deleteWebhook":    {uses: "webhook_id"},
	"redeliverWebhook": {uses: "delivery_id"},
}
