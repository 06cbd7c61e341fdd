package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/db/dbtest"
)

// Details that were asked for a moment ago are as fresh as any, whoever changed
// them: this process, or another one on the same database.
func TestDetailsAreFresh(t *testing.T) {
	w := newWorld(t)
	elsewhere, err := db.Open(t.Context(), dbtest.In(t, w.Dir))
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	token := w.register(t, "user@example.com")
	other := w.register(t, "other@example.com")
	made := w.upload(t, token, asPrinted(picture(t, 21))...)
	path := "/v1/assets/" + made["id"].(string)
	id, org := uuid.MustParse(made["id"].(string)), uuid.MustParse(made["organization_id"].(string))
	tags := map[string]bool{}
	for i := range 4 {
		title := fmt.Sprint("title ", i)
		tag := ""
		if i%2 == 0 {
			a := w.do(t, call{method: "PATCH", path: path, token: token, json: map[string]any{"title": title}})
			tag = a.header.Get("ETag")
		} else if _, err := elsewhere.UpdateAsset(t.Context(), org, id, db.AssetPatch{Title: &title}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			a := w.do(t, call{method: "GET", path: path, token: token})
			if a.object["title"] != title || (tag != "" && a.header.Get("ETag") != tag) {
				t.Errorf("%v, ETag %s; want %q, %s", a.object["title"], a.header.Get("ETag"), title, tag)
			}
			tags[a.header.Get("ETag")] = true
			w.refused(t, 404, "ASSET_NOT_FOUND", call{method: "GET", path: path, token: other})
		}
	}
	if len(tags) != 4 {
		t.Errorf("%d tags of 4 versions", len(tags))
	}
	if _, err := elsewhere.DeleteAsset(t.Context(), org, id); err != nil {
		t.Fatal(err)
	}
	w.refused(t, 404, "ASSET_NOT_FOUND", call{method: "GET", path: path, token: token})
}

// A session or a key that another process ends is refused at once.
func TestRevokedElsewhere(t *testing.T) {
	w := newWorld(t)
	elsewhere, err := db.Open(t.Context(), dbtest.In(t, w.Dir))
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	token := w.register(t, "user@example.com")
	key := w.newKey(t, token, "read")
	for range 3 {
		w.want(t, 200, call{method: "GET", path: "/v1/assets", token: token})
		w.want(t, 200, call{method: "GET", path: "/v1/assets", key: key})
	}
	u, err := elsewhere.UserByEmail(t.Context(), "user@example.com")
	if err != nil {
		t.Fatal(err)
	}
	sessions, _, err := elsewhere.LiveSessions(t.Context(), u.ID, db.Page{Number: 1, Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		if err := elsewhere.RevokeSession(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.refused(t, 401, "UNAUTHORIZED", call{method: "GET", path: "/v1/assets", token: token})
	personal, err := elsewhere.PersonalOrganization(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	keys, _, err := elsewhere.APIKeys(t.Context(), personal.ID, nil, db.Page{Number: 1, Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if err := elsewhere.RevokeAPIKey(t.Context(), k.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.refused(t, 401, "INVALID_API_KEY", call{method: "GET", path: "/v1/assets", key: key})
}
