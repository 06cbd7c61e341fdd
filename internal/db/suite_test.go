package db_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/certana/certana/internal/db"
)

// Every method of Queries is called by a test that runs over both databases:
// within a function given to each, or in one that is called from there. A new
// method without such a test fails here.
func TestEveryMethodOnBoth(t *testing.T) {
	called := suiteCalls(t)
	methods := reflect.TypeFor[db.Queries]()
	for i := range methods.NumMethod() {
		if name := methods.Method(i).Name; !called[name] {
			t.Errorf("no test calls Queries.%s over both databases: call it within each(t, …) in internal/db", name)
		}
	}
	if called["NoSuchMethod"] || !called["InsertAsset"] {
		t.Error("this test does not see what the others call")
	}
}

// suiteCalls are the names of all methods called over both databases.
func suiteCalls(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	must(t, err)
	helpers := map[string]ast.Node{} // functions of this package, by name
	var begin []ast.Node             // what is given to each
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		must(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				helpers[f.Name.Name] = f.Body
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok && slices.Contains([]string{"each", "Each", "EachEmpty"}, calledName(c)) {
				begin = append(begin, c.Args[len(c.Args)-1])
			}
			return true
		})
	}
	methods, seen := map[string]bool{}, map[string]bool{}
	var follow func(ast.Node) bool
	follow = func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := calledName(c)
		if _, method := c.Fun.(*ast.SelectorExpr); method {
			methods[name] = true
		}
		if body := helpers[name]; body != nil && !seen[name] {
			seen[name] = true
			ast.Inspect(body, follow)
		}
		return true
	}
	for _, n := range begin {
		ast.Inspect(n, follow)
	}
	return methods
}

func calledName(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}
