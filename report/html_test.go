package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hangup/answer"
	"hangup/report"
)

// of reports on files, with so many routes and clients.
func of(t *testing.T, top int, files ...string) *report.Report {
	t.Helper()
	sets, err := report.Sets(files)
	check(t, err)
	r, err := report.Run(t.Context(), report.Options{Sets: sets, Top: top})
	check(t, err)
	return r
}

// evening reports on the logs of an evening, whose hang-ups are several parties'.
func evening(t *testing.T, top int) *report.Report {
	t.Helper()
	files, err := filepath.Glob("testdata/evening/*.gz")
	if err != nil || len(files) == 0 {
		t.Fatal("no logs", err)
	}
	return of(t, top, files...)
}

// hours reports on a log of three hours in which clients give up after 2 s.
func hours(t *testing.T) *report.Report {
	t.Helper()
	var log strings.Builder
	for i := range 720 {
		path, status, took := fmt.Sprintf("/item/%d", i%9), 200, 0.02+float64(i%50)/1000
		if i%5 == 0 {
			path = "/export"
		}
		if i%10 == 0 && i > 360 {
			status, took = 499, 2.001
		}
		_, _ = fmt.Fprintf(&log, "192.0.2.%d - - [10/Mar/2026:%02d:%02d:%02d +0000] \"GET %s HTTP/1.1\" %d 5 \"-\" \"curl/8\" rt=%.3f "+
			"uct=\"0.001\" uht=\"-\" urt=\"%.3f\" us=\"-\" ua=\"10.0.0.5:8080\" rid=%032x\n", i%30, 12+i/240, i/4%60, i%4*15, path, status, took, took, i)
	}
	name := filepath.Join(t.TempDir(), "access.log")
	check(t, os.WriteFile(name, []byte(log.String()), 0o600))
	return of(t, 100, name)
}

// hostile texts, as whoever sends requests may have a log say them.
var hostile = []string{
	`/<script>alert(1)</script>`, `/'><img/src=x/onerror=alert(2)>`, "/`**x**`|[x](javascript:alert(3))", `/&lt;b&gt;`, `/</style><b>`, `/</title><b>`,
	`/{{.Style}}`, "/a\u202efdp.exe", "/\x1b[31mred", "/@everyone", `/https://evil.example/#1`, "/a\\|b", `/**b**_i_~~s~~`, "/\xff\u2066\u200b",
}

func hostileReport(t *testing.T) *report.Report {
	t.Helper()
	var log strings.Builder
	for i, path := range hostile {
		n := 40
		if strings.Contains(path, "`") {
			n = 80 // the verdict names it
		}
		for range n {
			_, _ = fmt.Fprintf(&log, "203.0.113.%d - - [10/Mar/2026:12:%02d:00 +0000] \"GET %s HTTP/1.1\" 499 0 \"-\" \"%s\"\n", i, i, path, strings.TrimPrefix(path, "/"))
		}
	}
	log.WriteString("<img src=x onerror=alert(4)> `@team` | is no line\n\x1b]0;owned\a nor is <b>this</b>\n")
	name := filepath.Join(t.TempDir(), "<b>`|@team.log")
	check(t, os.WriteFile(name, []byte(log.String()), 0o600))
	return of(t, 100, name)
}

func page(t *testing.T, r *report.Report) string {
	t.Helper()
	var out bytes.Buffer
	check(t, r.WriteHTML(&out))
	return out.String()
}

// TestHTMLStandsAlone holds the page to: closed tags, tables and charts that can be read aloud, and nothing that runs or is
// fetched; whatever is in the logs, and whichever part of an answer there is.
func TestHTMLStandsAlone(t *testing.T) {
	t.Parallel()
	line := func(status int, path string) string {
		return fmt.Sprintf("192.0.2.1 - - [10/Mar/2026:12:00:00 +0000] \"GET %s HTTP/1.1\" %d 5 \"-\" \"curl/8\"\n", path, status)
	}
	write := func(text string) *report.Report {
		name := filepath.Join(t.TempDir(), "access.log")
		check(t, os.WriteFile(name, []byte(text), 0o600))
		return of(t, 100, name)
	}
	for name, r := range map[string]*report.Report{
		"evening": evening(t, 100), "hours": hours(t), "hostile": hostileReport(t), "no hang-up": write(line(200, "/a")), "one": write(line(499, "/a")),
		"only reports": of(t, 10, "testdata/evening/nginx-error.log.gz"), "nothing": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := page(t, r)
			closed(t, text)
			inert(t, text)
			readable(t, text)
		})
	}
}

// void are the elements without an end.
var void = []string{"meta", "br"}

// closed sees that what is opened is closed, in order.
func closed(t *testing.T, text string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(text))
	var open []string
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			if !errors.Is(z.Err(), io.EOF) || len(open) > 0 {
				t.Error(z.Err(), "open:", open)
			}
			return
		}
		n, _ := z.TagName()
		name := string(n)
		if kind == html.StartTagToken && !slices.Contains(void, name) {
			open = append(open, name)
		}
		if kind == html.EndTagToken {
			if len(open) == 0 || open[len(open)-1] != name {
				t.Fatalf("</%s> in %v", name, open)
			}
			open = open[:len(open)-1]
		}
	}
}

