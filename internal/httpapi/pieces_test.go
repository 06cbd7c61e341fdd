package httpapi

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSafeName(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		".":                       "",
		"/":                       "",
		"photo.jpg":               "photo.jpg",
		"../../etc/passwd":        "passwd",
		`C:\Users\me\photo.jpg`:   "photo.jpg",
		"a\r\nSet-Cookie: x.jpg":  "aSet-Cookie: x.jpg",
		"bad\xffutf8.png":         "badutf8.png",
		"naïve café.png":          "naïve café.png",
		strings.Repeat("é", 200):  strings.Repeat("é", 127),
		"quote\"and\\slash.png":   "slash.png",
		"nul\x00inside.png":       "nulinside.png",
		strings.Repeat("a/", 300): "a",
	} {
		if got := safeName(in); got != want {
			t.Errorf("safeName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSplitTags(t *testing.T) {
	got := splitTags([]string{"tag1, tag2,,tag1 ,", " tag3"})
	if !slices.Equal(got, []string{"tag1", "tag2", "tag3"}) {
		t.Errorf("got %q", got)
	}
	if got := splitTags(nil); got == nil || len(got) != 0 {
		t.Errorf("no tags are %#v, not an empty list", got)
	}
}

func TestMoment(t *testing.T) {
	day := 24*time.Hour - time.Microsecond
	for text, want := range map[string]string{
		"2024-01-15":                  "2024-01-15T23:59:59.999999Z",
		"2024-01-15T10:30:00Z":        "2024-01-15T10:30:00Z",
		"2024-01-15T10:30:00.25Z":     "2024-01-15T10:30:00.25Z",
		"2024-01-15T10:30:00+02:00":   "2024-01-15T08:30:00Z",
		"2024-01-15T10:30:00 02:00":   "2024-01-15T08:30:00Z", // + unescaped in a query
		"2024-01-15T10:30:00+0200":    "2024-01-15T08:30:00Z",
		"2024-01-15T10:30:00.123456":  "2024-01-15T10:30:00.123456Z",
		"2024-01-15 10:30:00":         "2024-01-15T10:30:00Z",
		"2024-01-15T10:30":            "2024-01-15T10:30:00Z",
		"2024-13-15":                  "",
		"2024-02-30":                  "",
		"yesterday":                   "",
		"":                            "",
		"1705314600":                  "",
		"2024-01-15T10:30:00+02:00:9": "",
	} {
		got, err := moment(&text, "end_date", day)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q is taken for %v", text, got)
		case want != "" && err != nil:
			t.Errorf("%q: %v", text, err)
		case want != "" && got.Format(time.RFC3339Nano) != want:
			t.Errorf("%q is %v, want %s", text, got, want)
		}
	}
}

func TestRespondAsync(t *testing.T) {
	for text, want := range map[string]bool{
		"respond-async": true, "Respond-Async": true, "wait=5, respond-async": true, "respond-async; x=1": true,
		"": false, "wait=5": false, "no-respond-async": false,
	} {
		if respondAsync(&text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestPlainPath(t *testing.T) {
	for path, want := range map[string]bool{
		"/": true, "/v1/assets": true, "/v1/assets/": true, "/v1/a.b/..c": true,
		"": false, "v1": false, "//": false, "/v1//assets": false, "/v1/../healthz": false, "/v1/./assets": false,
		"/v1/assets//": false, "/v1/..": false, "*": false,
	} {
		if plainPath(path) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
}

func TestETagMatches(t *testing.T) {
	const tag = `"abc"`
	for header, want := range map[string]bool{
		`"abc"`: true, `W/"abc"`: true, `"x", "abc"`: true, `*`: true,
		`"abcd"`: false, `abc`: false, ``: false, `"x"`: false,
	} {
		if etagMatches(header, tag) != want {
			t.Errorf("%q: %v", header, !want)
		}
	}
}

func TestRequestID(t *testing.T) {
	for _, own := range []string{"req_12345678", "0193c1f2-8e1b-7a3c", strings.Repeat("a", 128)} {
		if requestID(own) != own {
			t.Errorf("%q is not kept", own)
		}
	}
	seen := map[string]bool{}
	for _, bad := range []string{"", "short", strings.Repeat("a", 129), "with space in it", "new\nline-in-it", "ünïcode-id", `quote"quote"`} {
		id := requestID(bad)
		if !strings.HasPrefix(id, "req_") || len(id) < 4+26 || seen[id] {
			t.Errorf("%q became %q", bad, id)
		}
		seen[id] = true
	}
}

func TestPages(t *testing.T) {
	for _, c := range [][3]int{{0, 20, 0}, {1, 20, 1}, {20, 20, 1}, {21, 20, 2}, {42, 20, 3}, {100, 20, 5}} {
		if got := pages(c[0], c[1]); got != c[2] {
			t.Errorf("%d of %d a page make %d pages, want %d", c[0], c[1], got, c[2])
		}
	}
}

func TestDisposition(t *testing.T) {
	for name, want := range map[string]string{
		"photo.jpg":  `inline; filename=photo.jpg`,
		"a b.jpg":    `inline; filename="a b.jpg"`,
		`q"x.jpg`:    `inline; filename="q\"x.jpg"`,
		"café.jpg":   `inline; filename*=utf-8''caf%C3%A9.jpg`,
		"a;b=c.jpeg": `inline; filename="a;b=c.jpeg"`,
	} {
		if got := disposition("inline", name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
