package vault

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"
)

func testVault(t testing.TB, fill byte) *Vault {
	t.Helper()
	v, err := New(bytes.Repeat([]byte{fill}, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSealAndOpen(t *testing.T) {
	v := testVault(t, 7)
	for _, plain := range [][]byte{nil, {0}, []byte("a secret"), bytes.Repeat([]byte("x"), 100_000)} {
		sealed := v.Seal("webhook/1", plain)
		if len(sealed) != len(plain)+Overhead {
			t.Errorf("sealing %d bytes gives %d", len(plain), len(sealed))
		}
		got, err := v.Open("webhook/1", sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes came back as %d: %v", len(plain), len(got), err)
		}
		if bytes.Equal(sealed, v.Seal("webhook/1", plain)) {
			t.Error("the same secret sealed twice gives the same bytes")
		}
		if len(plain) > 1 && bytes.Contains(sealed, plain) {
			t.Error("the secret shows")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	v := testVault(t, 7)
	sealed := v.Seal("webhook/1", []byte("a secret"))
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := v.Open("webhook/1", bad); err == nil {
			t.Errorf("opens with byte %d altered", i)
		}
	}
	for n := range sealed {
		if _, err := v.Open("webhook/1", sealed[:n]); !errors.Is(err, ErrOpen) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for _, purpose := range []string{"", "webhook/2", "webhook/1 ", "webhook"} {
		if _, err := v.Open(purpose, sealed); !errors.Is(err, ErrOpen) {
			t.Errorf("opens for %q: %v", purpose, err)
		}
	}
	if _, err := testVault(t, 8).Open("webhook/1", sealed); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another master key: %v", err)
	}
}

// expand is HKDF-SHA-256 (RFC 5869) written out, for outputs of one block.
func expand(master []byte, info string, n int) []byte {
	extract := hmac.New(sha256.New, make([]byte, 32))
	extract.Write(master)
	block := hmac.New(sha256.New, extract.Sum(nil))
	block.Write(append([]byte(info), 1))
	return block.Sum(nil)[:n]
}

// A reader that knows docs/formats.md alone opens what the vault sealed.
func TestFormat(t *testing.T) {
	master := bytes.Repeat([]byte{7}, KeySize)
	v := testVault(t, 7)
	sealed := v.Seal("totp/u1", []byte("a secret"))
	id := expand(master, "certana/vault/1/key-id", 4)
	if sealed[0] != 1 || !bytes.Equal(sealed[1:5], id) || v.KeyID() != hex.EncodeToString(id) {
		t.Fatalf("header %x, key id %s, want %x", sealed[:5], v.KeyID(), id)
	}
	a, err := chacha20poly1305.NewX(expand(master, "certana/vault/1/seal/totp/u1", 32))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := a.Open(nil, sealed[5:29], sealed[29:], append(bytes.Clone(sealed[:5]), "totp/u1"...))
	if err != nil || string(plain) != "a secret" {
		t.Fatalf("%q, %v", plain, err)
	}
	if got, want := v.Derive("watermark/1", 32), expand(master, "certana/vault/1/derive/watermark/1", 32); !bytes.Equal(got, want) {
		t.Errorf("derived %x, want %x", got, want)
	}
	// What was sealed once must open for ever.
	old, _ := hex.DecodeString(golden)
	if plain, err := v.Open("totp/u1", old); err != nil || string(plain) != "a secret" {
		t.Errorf("golden: %q, %v", plain, err)
	}
}

const golden = "019733d72e10b4be4f233b26de3a075cedf91751dd4353cde9af2e0b59a891f9da1618194f952647ed62d90718a9ad59864c90d283"

func TestDerive(t *testing.T) {
	v := testVault(t, 7)
	if !bytes.Equal(v.Derive("a", 100)[:32], v.Derive("a", 32)) {
		t.Error("a longer key is another key")
	}
	if bytes.Equal(v.Derive("a", 32), v.Derive("b", 32)) || bytes.Equal(v.Derive("a", 32), testVault(t, 8).Derive("a", 32)) {
		t.Error("keys of different purposes or masters agree")
	}
}

func TestParse(t *testing.T) {
	key := make([]byte, KeySize)
	for i := range key {
		key[i] = byte(i * 37)
	}
	key[1] = 0xfb // gives both + and / in base64
	key[2] = 0xff
	for _, text := range []string{
		hex.EncodeToString(key), strings.ToUpper(hex.EncodeToString(key)), " " + hex.EncodeToString(key) + "\n",
		base64.StdEncoding.EncodeToString(key), base64.RawStdEncoding.EncodeToString(key),
		base64.URLEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key) + "\r\n",
	} {
		if got, err := Parse(text); err != nil || !bytes.Equal(got, key) {
			t.Errorf("%q: %x, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "secret", hex.EncodeToString(key[:31]), hex.EncodeToString(key) + "00", base64.StdEncoding.EncodeToString(key[:24])} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q was taken for a key", text)
		}
	}
	if _, err := New(key[:16]); err == nil {
		t.Error("a short key was taken")
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "data", "master.key")
	v, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	again, err := LoadOrCreate(path)
	if err != nil || again.KeyID() != v.KeyID() {
		t.Fatalf("another key the second time: %v", err)
	}
	left, _ := os.ReadDir(filepath.Dir(path))
	if len(left) != 1 {
		t.Errorf("%d files in the folder, want 1", len(left))
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreate(path); err == nil {
		t.Error("a key that the group may read was taken")
	}
	// A file that the operator names elsewhere may be a mounted secret.
	if again, err = Load(path); err != nil || again.KeyID() != v.KeyID() {
		t.Error(err)
	}
	raw := filepath.Join(dir, "raw")
	write(t, raw, bytes.Repeat([]byte{7}, KeySize))
	if got, err := Load(raw); err != nil || got.KeyID() != testVault(t, 7).KeyID() {
		t.Errorf("bare bytes: %v", err)
	}
	for name, content := range map[string]string{"empty": "", "short": "abc", "long": strings.Repeat("a", 5000), "cut": strings.Repeat("a", 63)} {
		bad := filepath.Join(dir, name)
		write(t, bad, []byte(content))
		_, err := LoadOrCreate(bad)
		if err == nil {
			t.Errorf("%s: taken for a key", name)
		} else if content != "" && strings.Contains(err.Error(), content) {
			t.Errorf("%s: the error shows the content", name)
		}
	}
	if _, err := Load(filepath.Join(dir, "none")); err == nil {
		t.Error("a key from nowhere")
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestManyStartAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	ids := make([]string, 32)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			v, err := LoadOrCreate(path)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = v.KeyID()
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("keys %v", ids)
		}
	}
}

func FuzzOpen(f *testing.F) {
	v := testVault(f, 7)
	f.Add(v.Seal("p", []byte("x")))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, err := v.Open("p", b); err == nil && string(plain) != "x" {
			t.Fatalf("a forged value opened: %x", plain)
		}
	})
}
