package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows says what each package may import besides the standard library: packages of this module by their directory,
// others by the path of their module. A package that is not listed may not exist. Tests may import more (see testArrows).
var arrows = map[string][]string{
	// L0: import nothing of ours
	"event":      {},
	"join":       {},
	"migrations": {pgxModule, goose},
	"web":        {},
	"demo":       {},
	"discover":   {"github.com/nginxinc/nginx-go-crossplane"},
	// L1: know the vocabulary
	"parser":          {"event", "github.com/valyala/fastjson"},
	"cause":           {"event"},
	"answer":          {"event"},
	"store/block":     {"event"},
	"store":           {"event", "join", "store/block", pgxModule, "golang.org/x/sync"},
	"store/local":     {pgxModule},
	"store/storetest": {"event", "migrations", "store/local", pgxModule},
	"jobs":            {"event", gocron},
	// L2
	"ingest": {
		"event", "parser", tail, "github.com/bmatcuk/doublestar/v4", "golang.org/x/sync", "golang.org/x/sys", "github.com/mileusna/useragent",
		"github.com/hashicorp/golang-lru/v2", "github.com/klauspost/compress", "github.com/mikelolasagasti/xz",
	},
	"api": {
		"event", "parser", "store", "cause", "answer", echo,
		"github.com/oapi-codegen/runtime", "github.com/goccy/go-yaml", "github.com/VictoriaMetrics/metrics",
	},
	"report":               {"event", "join", "parser", "ingest", "answer", goPretty},
	"store/storetest/fill": {"event", "store", "store/block", pgxModule},
	// L3: plugs all together
	"cmd/hangup": {"*"},
}

// testArrows says what the tests of a package may import beyond arrows. Every test may import go-cmp.
var testArrows = map[string][]string{
	"api":        {"store/block", "store/storetest", "store/storetest/fill", "migrations", "github.com/getkin/kin-openapi", pgxModule},
	"ingest":     {"store", "store/storetest", "store/storetest/fill", pgxModule},
	"migrations": {"store/storetest"},
	"jobs":       {"store", "store/storetest", pgxModule},
	"store":      {"store/block", "store/storetest", "store/storetest/fill", "migrations"},
	"report":     {"store", "store/storetest", "golang.org/x/net/html"},
}

// only says who may import a module at all: each of the libraries that others could replace is behind one package.
var only = map[string][]string{
	pgxModule: {"store", "store/local", "store/storetest", "store/storetest/fill", "migrations", "cmd/hangup"},
	echo:      {"api", "cmd/hangup"},
	gocron:    {"jobs"},
	tail:      {"ingest"},
	goose:     {"migrations"},
	goPretty:  {"report", "cmd/hangup"},
}

// never names parts of the standard library that a package must not use, tests excepted: the parser is pure.
var never = map[string][]string{
	"parser": {"os", "net", "net/http", "context", "sync/atomic", "io/ioutil", "log", "log/slog", "database/sql"},
	"event":  {"os", "net", "net/http", "context", "sync"},
	"join":   {"os", "net", "net/http", "context", "sync"},
	"cause":  {"os", "net", "net/http", "context", "sync"},
	"answer": {"os", "net", "net/http", "context", "sync"},
}

const (
	pgxModule = "github.com/jackc/pgx/v5"
	goose     = "github.com/pressly/goose/v3"
	echo      = "github.com/labstack/echo/v4"
	gocron    = "github.com/go-co-op/gocron/v2"
	tail      = "github.com/nxadm/tail"
	goPretty  = "github.com/jedib0t/go-pretty/v6"
	module    = "hangup/"
)

