package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/certana/certana/internal/app/apptest"
	"github.com/certana/certana/internal/db/dbtest"
	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/realrun"
	"github.com/certana/certana/internal/synth"
)

// visitor talks to one server of several, with one token.
type visitor struct {
	*testing.T
	*realrun.Server
	token string
}

// at is the same visitor at another server.
func (v visitor) at(s *realrun.Server) visitor { v.Server = s; return v }

// ask sends a request and decodes the answer, which must have the status.
func (v visitor) ask(method, path, kind string, body io.Reader, status int, answer any) {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), method, v.URL+path, body)
	if err != nil {
		v.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	if v.token != "" {
		r.Header.Set("Authorization", "Bearer "+v.token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		v.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		v.Fatalf("%s %s: %d, want %d: %.500s (%v)", method, path, res.StatusCode, status, text, err)
	}
	switch a := answer.(type) {
	case nil:
	case *[]byte:
		*a = text
	default:
		if err := json.Unmarshal(text, a); err != nil {
			v.Fatalf("%s %s: %v", method, path, err)
		}
	}
}

func (v visitor) post(path string, body any, status int, answer any) {
	v.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		v.Fatal(err)
	}
	v.ask(http.MethodPost, path, "application/json", bytes.NewReader(text), status, answer)
}

// send posts a picture.
func (v visitor) send(path string, picture []byte, status int, answer any, fields ...string) {
	v.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "a.jpg")
	if err == nil {
		_, err = part.Write(picture)
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		if err == nil {
			err = form.WriteField(name, value)
		}
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		v.Fatal(err)
	}
	v.ask(http.MethodPost, path, form.FormDataContentType(), &body, status, answer)
}

// register makes an account and logs in.
func (v visitor) register(email string) visitor {
	v.Helper()
	who := map[string]string{"email": email, "password": "correct horse battery", "full_name": "Someone"}
	v.post("/v1/auth/register", who, http.StatusCreated, nil)
	return v.login(email)
}

func (v visitor) login(email string) visitor {
	v.Helper()
	var login struct {
		AccessToken string `json:"access_token"`
	}
	v.token = ""
	v.post("/v1/auth/login", map[string]string{"email": email, "password": "correct horse battery"}, http.StatusOK, &login)
	v.token = login.AccessToken
	return v
}

type uploaded struct {
	ID     string
	Status string `json:"processing_status"`
}

// upload registers a picture and answers it marked.
func (v visitor) upload(seed uint64, fields ...string) (a uploaded, marked []byte) {
	v.Helper()
	v.send("/v1/assets/", apptest.JPEG(v.T, synth.Photo(640, 480, seed), 90), http.StatusCreated, &a, fields...)
	if a.Status != "completed" {
		v.Fatalf("the upload is %s", a.Status)
	}
	v.ask(http.MethodGet, "/v1/assets/"+a.ID+"/content?variant=watermarked", "", nil, http.StatusOK, &marked)
	return a, marked
}

type committed struct {
	ID     string `json:"commitment_id"`
	Status string `json:"confirmation_status"`
	Leaf   *int64 `json:"leaf_index"`
}

// commit asks for a commitment, which must be final in the answer.
func (v visitor) commit(a uploaded) (c committed) {
	v.Helper()
	v.post("/v1/blockchain/commit", map[string]string{"asset_id": a.ID}, http.StatusCreated, &c)
	if c.Status != "finalized" || c.Leaf == nil {
		v.Errorf("the commitment is %s at %v", c.Status, c.Leaf)
	}
	return c
}

// proved looks a commitment up, all of whose checks must pass.
func (v visitor) proved(c committed) {
	v.Helper()
	var text []byte
	v.ask(http.MethodGet, "/v1/blockchain/commitment/"+c.ID, "", nil, http.StatusOK, &text)
	if !bytes.Contains(bytes.ReplaceAll(text, []byte(" "), nil), []byte(`"verified":true`)) {
		v.Errorf("the commitment does not hold: %s", text)
	}
}

type found struct {
	Verdict     string
	Fingerprint struct {
		Count int `json:"match_count"`
	}
	Blockchain struct {
		OnChain bool `json:"on_chain"`
	}
}

func (v visitor) verify(picture []byte) (f found) {
	v.Helper()
	v.send("/v1/verify/", picture, http.StatusOK, &f)
	return f
}