// elements and attributes that the page is made of.
var (
	elements = strings.Fields(`html head meta title style body header main footer section div p h1 h2 h3 span b small bdi br code dl dt dd ul li
		table caption thead tbody tfoot tr th td details summary svg g rect path line text desc`)
	attributes = strings.Fields(`lang charset http-equiv content name class id role scope aria-label aria-labelledby aria-hidden data-label
		width height viewbox preserveaspectratio overflow pointer-events d fill stroke stroke-width stroke-linecap stroke-dasharray
		x x1 x2 y y1 y2 dx dy rx text-anchor`)
)

// inert sees that nothing but these is there: no script, link, picture, address, handler or style of an element.
func inert(t *testing.T, text string) {
	t.Helper()
	for n := range parse(t, text).Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if !slices.Contains(elements, n.Data) {
			t.Errorf("<%s> is in the page", n.Data)
		}
		for _, a := range n.Attr {
			if !slices.Contains(attributes, strings.ToLower(a.Key)) || strings.Contains(a.Val, ":") && a.Key != "content" && n.Data != "meta" {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "style" && strings.ContainsAny(n.FirstChild.Data, "<\\") || n.Data == "style" && regexp.MustCompile(`url\(|@import`).MatchString(n.FirstChild.Data) {
			t.Error("the style fetches")
		}
	}
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%U is in the page", r)
		}
	}
	if !strings.Contains(text, `content="default-src 'none'; style-src 'sha256-`) {
		t.Error("there is no policy")
	}
}

// readable sees that tables have captions and heads, pictures texts, and that what is referred to is there once.
func readable(t *testing.T, text string) {
	t.Helper()
	ids := map[string]int{}
	var refs []string
	for n := range parse(t, text).Descendants() {
		has := func(name string) bool {
			for c := range n.ChildNodes() {
				if c.Data == name && c.FirstChild != nil {
					return true
				}
			}
			return false
		}
		if id := attr(n, "id"); id != "" {
			ids[id]++
		}
		refs = append(refs, strings.Fields(attr(n, "aria-labelledby"))...)
		switch {
		case n.Data == "table" && !has("caption"), n.Data == "th" && attr(n, "scope") == "",
			n.Data == "svg" && attr(n, "role") == "img" && !(has("title") && has("desc")),
			n.Data == "svg" && attr(n, "role") != "img" && attr(n, "aria-hidden") == "" && attr(n, "viewBox") == "":
			t.Errorf("<%s %v> says too little", n.Data, n.Attr)
		}
	}
	for id, n := range ids {
		if n != 1 {
			t.Errorf("id %s is there %d times", id, n)
		}
	}
	for _, id := range refs {
		if ids[id] == 0 {
			t.Errorf("id %s is not there", id)
		}
	}
}

// TestHTMLEqualsJSON compares every figure of the page's tables with the JSON report's.
func TestHTMLEqualsJSON(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*report.Report{"evening": evening(t, 100), "hours": hours(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			equalsJSON(t, r)
		})
	}
}