// TestArrows reads every Go file of the module and checks its imports. It parses the files instead of asking the go
// command, so that the test cache knows which files it depends on.
func TestArrows(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, file := range goFiles(t, "../..") {
		dir, test := path.Dir(file), strings.HasSuffix(file, "_test.go")
		seen[dir] = true
		if _, known := arrows[dir]; !known {
			t.Errorf("%s: package %s is not in the list of this test: say in it what the package may import", file, dir)
			continue
		}
		for _, imported := range imports(t, filepath.Join("../..", file)) {
			if reason := refuse(dir, imported, test); reason != "" {
				t.Errorf("%s imports %q: %s", file, imported, reason)
			}
			if dir == "parser" && imported == "sync" && !test {
				for _, name := range uses(t, filepath.Join("../..", file), "sync") {
					if name != "OnceValue" && name != "OnceValues" {
						t.Errorf("%s uses sync.%s: the parser makes constants when they are first asked for, and locks nothing", file, name)
					}
				}
			}
		}
	}
	for _, dir := range []string{"event", "parser", "ingest", "store", "jobs", "api", "web", "migrations", "cmd/hangup"} {
		if !seen[dir] {
			t.Errorf("package %s has no Go files", dir)
		}
	}
}

// uses lists what a file takes of a package.
func uses(t *testing.T, file, pkg string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == pkg {
				names = append(names, s.Sel.Name)
			}
		}
		return true
	})
	return names
}

// refuse says why a file in dir may not import a path, or "".
func refuse(dir, imported string, test bool) string {
	ours, isOurs := strings.CutPrefix(imported, module)
	if !isOurs && !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") { // standard library
		if !test && slices.Contains(never[dir], imported) {
			return "package " + dir + " does no I/O and starts no goroutine, whoever calls it does"
		}
		return ""
	}
	if test && (ours == dir || strings.HasPrefix(imported, "github.com/google/go-cmp/")) {
		return ""
	}
	for name, who := range only {
		if within(imported, name) && !slices.Contains(who, dir) && (!test || !slices.Contains(testArrows[dir], name)) {
			return "only " + strings.Join(who, ", ") + " may import " + name
		}
	}
	allowed := arrows[dir]
	if test {
		allowed = slices.Concat(allowed, testArrows[dir])
	}
	for _, name := range allowed {
		if name == "*" || (isOurs && ours == name) || (!isOurs && within(imported, name)) {
			return ""
		}
	}
	if len(allowed) == 0 {
		return "package " + dir + " may import the standard library only"
	}
	return "package " + dir + " may import the standard library and " + strings.Join(allowed, ", ") + " only"
}

// within says whether a package belongs to a module.
func within(pkg, mod string) bool { return pkg == mod || strings.HasPrefix(pkg, mod+"/") }

// goFiles returns the slash-separated paths, relative to root, of the module's Go files.
func goFiles(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (slices.Contains([]string{"node_modules", "testdata", "vendor", "tools"}, d.Name()) ||
			strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") && d.Type().IsRegular() {
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			files = append(files, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func imports(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}

// TestRefuse shows that the check finds what it is for.
func TestRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dir, imported string
		test, allowed bool
	}{
		{"parser", "hangup/event", false, true},
		{"parser", "strings", false, true},
		{"parser", "os", false, false},
		{"parser", "os", true, true},
		{"parser", "hangup/store", false, false},
		{"event", "hangup/parser", false, false},
		{"ingest", "hangup/store", false, false},
		{"ingest", "hangup/store", true, true},
		{"ingest", tail + "/watch", false, true},
		{"api", tail, false, false},
		{"api", pgxModule + "/pgxpool", false, false},
		{"api", pgxModule + "/pgxpool", true, true},
		{"web", echo, false, false},
		{"store", pgxModule + "/pgxpool", false, true},
		{"store", "hangup/store/storetest", false, false},
		{"store", "hangup/store/storetest", true, true},
		{"cmd/hangup", "hangup/store", false, true},
		{"cmd/hangup", "github.com/alecthomas/kong", false, true},
		{"cmd/hangup", gocron, false, false},
		{"web", "github.com/google/go-cmp/cmp", true, true},
	} {
		reason := refuse(c.dir, c.imported, c.test)
		if (reason == "") != c.allowed {
			t.Errorf("refuse(%q, %q, test %v) = %q, want allowed %v", c.dir, c.imported, c.test, reason, c.allowed)
		}
	}
}
