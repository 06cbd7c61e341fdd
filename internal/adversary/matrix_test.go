package adversary

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/certana/certana/api"
)

// TestTenantMatrix calls every operation of the OpenAPI document, and what there is
// beside it, as every actor
// and holds the answer's status against testdata/matrix.tsv. Beside the status:
// no refusal, and nothing that an outsider is told, holds a text of the victim's;
// and what was refused changed nothing. An operation without a row fails.
func TestTenantMatrix(t *testing.T) {
	t.Parallel()
	columns, rows := readMatrix(t)
	v := newVictim(t)
	all := actors(t, v)
	var names []string
	for _, a := range all {
		names = append(names, a.name)
	}
	if !slices.Equal(names, columns) {
		t.Fatalf("the actors are\n%q, the table's columns\n%q", names, columns)
	}
	ops := append(operations(t), beside...)
	for _, op := range ops {
		if rows[op.route()] == nil {
			t.Errorf("%s has no row in the table", op.route())
		}
	}
	for _, op := range ops {
		if cells := rows[op.route()]; cells != nil {
			t.Run(op.route(), func(t *testing.T) { tryRow(t, v, op, all, cells) })
		}
		delete(rows, op.route())
	}
	for route := range rows {
		t.Errorf("%s has a row and is no operation", route)
	}
}

// operation is one of the OpenAPI document.
type operation struct{ id, method, path string }

func (o operation) route() string { return o.method + " " + o.path }

func operations(t *testing.T) (all []operation) {
	t.Helper()
	doc, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			if op, ok := op.(map[string]any); ok && op["operationId"] != nil {
				all = append(all, operation{op["operationId"].(string), strings.ToUpper(method), path})
			}
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

// readMatrix reads the table: a line for each operation, a column for each actor,
// the expected status in each cell.
func readMatrix(t *testing.T) (columns []string, rows map[string][]int) {
	t.Helper()
	f, err := os.Open("testdata/matrix.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows = map[string][]int{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		cells := strings.Fields(lines.Text())
		switch {
		case len(cells) == 0 || strings.HasPrefix(cells[0], "#"):
			continue
		case columns == nil:
			columns = cells[2:]
			continue
		case len(cells) != len(columns)+2:
			t.Fatalf("%d cells in %q", len(cells), lines.Text())
		}
		route := cells[0] + " " + cells[1]
		for _, cell := range cells[2:] {
			status, err := strconv.Atoi(cell)
			if err != nil {
				t.Fatalf("%s: %v", route, err)
			}
			rows[route] = append(rows[route], status)
		}
	}
	return columns, rows
}

// tryRow calls one operation as every actor: whoever is refused first, so that
// there is still something to take.
func tryRow(t *testing.T, v *victim, op operation, all []actor, cells []int) {
	before := v.rows(t)
	for i, a := range all {
		if cells[i] >= 400 {
			try(t, v, op, a, cells[i])
		}
	}
	if after := v.rows(t); before != after {
		t.Errorf("refused calls left a trace: %s", difference(before, after))
	}
	for i, a := range all {
		if cells[i] < 400 {
			try(t, v, op, a, cells[i])
		}
	}
	if used := scenarios[op.id].uses; used != "" && used != "org_id" {
		v.renew(t, used)
	}
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

func try(t *testing.T, v *victim, op operation, a actor, want int) {
	t.Helper()
	sc := scenarios[op.id]
	if sc.uses != "" && want < 400 {
		v.renew(t, sc.uses)
		defer func() { v.ids["org_id"] = v.org }()
	}
	c := v.prepare(t, op, a)
	got := v.do(t, c)
	if got.status != want {
		t.Errorf("%s: %v, want %d", a.name, got, want)
	}
	if got.status >= 400 || !a.insider {
		leaks(t, v, a, c, got, sc.shows)
	}
}

// prepare makes the call of an operation by an actor.
func (v *victim) prepare(t *testing.T, op operation, a actor) call {
	t.Helper()
	sc := scenarios[op.id]
	by, header := v.owner, a.header
	if sc.self && a.role != "" {
		by = v.newPerson(t, "self")
		header = bearer(by.token)
		if a.role != "outside" {
			v.join(t, by, v.org, a.role)
			header = within(header, v.org)
		} else if org := a.header.Get("X-Organization-Id"); org != "" {
			header = within(header, org)
		}
	}
	path, own := op.path, map[string]string(nil)
	if sc.path != nil {
		own = sc.path(t, v, by)
	}
	path = parameter.ReplaceAllStringFunc(path, func(p string) string {
		name := strings.Trim(p, "{}")
		if id, ok := own[name]; ok {
			return id
		}
		if v.ids[name] == "" {
			v.renew(t, name)
		}
		return v.ids[name]
	})
	if sc.query != "" {
		path += "?" + sc.query
	}
	c := call{method: op.method, path: path, header: header}
	if sc.json != nil {
		c.json = sc.json(t, v, by)
	}
	if sc.form != nil {
		c.form = sc.form(t, v)
	}
	return c
}

// leaks looks for the victim's texts in an answer. What the caller sent may come
// back.
func leaks(t *testing.T, v *victim, a actor, c call, got answer, shows []string) {
	t.Helper()
	if got.status >= 400 {
		shows = nil
	}
	sent := fmt.Sprint(c.path, c.header, c.json)
	text := fmt.Sprint(got.header) + string(got.body)
	for secret, what := range v.secret {
		if strings.Contains(text, secret) && !strings.Contains(sent, secret) && !slices.Contains(shows, what) {
			t.Errorf("%s was told the %s: %v", a.name, what, got)
		}
	}
}
