package adversary

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"testing"
	"time"
)

// held is a request of which the head and five bytes are there.
type held struct {
	conn net.Conn
	from *bufio.Reader
	rest []byte
}

// hold begins a POST, waits until it was let in, which is when the server asks for
// its body, and keeps most of that back.
func (s *server) hold(t *testing.T, path, kind string, h http.Header, body []byte) held {
	t.Helper()
	conn := s.dial(t)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n", path, kind, len(body))
	if err := h.Write(conn); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "\r\n"); err != nil {
		t.Fatal(err)
	}
	from := bufio.NewReader(conn)
	if line, err := from.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%s: %q %v", path, line, err)
	}
	if _, err := from.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(body[:5]); err != nil {
		t.Fatal(err)
	}
	return held{conn, from, body[5:]}
}

// finish sends the rest and reads the answer.
func (h held) finish(t *testing.T) answer {
	t.Helper()
	if _, err := h.conn.Write(h.rest); err != nil {
		t.Fatal(err)
	}
	return read(t, h.conn, h.from)
}

// uploadForm is a multipart body with a picture.
func uploadForm(t *testing.T) (kind string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", "held.jpg")
	if err == nil {
		_, err = part.Write(picture(t))
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return form.FormDataContentType(), b.Bytes()
}

// TestHeldBody: whoever holds a request's body back until after their right has
// ended is refused, and nothing of it is done.
func TestHeldBody(t *testing.T) {
	v := newVictim(t)
	const json = "application/json"
	now := time.Now().UTC()
	hook := fmt.Appendf(nil, `{"url":%q,"events":["asset.processed"]}`, v.hook)
	key := []byte(`{"name":"held","scopes":["read"]}`)
	kind, form := uploadForm(t)
	remove := func(p *person) {
		v.want(t, 204, call{method: "DELETE", path: "/v1/organizations/" + v.org + "/members/" + p.id, header: v.as()})
	}
	shut := func(p *person) string { return v.newOrganization(t, p, "Shut "+mark()) }
	removed, moved := v.someone(t, "removed"), v.someone(t, "moved")
	v.join(t, removed, v.org, "admin")
	v.join(t, moved, v.org, "admin")
	lowered := v.someone(t, "lowered")
	v.join(t, lowered, v.org, "admin")
	loggedOut, changed := v.someone(t, "logged-out"), v.someone(t, "changed")
	keyID, revoked := v.newKey(t, v.as(), "revoked while held", everyScope...)
	batchID, batchKey := v.newKey(t, v.as(), "revoked before a batch", everyScope...)
	owner := v.someone(t, "shut")
	deleted, stopped, erased := shut(owner), shut(owner), shut(owner)
	for _, c := range []struct {
		name, path, kind string
		header           http.Header
		body             []byte
		end              func()
		status           int
	}{
		{"webhook of a removed member", "/v1/webhooks/", json, within(bearer(removed.token), v.org), hook, func() { remove(removed) }, 403},
		{"upload of a removed member", "/v1/assets/", kind, within(bearer(moved.token), v.org), form, func() { remove(moved) }, 403},
		{"webhook of a lowered member", "/v1/webhooks/", json, within(bearer(lowered.token), v.org), hook, func() {
			v.sql(t, "UPDATE memberships SET role = 'viewer' WHERE user_id = ? AND organization_id = ?", lowered.id, v.org)
		}, 403},
		{"key after the logout", "/v1/api-keys/", json, bearer(loggedOut.token), key, func() {
			v.want(t, 204, call{method: "POST", path: "/v1/auth/logout", header: bearer(loggedOut.token)})
		}, 401},
		{"key after the password's change", "/v1/api-keys/", json, bearer(changed.token), key, func() {
			v.want(t, 204, call{method: "POST", path: "/v1/auth/password/change", header: bearer(changed.token),
				json: map[string]any{"current_password": password, "new_password": "Another-Horse-8!"}})
		}, 401},
		{"upload by a revoked key", "/v1/assets/", kind, apiKey(revoked), form, func() {
			v.want(t, 204, call{method: "DELETE", path: "/v1/api-keys/" + keyID, header: v.as()})
		}, 401},
		{"verification by a revoked key", "/v1/verify/", kind, apiKey(batchKey), form, func() {
			v.want(t, 204, call{method: "DELETE", path: "/v1/api-keys/" + batchID, header: v.as()})
		}, 401},
		{"upload into a deleted organization", "/v1/assets/", kind, withinOrg(owner, deleted), form, func() {
			v.sql(t, "UPDATE organizations SET deleted_at = ?, erase_at = ? WHERE id = ?", now, now.AddDate(0, 0, 30), deleted)
		}, 403},
		{"upload into a suspended organization", "/v1/assets/", kind, withinOrg(owner, stopped), form, func() {
			v.sql(t, "UPDATE organizations SET suspended_at = ? WHERE id = ?", now, stopped)
		}, 403},
		{"upload into an erased organization", "/v1/assets/", kind, withinOrg(owner, erased), form, func() {
			v.sql(t, "UPDATE organizations SET deleted_at = ?, erase_at = ?, erased_at = ? WHERE id = ?", now, now, now, erased)
			v.sql(t, "DELETE FROM memberships WHERE organization_id = ?", erased)
		}, 403},
	} {
		before := v.count(t, "webhooks") + v.count(t, "api_keys") + v.count(t, "assets")
		h := v.hold(t, c.path, c.kind, c.header, c.body)
		c.end()
		if a := h.finish(t); a.status != c.status {
			t.Errorf("%s: %v, want %d", c.name, a, c.status)
		}
		if after := v.count(t, "webhooks") + v.count(t, "api_keys") + v.count(t, "assets"); after != before {
			t.Errorf("%s: %d rows more", c.name, after-before)
		}
	}
}
