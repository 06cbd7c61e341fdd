package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, in Input) *Loaded {
	t.Helper()
	l, err := Load(in)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestEverySettingHasOneVariable(t *testing.T) {
	r := Default()
	seen := map[string]string{}
	for _, s := range leaves(&r) {
		if other, ok := seen[s.env()]; ok {
			t.Errorf("%s and %s share %s", s.path, other, s.env())
		}
		seen[s.env()] = s.path
		if s.path != strings.ToLower(s.path) {
			t.Errorf("%s is not lower case", s.path)
		}
	}
	for _, name := range []string{
		"CERTANA_ADDR", "CERTANA_DATA", "CERTANA_BASE_URL", "CERTANA_BLOBS",
		"CERTANA_WEBHOOKS_ALLOW_PRIVATE", "CERTANA_PLANS_SELF_SERVICE",
	} {
		if seen[name] == "" {
			t.Errorf("%s sets nothing", name)
		}
	}
}

func TestLaterPlacesWin(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, FileName, "# all of it\naddr: file:1\nbase_url: http://file\nlog:\n  level: warn\n  json: true\n")
	l := load(t, Input{
		Environ: []string{"CERTANA_DATA=" + dir, "CERTANA_BASE_URL=http://env", "CERTANA_LOG_LEVEL=debug", "HOME=/x"},
		Flags:   map[string]string{"addr": "flag:9"},
	})
	if l.Addr != "flag:9" || l.BaseURL != "http://env" || l.Data != dir || l.Log.Level != slog.LevelDebug || !l.Log.JSON {
		t.Errorf("got %+v", l.Root)
	}
	want := map[string]string{
		"addr":                   "flag --addr",
		"base_url":               "environment CERTANA_BASE_URL",
		"data":                   "environment CERTANA_DATA",
		"log.level":              "environment CERTANA_LOG_LEVEL",
		"log.json":               file + ":6",
		"webhooks.allow_private": "default",
		"blobs":                  "derived",
	}
	for path, source := range want {
		if l.Source(path) != source {
			t.Errorf("%s comes from %q, want %q", path, l.Source(path), source)
		}
	}
	if len(l.Warnings) != 0 {
		t.Errorf("warnings: %q", l.Warnings)
	}
}

func TestDerived(t *testing.T) {
	l := load(t, Input{Flags: map[string]string{"addr": "0.0.0.0:8123", "data": "/somewhere"}})
	if l.BaseURL != "http://localhost:8123" || l.Blobs != "file:///somewhere/blobs" || l.MasterKeyFile != "/somewhere/master.key" {
		t.Errorf("got %+v", l.Root)
	}
}

func TestUnknownVariableIsAWarning(t *testing.T) {
	l := load(t, Input{Environ: []string{
		"CERTANA_WEBHOOK_ALLOW_PRIVATE=true", "CERTANA_SHARED=/s", "CERTANA_TEST_X=1", "CERTANA_CONFIG=",
	}})
	if len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0], "CERTANA_WEBHOOK_ALLOW_PRIVATE") {
		t.Errorf("warnings: %q", l.Warnings)
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, file string
		environ    []string
		flags      map[string]string
		want       []string
	}{
		{name: "unknown keys with their lines", file: "addr: a:1\nadress: b\nlog:\n  levl: info\n",
			want: []string{":2: unknown key adress", ":4: unknown key log.levl"}},
		{name: "wrong type", file: "webhooks:\n  allow_private: perhaps\n",
			want: []string{`:2: webhooks.allow_private: "perhaps" is not a boolean`}},
		{name: "twice", file: "addr: a:1\naddr: b:2\n", want: []string{":2: addr is there twice"}},
		{name: "a section that is a value", file: "log: loud\n", want: []string{":1: log must hold keys"}},
		{name: "not YAML", file: "a: [\n", want: []string{"config.yaml"}},
		{name: "a list", file: "- a\n", want: []string{"the file must hold keys"}},
		{name: "environment", environ: []string{"CERTANA_WEBHOOKS_ALLOW_PRIVATE=ja"},
			want: []string{`CERTANA_WEBHOOKS_ALLOW_PRIVATE: "ja" is not a boolean`}},
		{name: "flag", flags: map[string]string{"addr": "8000"}, want: []string{`addr: "8000" is not HOST:PORT`}},
		{name: "base_url", flags: map[string]string{"base_url": "certana.example"}, want: []string{"base_url"}},
		{name: "blobs", environ: []string{"CERTANA_BLOBS=file://blobs"}, want: []string{"blobs"}},
		{name: "several at once", environ: []string{"CERTANA_BLOBS=ftp://x", "CERTANA_BASE_URL=x"}, want: []string{"blobs", "base_url"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := Input{File: write(t, dir, "config.yaml", c.file), Environ: c.environ, Flags: c.flags}
			_, err := Load(in)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}

func TestFileInDataCannotMoveData(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, FileName, "data: /elsewhere\n")
	if _, err := Load(Input{Flags: map[string]string{"data": dir}}); err == nil {
		t.Error("accepted")
	}
	l := load(t, Input{File: filepath.Join(dir, FileName)})
	if l.Data != "/elsewhere" {
		t.Errorf("data is %s", l.Data)
	}
}

func TestNamedFileMustExist(t *testing.T) {
	if _, err := Load(Input{File: filepath.Join(t.TempDir(), "absent.yaml")}); err == nil {
		t.Error("accepted")
	}
	if _, err := Load(Input{Environ: []string{"CERTANA_CONFIG=/absent.yaml"}}); err == nil {
		t.Error("accepted")
	}
}

func TestPrintMasksSecrets(t *testing.T) {
	secret := strings.Repeat("5e", 32)
	l := load(t, Input{Environ: []string{"CERTANA_MASTER_KEY=" + secret, "CERTANA_DB_URL=postgres://me:hunter2@host/db"}})
	var b strings.Builder
	if err := l.Print(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), secret) || strings.Contains(b.String(), "hunter2") {
		t.Error("a secret shows")
	}
	if !strings.Contains(b.String(), "master_key: '"+mask+"'") || !strings.Contains(b.String(), "# environment CERTANA_MASTER_KEY") {
		t.Errorf("the secret's line is missing:\n%s", b.String())
	}
	for _, s := range l.Settings() {
		if s.Value == secret {
			t.Errorf("%s shows the secret", s.Key)
		}
	}
	if l.MasterKey != secret {
		t.Error("the mask replaced the value")
	}
}

// What Print writes configures the same when it is read back.
func TestPrintRoundTrip(t *testing.T) {
	a := load(t, Input{Flags: map[string]string{"addr": "127.0.0.1:9", "data": "/a folder/1: x", "log.level": "error"}})
	var b strings.Builder
	if err := a.Print(&b); err != nil {
		t.Fatal(err)
	}
	again := load(t, Input{File: write(t, t.TempDir(), "x.yaml", b.String())})
	x, y := leaves(&a.Root), leaves(&again.Root)
	for i := range x {
		if x[i].text() != y[i].text() {
			t.Errorf("%s: %q became %q", x[i].path, x[i].text(), y[i].text())
		}
	}
}

func TestASecretIsNotInTheComplaint(t *testing.T) {
	if c := complaint(leaf{secret: true}, "s3cr3t", os.ErrInvalid); strings.Contains(c, "s3cr3t") {
		t.Error(c)
	}
}
