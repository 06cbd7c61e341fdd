package adversary

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// secretName matches what a secret is called in the code.
var secretName = regexp.MustCompile(`(?i)(secret|token|password|passwd|hash|hmac|mac|signature|csrf|verifier|challenge|digest|apikey|bearer|code|sum)$`)

// compared lists the comparisons by == of something that is called like a secret,
// each with the reason why its time tells nothing.
var compared = map[string]string{
	"checksum(key[:cut]) == key[cut:]": "a CRC-32, which anybody can compute",
	"hash != session.CurrentHash":      "two SHA-256 of tokens: what differs first says nothing of a token",
	"hash != g.CurrentHash":            "the same",
	"t.Hash != g.CurrentHash":          "the same",
	"password == present":              "both were just given by the same caller",
	"row.RequestHash != requestHash":   "both are of the same caller's requests",
}

// TestSecretsAreComparedInConstantTime reads the rooms that handle secrets: where
// two are compared it is by crypto/subtle or crypto/hmac, or by their hashes in an
// index, or the list above says why it does not matter.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	seen := map[string]bool{}
	files := 0
	for _, room := range []string{"account", "httpapi", "oauth", "sealing", "webhook", "vault", "quota", "db", "mail"} {
		err := filepath.WalkDir(filepath.Join(root, "internal", room), func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if e.IsDir() && (e.Name() == "gen" || strings.HasSuffix(e.Name(), "test")) {
				return filepath.SkipDir // generated code and tests' helpers
			}
			if e.Name() == "jpeg.go" { // whose codes are markers
				return nil
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			files++
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if b, ok := n.(*ast.BinaryExpr); ok && comparesSecrets(b) {
					text := types.ExprString(b)
					if seen[text] = true; compared[text] == "" {
						t.Errorf("%s: %s", set.Position(b.Pos()), text)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 100 {
		t.Fatalf("read %d files", files)
	}
	for text := range compared {
		if !seen[text] {
			t.Errorf("%s is in the list and nowhere in the code", text)
		}
	}
}

// comparesSecrets reports whether two values, neither of them a constant, are
// compared of which one is called like a secret.
func comparesSecrets(b *ast.BinaryExpr) bool {
	if b.Op != token.EQL && b.Op != token.NEQ || constant(b.X) || constant(b.Y) {
		return false
	}
	return secretName.MatchString(lastName(b.X)) || secretName.MatchString(lastName(b.Y))
}

// constant: a literal, nil, or a name of another package or in capitals, such as a
// code of an error.
func constant(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return x.Name == "nil" || x.Name == "true" || x.Name == "false" || ast.IsExported(x.Name)
	case *ast.SelectorExpr:
		pkg, ok := x.X.(*ast.Ident)
		return ok && ast.IsExported(x.Sel.Name) && pkg.Obj == nil && strings.ToLower(pkg.Name) == pkg.Name && len(pkg.Name) > 2
	case *ast.CompositeLit:
		return true
	case *ast.CallExpr:
		name := lastName(x.Fun)
		return name == "len" || name == "string" && constant(x.Args[0])
	}
	return false
}

// lastName is what an expression is called: the last of its names.
func lastName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	case *ast.CallExpr:
		return lastName(x.Fun)
	case *ast.IndexExpr:
		return lastName(x.X)
	case *ast.SliceExpr:
		return lastName(x.X)
	case *ast.StarExpr:
		return lastName(x.X)
	}
	return ""
}