// Two servers on one folder: what one takes in the other knows, what ends at one has
// ended at the other, one log takes it all, and when the server that appends is
// killed the other goes on.
func TestTwoServers(t *testing.T) {
	dir := t.TempDir()
	c := dbtest.In(t, dir)
	settings := []string{"CERTANA_BASE_URL=http://pictures.example", "CERTANA_QUOTAS_FREE_VERIFICATIONS=0", "CERTANA_PIPELINE_WAIT=1m", "CERTANA_PIPELINE_COMMIT_WAIT=1m"}
	first := serve(t, dir, c, settings...)
	second := serve(t, dir, c, settings...)
	a := visitor{T: t, Server: first}.register("someone@example.com")
	b := a.at(second)

	// The second has its index of fingerprints before there is anything in it.
	if f := b.verify(apptest.JPEG(t, synth.Photo(640, 480, 1), 90)); f.Fingerprint.Count != 0 {
		t.Fatalf("%+v of nothing", f)
	}
	var last committed
	for i, v := range []visitor{a, b, a, b} {
		up, marked := v.upload(uint64(i + 1))
		other := map[visitor]visitor{a: b, b: a}[v]
		last = other.commit(up) // the log is one server's, waiting is anybody's
		a.proved(last)
		b.proved(last)
		if *last.Leaf != int64(i) {
			t.Errorf("upload %d is leaf %d", i, *last.Leaf)
		}
		for _, v := range []visitor{a, b} {
			if f := v.verify(marked); f.Verdict != "authentic" || f.Fingerprint.Count == 0 || !f.Blockchain.OnChain {
				t.Errorf("upload %d at %s: %+v", i, v.URL, f)
			}
		}
		smaller := reencoded(t, marked)
		if f := other.verify(smaller); f.Fingerprint.Count == 0 {
			t.Errorf("a copy of upload %d is not found by its looks: %+v", i, f)
		}
	}

	// An end at one is an end at the other.
	ended := a.login("someone@example.com")
	ended.at(second).ask(http.MethodGet, "/v1/assets/", "", nil, http.StatusOK, nil)
	ended.ask(http.MethodPost, "/v1/auth/logout", "", nil, http.StatusNoContent, nil)
	ended.at(second).ask(http.MethodGet, "/v1/assets/", "", nil, http.StatusUnauthorized, nil)

	first.Kill(t)
	up, marked := b.upload(10)
	c5 := b.commit(up)
	if *c5.Leaf != *last.Leaf+1 {
		t.Errorf("after the kill the next is leaf %d, want %d", *c5.Leaf, *last.Leaf+1)
	}
	b.proved(last)
	b.proved(c5)
	if f := b.verify(marked); f.Verdict != "authentic" || !f.Blockchain.OnChain {
		t.Errorf("after the kill: %+v", f)
	}

	// Whoever comes back stands behind the one that took over.
	third := a.at(serve(t, dir, c, settings...))
	up, _ = third.upload(11)
	third.proved(third.commit(up))
	b.proved(third.commit(up))
	if text := second.Certana(t, "fsck"); !strings.Contains(text, "all is well") {
		t.Error(text)
	}
}

// reencoded is a copy as a messenger makes it.
func reencoded(t *testing.T, picture []byte) []byte {
	t.Helper()
	p, err := raster.Decode(picture, raster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := raster.EncodeJPEG(p.RGB(400), 70)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The server that appends is killed while it certifies: the neighbour takes its jobs
// up at once, and each statement has one leaf.
func TestKilledUnderLoad(t *testing.T) {
	dir := t.TempDir()
	c := dbtest.In(t, dir)
	settings := []string{"CERTANA_BASE_URL=http://pictures.example", "CERTANA_PIPELINE_WAIT=1ms", "CERTANA_PIPELINE_COMMIT_WAIT=1m"}
	first := serve(t, dir, c, settings...)
	a := visitor{T: t, Server: first}.register("someone@example.com")
	b := a.at(serve(t, dir, c, settings...))
	taken := make([]uploaded, 8)
	for i := range taken {
		a.send("/v1/assets/", apptest.JPEG(t, synth.Photo(800, 600, uint64(i)), 90), http.StatusCreated, &taken[i])
	}
	first.Kill(t)
	leaves := map[int64]bool{}
	for _, up := range taken {
		eventually(t, up.ID+" is completed", func() bool {
			b.ask(http.MethodGet, "/v1/assets/"+up.ID, "", nil, http.StatusOK, &up)
			return up.Status == "completed"
		})
		got := b.commit(up)
		b.proved(got)
		leaves[*got.Leaf] = true
	}
	if len(leaves) != len(taken) {
		t.Errorf("%d leaves for %d uploads", len(leaves), len(taken))
	}
	text := b.Certana(t, "fsck")
	if !strings.Contains(text, fmt.Sprintf(" %d log entries", len(taken))) || !strings.Contains(text, "all is well") {
		t.Error(text)
	}
}
