package adversary

import (
	"bytes"
	"crypto/rand"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/synth"
)

const password = "Correct-Horse-9!"

// person is a user who is logged in.
type person struct {
	id, email, password, token, refresh string
}

// newPerson registers a user and logs in.
func (s *server) newPerson(t *testing.T, name string) *person {
	t.Helper()
	p := &person{email: name + "." + strings.ToLower(rand.Text()[:10]) + "@canary.example", password: password}
	a := s.want(t, 201, call{method: "POST", path: "/v1/auth/register", json: map[string]any{
		"email": p.email, "password": p.password, "full_name": "Full Name of " + p.email}})
	p.id = a.text(t, "id")
	s.login(t, p)
	return p
}

func (s *server) login(t *testing.T, p *person) {
	t.Helper()
	a := s.want(t, 200, call{method: "POST", path: "/v1/auth/login", json: map[string]any{"email": p.email, "password": p.password}})
	p.token, p.refresh = a.text(t, "access_token"), a.text(t, "refresh_token")
}

// join makes a user a member, as accepting an invitation does.
func (s *server) join(t *testing.T, p *person, org, role string) {
	t.Helper()
	s.sql(t, "INSERT INTO memberships (organization_id, user_id, role, created_at) VALUES (?, ?, ?, ?)",
		org, p.id, role, time.Now().UTC())
}

func (s *server) newOrganization(t *testing.T, owner *person, name string) string {
	t.Helper()
	return s.want(t, 201, call{method: "POST", path: "/v1/organizations/", header: bearer(owner.token),
		json: map[string]any{"name": name, "plan": "enterprise"}}).text(t, "id")
}

// newKey makes an API key and answers its id and the key.
func (s *server) newKey(t *testing.T, h http.Header, name string, scopes ...string) (id, key string) {
	t.Helper()
	a := s.want(t, 201, call{method: "POST", path: "/v1/api-keys/", header: h, json: map[string]any{"name": name, "scopes": scopes}})
	return a.text(t, "id"), a.text(t, "key")
}

// everyScope is what an owner can give to a key.
var everyScope = []string{"read", "write", "verify", "commit", "webhooks", "sealing", "admin"}

// receiver is a webhook's other end, which takes everything.
func receiver(t *testing.T) string {
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(ts.Close)
	return ts.URL
}

var pictures atomic.Uint64

// picture is a small JPEG, another each time.
func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, synth.Photo(160, 120, 1000+pictures.Add(1)), &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// victim is an organization with one of everything, all of it marked with
// texts that no outsider may ever see.
type victim struct {
	*server
	org                          string
	owner, admin, member, viewer *person
	ids                          map[string]string // by path parameter
	box                          *mailbox
	hook                         string            // receiver's URL
	photo                        []byte            // the asset's original
	secret                       map[string]string // text or id → what it is
}

// newVictim serves a deployment and fills an organization.
func newVictim(t *testing.T) *victim {
	t.Helper()
	box, settings := newMailbox(t)
	s := start(t, append(settings, "ACCOUNT_OWNED_ORGANIZATIONS=1000", "WEBHOOKS_MAX_PER_ORGANIZATION=1000")...)
	v := &victim{server: s, ids: map[string]string{}, secret: map[string]string{}, hook: receiver(t), box: box}
	v.owner = v.someone(t, "owner")
	v.org = s.newOrganization(t, v.owner, "Canary Works "+rand.Text()[:6])
	v.ids["org_id"] = v.org
	v.hide("organization's id", v.org)
	v.hide("organization's name", "Canary Works")
	v.hide("organization's slug", "canary-works")
	v.admin, v.member, v.viewer = v.someone(t, "admin"), v.someone(t, "member"), v.someone(t, "viewer")
	s.join(t, v.admin, v.org, "admin")
	s.join(t, v.member, v.org, "member")
	s.join(t, v.viewer, v.org, "viewer")
	for _, name := range []string{"asset_id", "key_id", "user_id", "webhook_id", "invitation_id", "client_id", "grant_id"} {
		v.renew(t, name)
	}
	v.renew(t, "delivery_id")
	v.seal(t)
	return v
}

