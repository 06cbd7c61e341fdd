package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"

	"github.com/certana/certana/internal/cid"
)

func sample(t testing.TB) Statement {
	t.Helper()
	c, err := cid.Parse("bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy")
	if err != nil {
		t.Fatal(err)
	}
	return Statement{
		AssetID:        uuid.MustParse("01938c2e-7d3a-7c11-8f5e-0123456789ab"),
		OrganizationID: uuid.MustParse("01938c2e-0000-7abc-9def-fedcba987654"),
		KeyID:          "00112233445566778899",
		RegisteredAt:   time.Date(2026, 11, 22, 1, 2, 3, 456789000, time.FixedZone("", 3600)),
		ContentHash:    sha256.Sum256([]byte("content")),
		WatermarkHash:  sha256.Sum256([]byte("watermarked")),
		MetadataDigest: sha256.Sum256([]byte("metadata")),
		CID:            c,
	}
}

func TestStatementRoundTrip(t *testing.T) {
	s := sample(t)
	b, err := BuildStatement(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseStatement(b)
	if err != nil {
		t.Fatal(err)
	}
	s.RegisteredAt = s.RegisteredAt.UTC().Truncate(time.Millisecond)
	if got != s {
		t.Errorf("parsed %+v\nwant   %+v", got, s)
	}
}

// The oracle is another CBOR library with DAG-CBOR's rules spelled out: keys by
// length, then bytes; links as tag 42 over a zero byte and the CID.
func TestStatementEncoding(t *testing.T) {
	s := sample(t)
	mode, err := cbor.EncOptions{Sort: cbor.SortLengthFirst}.EncMode()
	if err != nil {
		t.Fatal(err)
	}
	want, err := mode.Marshal(map[string]any{
		"type":            "certana/statement/1",
		"asset_id":        "01938c2e-7d3a-7c11-8f5e-0123456789ab",
		"organization_id": "01938c2e-0000-7abc-9def-fedcba987654",
		"key_id":          "00112233445566778899",
		"registered_at":   s.RegisteredAt.UnixMilli(),
		"content_hash":    s.ContentHash[:],
		"watermark_hash":  s.WatermarkHash[:],
		"metadata_digest": s.MetadataDigest[:],
		"cid":             cbor.Tag{Number: 42, Content: append([]byte{0}, s.CID.Bytes()...)},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := BuildStatement(s)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	// A statement that was once signed must read the same for ever.
	if h := hex.EncodeToString(hash(CommitmentHash(got))); h != goldenCommitment {
		t.Errorf("commitment hash %s, want %s", h, goldenCommitment)
	}
}

// goldenCommitment is the hash of the bytes that the oracle wrote for sample.
const goldenCommitment = "ea61fd3ba78ec339474abdba5f774492d9ed7c2e1c4ddad7d6f6fc0aa4009952"

func hash(h [32]byte) []byte { return h[:] }

func TestIncompleteStatements(t *testing.T) {
	for name, spoil := range map[string]func(*Statement){
		"asset":        func(s *Statement) { s.AssetID = uuid.Nil },
		"organization": func(s *Statement) { s.OrganizationID = uuid.Nil },
		"key":          func(s *Statement) { s.KeyID = "" },
		"time":         func(s *Statement) { s.RegisteredAt = time.Time{} },
		"cid":          func(s *Statement) { s.CID = cid.CID{} },
		"UTF-8":        func(s *Statement) { s.KeyID = "\xff" },
	} {
		s := sample(t)
		spoil(&s)
		if _, err := BuildStatement(s); err == nil {
			t.Errorf("a statement without a good %s was built", name)
		}
	}
}

func TestParseStatementIsStrict(t *testing.T) {
	good, err := BuildStatement(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) []byte { return bytes.Replace(good, []byte(old), []byte(new), 1) }
	bad := map[string][]byte{
		"empty":                nil,
		"cut":                  good[:len(good)-1],
		"trailing":             append(bytes.Clone(good), 0),
		"twice":                append(bytes.Clone(good), good...),
		"another kind":         replace("certana/statement/1", "certana/statement/2"),
		"upper case id":        replace("01938c2e-7d3a", "01938C2E-7d3a"),
		"unknown field":        replace("\x66key_id", "\x66kez_id"),
		"a list":               {0x80},
		"long length":          append([]byte{0xb8, 0x09}, good[1:]...),
		"indefinite map":       append(append([]byte{0xbf}, good[1:]...), 0xff),
		"empty key":            replace("\x74"+"00112233445566778899", "\x60"),
		"deep":                 bytes.Repeat([]byte{0x81}, 5000),
		"length of petabytes":  {0xbb, 0x00, 0x10, 0, 0, 0, 0, 0, 0},
		"string of petabytes":  {0xa1, 0x7b, 0x00, 0x10, 0, 0, 0, 0, 0, 0},
		"link without tag":     replace("\xd8\x2a\x58\x25", "\x58\x25"),
		"registered in 64 bit": replace("\x6dregistered_at\x1b", "\x6dregistered_at\x3b"),
	}
	for name, b := range bad {
		if bytes.Equal(b, good) {
			t.Errorf("%s: the case changes nothing", name)
		}
		if s, err := ParseStatement(b); err == nil {
			t.Errorf("%s: parsed as %+v", name, s)
		}
	}
}

func FuzzParseStatement(f *testing.F) {
	good, err := BuildStatement(sample(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:50])
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseStatement(b)
		if err != nil {
			return
		}
		again, err := BuildStatement(s)
		if err != nil {
			t.Fatalf("parsed but does not build: %v", err)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("parsed %x, built %x", b, again)
		}
	})
}

func TestOrgKey(t *testing.T) {
	// RFC 8032, section 7.1, test 2.
	seed, _ := hex.DecodeString("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
	k, err := ParseOrgKey(seed)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(k.Public()); got != "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c" {
		t.Errorf("public key %s", got)
	}
	const want = "kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA=="
	sig := k.Sign([]byte{0x72})
	if sig != want {
		t.Errorf("signature %s", sig)
	}
	if err := VerifySignature(k.Public(), []byte{0x72}, sig); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"other statement": VerifySignature(k.Public(), []byte{0x73}, sig),
		"other key":       VerifySignature(NewOrgKey().Public(), []byte{0x72}, sig),
		"not base64":      VerifySignature(k.Public(), []byte{0x72}, sig+"!"),
		"short":           VerifySignature(k.Public(), []byte{0x72}, sig[:8]),
		"no key":          VerifySignature(nil, []byte{0x72}, sig),
	} {
		if !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if k.ID() != KeyID(k.Public()) || len(k.ID()) != 20 || k.ID() == NewOrgKey().ID() {
		t.Errorf("key id %q", k.ID())
	}
	if !bytes.Equal(k.Seed(), seed) {
		t.Error("the seed changed")
	}
	if _, err := ParseOrgKey(seed[:31]); err == nil {
		t.Error("a short seed was taken")
	}
}