func equalsJSON(t *testing.T, r *report.Report) {
	t.Helper()
	var out bytes.Buffer
	check(t, r.WriteJSON(&out))
	var want struct {
		Requests, Disconnects int64
		By                    map[string]int64 `json:"by_party"`
		Series                []struct{ Requests, Disconnects int64 }
		Ages                  []struct{ Abandoned, Completed int64 }
		Routes                []struct {
			Method, Template      string
			Requests, Disconnects int64
			Rate                  *float64
			By                    map[string]int64 `json:"by_party"`
		}
		Clients []struct {
			Client, Scope         string
			Requests, Disconnects int64
		} `json:"top_clients"`
		Agents []struct {
			Family, Class         string
			Requests, Disconnects int64
			By                    map[string]int64 `json:"by_party"`
		}
		Sources []struct {
			Files   []string
			Format  string
			Records struct{ Read, Request, Disconnect, Other, Unparsed, Skipped int64 }
		}
	}
	check(t, json.Unmarshal(out.Bytes(), &want))
	tables := map[string][][]string{}
	add := func(table string, cells ...any) {
		var row []string
		for _, c := range cells {
			if n, ok := c.(int64); ok {
				c = answer.Thousands(n)
			}
			row = append(row, fmt.Sprint(c))
		}
		tables[table] = append(tables[table], row)
	}
	for _, v := range want.Series {
		if len(want.Series) == 1 {
			break // no chart
		}
		add("Hang-ups over time", v.Requests, v.Disconnects)
	}
	for _, v := range want.Ages {
		add("Time to hang-up and to answer", v.Abandoned, v.Completed)
	}
	for _, v := range want.Routes {
		rate := "–"
		if v.Rate != nil && *v.Rate <= 1 {
			rate = answer.Percent(*v.Rate)
		}
		add("Routes", strings.TrimSpace(v.Method+" "+v.Template), v.Requests, v.Disconnects, rate, len(v.By))
	}
	for _, v := range want.Clients {
		add("Clients", v.Client, v.Requests, v.Disconnects)
	}
	for _, v := range want.Agents {
		add("User agents", v.Family, v.Class, v.Requests, v.Disconnects, len(v.By))
	}
	for _, v := range want.Sources {
		c := v.Records
		add("What was read", v.Files[0], v.Format, c.Read, c.Request, c.Disconnect, c.Other, c.Unparsed, c.Skipped)
	}
	got := map[string][][]string{}
	columns := map[string][]int{ // of each table; -1 counts the lines of the last cell
		"Hang-ups over time": {1, 2}, "Time to hang-up and to answer": {1, 2}, "Routes": {0, 1, 2, 3, -1}, "Clients": {0, 1, 2},
		"User agents": {0, 1, 2, 3, -1}, "What was read": {0, 1, 2, 3, 4, 5, 6, 7},
	}
	root := parse(t, page(t, r))
	for _, table := range all(root, "table") {
		name := content(all(table, "caption")[0])
		for _, row := range all(all(table, "tbody")[0], "tr") {
			var cells []*html.Node
			for c := range row.ChildNodes() {
				if c.Data == "th" || c.Data == "td" {
					cells = append(cells, c)
				}
			}
			var line []string
			for _, i := range columns[name] {
				if i < 0 {
					line = append(line, fmt.Sprint(len(all(cells[len(cells)-1], "br"))))
				} else {
					line = append(line, content(cells[i]))
				}
			}
			got[name] = append(got[name], line)
		}
	}
	if diff := cmp.Diff(tables, got); diff != "" {
		t.Errorf("the page's figures are not the JSON's (-JSON +page):\n%s", diff)
	}
	figures := map[string]string{}
	for _, d := range all(all(root, "dl")[0], "div") {
		figures[content(all(d, "dt")[0])] = content(all(d, "b")[0])
	}
	for name, n := range map[string]int64{"Requests": want.Requests, "Hang-ups": want.Disconnects} {
		if figures[name] != answer.Thousands(n) {
			t.Errorf("%s: %s, want %d", name, figures[name], n)
		}
	}
	who := map[string]string{}
	for _, li := range all(all(root, "ul")[0], "li") {
		spans := all(li, "span")
		who[content(spans[1])] = content(spans[2])
	}
	for k, n := range want.By {
		if who[k] != answer.Thousands(n) || len(who) != len(want.By) {
			t.Errorf("who: %v, want %v", who, want.By)
		}
	}
}

// TestHTMLShowsHostileText sees that hostile text is there to be read.
func TestHTMLShowsHostileText(t *testing.T) {
	t.Parallel()
	var shown []string
	for _, n := range all(parse(t, page(t, hostileReport(t))), "bdi") {
		shown = append(shown, content(n))
	}
	for _, want := range []string{`/<script>alert(1)</script>`, `/a\u202efdp.exe`, `/\x1b[31mred`, `/{{.Style}}`} {
		if !slices.Contains(shown, want) {
			t.Errorf("%s is not shown", want)
		}
	}
}

// TestHTMLHasThePagesColours compares the colours with the dashboard's.
func TestHTMLHasThePagesColours(t *testing.T) {
	t.Parallel()
	read := func(name string) (light, dark map[string]string) {
		b, err := os.ReadFile(name)
		check(t, err)
		light, dark = map[string]string{}, map[string]string{}
		before, after, ok := strings.Cut(string(b), "prefers-color-scheme: dark")
		if !ok {
			t.Fatal(name, "has no dark colours")
		}
		after, _, _ = strings.Cut(after, "}\n}")
		variable := regexp.MustCompile(`(--[a-z-]+): (#[0-9a-f]{6});`)
		for _, m := range variable.FindAllStringSubmatch(before, -1) {
			light[m[1]] = m[2]
		}
		for _, m := range variable.FindAllStringSubmatch(after, -1) {
			dark[m[1]] = m[2]
		}
		return light, dark
	}
	light, dark := read("html.css")
	pageLight, pageDark := read("../web/src/style/base.css")
	if len(light) < 15 || len(dark) != len(light) {
		t.Errorf("%d light and %d dark colours", len(light), len(dark))
	}
	for k := range maps.Keys(light) {
		if light[k] != pageLight[k] || dark[k] != pageDark[k] {
			t.Errorf("%s is %s and %s, want %s and %s", k, light[k], dark[k], pageLight[k], pageDark[k])
		}
	}
}

func parse(t *testing.T, text string) *html.Node {
	t.Helper()
	n, err := html.Parse(strings.NewReader(text))
	check(t, err)
	return n
}

// all returns the elements of this name below n.
func all(n *html.Node, name string) []*html.Node {
	var out []*html.Node
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && c.Data == name {
			out = append(out, c)
		}
	}
	return out
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// content returns the text of an element without that of its small remarks.
func content(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var out strings.Builder
	for c := range n.ChildNodes() {
		if c.Data != "small" || c.Type != html.ElementNode {
			out.WriteString(content(c))
		}
	}
	return out.String()
}