// seal gives the organization a sealed item.
func (v *victim) seal(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "canary.jpg"), picture(t), 0o600); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "list.csv")
	if err := os.WriteFile(list, []byte("serial_number,image,date_of_sealing\nCANARY-1,canary.jpg,2024-01-15 10:30:00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	v.Certana(t, "sealing", "import", "--csv", list, "--images", dir, "--organization", v.org)
	v.hide("sealing date", "2024-01-15 10:30:00")
}

func (v *victim) someone(t *testing.T, name string) *person {
	t.Helper()
	p := v.newPerson(t, name)
	v.hide(name+"'s id", p.id)
	v.hide(name+"'s address", p.email)
	return p
}

// hide notes a text of the victim's.
func (v *victim) hide(what, text string) { v.secret[text] = what }

// as is the victim's owner, in the organization.
func (v *victim) as() http.Header { return within(bearer(v.owner.token), v.org) }

// renew makes another resource of the kind that a path parameter names.
func (v *victim) renew(t *testing.T, parameter string) {
	t.Helper()
	mark := rand.Text()[:8]
	var id string
	switch parameter {
	case "asset_id", "commitment_id":
		v.photo = picture(t)
		a := v.want(t, 201, call{method: "POST", path: "/v1/assets/", header: v.as(), form: []part{
			{"file", "canary-file-" + mark + ".jpg", v.photo}, {"title", "", []byte("canary title " + mark)},
			{"description", "", []byte("canary description " + mark)}, {"tags", "", []byte("canary-tag-" + mark)}}})
		id = a.text(t, "id")
		for _, text := range []string{"canary-file-" + mark, "canary title " + mark, "canary description " + mark, "canary-tag-" + mark} {
			v.hide("asset's text", text)
		}
		commitment := v.want(t, 201, call{method: "POST", path: "/v1/blockchain/commit", header: v.as(), json: map[string]any{"asset_id": id}})
		v.ids["asset_id"], v.ids["commitment_id"] = id, commitment.text(t, "commitment_id")
		v.hide("asset's id", id)
		v.hide("commitment's id", v.ids["commitment_id"])
		return
	case "key_id":
		id, _ = v.newKey(t, v.as(), "canary key "+mark, "read")
		v.hide("key's name", "canary key "+mark)
	case "user_id":
		p := v.someone(t, "bystander")
		v.join(t, p, v.org, "member")
		id = p.id
	case "org_id": // for what ends an organization; the victim's own stays
		id = v.newOrganization(t, v.owner, "Canary Works "+mark)
		p := v.someone(t, "heir")
		v.join(t, p, id, "member")
		v.ids["heir"] = p.id
	case "webhook_id":
		a := v.want(t, 201, call{method: "POST", path: "/v1/webhooks/", header: v.as(), json: map[string]any{
			"url": v.hook + "/canary-hook-" + mark, "events": []string{"asset.deleted"}, "description": "canary webhook " + mark}})
		id = a.text(t, "id")
		v.hide("webhook's URL", "canary-hook-"+mark)
		v.hide("webhook's description", "canary webhook "+mark)
		v.hide("webhook's secret", a.text(t, "secret"))
	case "delivery_id":
		path := "/v1/webhooks/" + v.ids["webhook_id"]
		id = v.want(t, 202, call{method: "POST", path: path + "/test", header: v.as()}).text(t, "id")
		until(t, "the delivery", func() bool {
			return v.want(t, 200, call{method: "GET", path: path + "/deliveries/" + id, header: v.as()}).text(t, "status") == "delivered"
		})
	case "invitation_id":
		address := "canary-guest-" + strings.ToLower(mark) + "@canary.example"
		id = v.want(t, 201, call{method: "POST", path: "/v1/organizations/" + v.org + "/invitations/", header: v.as(),
			json: map[string]any{"email": address, "role": "member"}}).text(t, "id")
		v.hide("guest's address", address)
	case "client_id":
		id, _ = v.newClient(t, "canary client "+mark, everyScope...)
		v.hide("client's name", "canary client "+mark)
	case "grant_id":
		id = v.newGrant(t, v.owner)
	default:
		t.Fatalf("nothing makes a %s", parameter)
	}
	v.ids[parameter] = id
	v.hide(parameter, id)
}

// newGrant lets the victim's client act for a user, as the pages do.
func (v *victim) newGrant(t *testing.T, p *person) string {
	t.Helper()
	id, now := asset.NewID().String(), time.Now().UTC()
	v.sql(t, `INSERT INTO oauth_grants (id, client_id, user_id, organization_id, scopes, code_hash, code_expires_at, code_used_at, code_challenge,
		redirect_uri, nonce, auth_time, methods, generation, current_hash, created_at, expires_at, ends_at)
		VALUES (?, ?, ?, ?, '["read"]', ?, ?, ?, '', '', '', ?, '["pwd"]', 0, '', ?, ?, ?)`,
		id, v.ids["client_id"], p.id, v.org, id, now, now, now, now, now.Add(time.Hour), now.Add(time.Hour))
	return id
}

// newClient registers a confidential OAuth2 client of the organization.
func (v *victim) newClient(t *testing.T, name string, scopes ...string) (id, secret string) {
	t.Helper()
	a := v.want(t, 201, call{method: "POST", path: "/v1/oauth/clients/", header: v.as(),
		json: map[string]any{"name": name, "scopes": scopes}})
	return a.text(t, "client_id"), a.text(t, "client_secret")
}

// clientToken is a client's own access token, by client_credentials.
func (s *server) clientToken(t *testing.T, id, secret string, scopes ...string) string {
	t.Helper()
	return s.postForm(t, 200, "/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret},
		"scope": {strings.Join(scopes, " ")}}).text(t, "access_token")
}

func (s *server) postForm(t *testing.T, status int, path string, form url.Values) answer {
	t.Helper()
	res, err := client.PostForm(s.URL+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, body}
	if a.status != status {
		t.Fatalf("POST %s: %v, want %d", path, a, status)
	}
	return a
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for start := time.Now(); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}
