package parser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/valyala/fastjson"
)

func TestJSONFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line, want string // key=value, joined by blanks; "" when it is no object
	}{
		{`{}`, `{}`},
		{` { } `, `{}`},
		{`{"a":1,"b":"x","c":true,"d":null,"e":-1.5e3}`, `a=1 b=x c=true d= e=-1.5e3`},
		{"{ \"a\" :\t1 , \"b\":{ \"c\" : \"x\" , \"d\":{} } } ", `a=1 b.c=x`},
		{`{"a":{"b":{"c":"x"}},"a.b":"y"}`, `a.b.c=x a.b=y`},
		{`{"h":["x","y"],"n":[1],"o":[{"a":1}],"e":[],"l":[["x"]]}`, `h=x n=1 o= e= l=`},
		{`{"a":"q\"uote\\","b\"c":"é\u00e9\n"}`, "a=q\"uote\\ b\"c=éé\n"},
		{`{"a":"}{][","b":{"c":"}"}}`, `a=}{][ b.c=}`},
		{``, ``},
		{`[]`, ``},
		{`{`, ``},
		{`{"a"}`, ``},
		{`{"a":}`, ``},
		{`{"a":1,}`, ``},
		{`{"a":1}}`, ``},
		{`{"a":1} x`, ``},
		{`{"a":x}`, ``},
		{`{"a":"x}`, ``},
		{`{"a":"x\"}`, ``},
		{`{a:1}`, ``},
		{`{"a":1 "b":2}`, ``},
		{`{"a":[1}`, ``},
		{`{"a":-}`, ``},
		{`{"a":truex}`, ``},
		{`"a":1`, ``},
		{`{"a":{"b":1}`, ``},
	}
	var j jsonScanner
	for range 2 { // the second time the keys are known
		for _, tt := range tests {
			var got []string
			ok := j.fields(tt.line, func(key string, v jsonValue) { got = append(got, key+"="+v.String()) })
			want := tt.want
			if want == "{}" {
				want = ""
			}
			if ok != (tt.want != "") || ok && strings.Join(got, " ") != want {
				t.Errorf("%s: %v %q, want %q", tt.line, ok, got, tt.want)
			}
		}
	}
	n := 0
	if !jsonFields(`{"a":{"b":"x"}}`, func(key, value string) { n++ }) || n != 1 {
		t.Errorf("jsonFields gave %d fields", n)
	}
}

func TestJSONTable(t *testing.T) {
	t.Parallel()
	j := newJSONScanner(newJSONTable(map[string]uint8{"log.level": 1, "lvl": 1, "request.headers.User-Agent": 2, "url": 3, "url.host": 4}))
	tests := []struct {
		line string
		want [5]string
	}{
		{`{"log.level":"INFO","log":{"level":"WARN"}}`, [5]string{1: "INFO"}},
		{`{"log":{"level":""},"lvl":null,"log.level":"WARN"}`, [5]string{1: "WARN"}},
		{`{"request":{"headers":{"Accept":["*/*"],"User-Agent":["curl"]}},"url":"http://x"}`, [5]string{2: "curl", 3: "http://x"}},
		{`{"request.headers":{"User-Agent":["curl"]},"url":{"host":"h"}}`, [5]string{2: "curl", 4: "h"}},
		{`{"request":{"headers.User-Agent":"curl"},"x":{"url":"http://x"}}`, [5]string{2: "curl"}},
		{`{"u\u0072l":"http:\/\/x"}`, [5]string{3: "http://x"}},
	}
	for range 2 {
		for _, tt := range tests {
			if !j.scan(tt.line) {
				t.Errorf("%s: no object", tt.line)
			}
			for id, want := range tt.want {
				if got := j.get(uint8(id)); got != want {
					t.Errorf("%s: place %d is %q, want %q", tt.line, id, got, want)
				}
			}
		}
	}
}

// TestJSONBounds reads logs whose keys never come again: what is remembered stays bounded.
func TestJSONBounds(t *testing.T) {
	t.Parallel()
	j := newJSONScanner(newJSONTable(map[string]uint8{"status": 1}))
	most := 0
	for i := range 3000 {
		line := fmt.Sprintf(`{"k%d":1,"headers":{"h%d":"x"},"status":%d}`, i, i, 200+i%300)
		if !j.scan(line) || j.get(1) != fmt.Sprint(200+i%300) {
			t.Fatalf("%s: %q", line, j.get(1))
		}
		most = max(most, j.keys)
	}
	if most > jsonMaxKeys+8 {
		t.Errorf("%d keys", most)
	}
	deep := strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)
	if !j.fields(deep, func(string, jsonValue) {}) || !j.fields(`{"a":[`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)+`]}`, func(string, jsonValue) {}) {
		t.Error("deep values are refused")
	}
}

// TestJSONAllocations holds that known keys cost no memory.
func TestJSONAllocations(t *testing.T) {
	j := newJSONScanner(newJSONTable(map[string]uint8{"status": 1, "request.uri": 2}))
	a := `{"level":"info","request":{"method":"GET","uri":"/a","headers":{"A":["b"]}},"status":200}`
	b := `{"status":200,"extra":{"x":[1,2]},"request":{"uri":"/b"}}`
	n := testing.AllocsPerRun(100, func() {
		for _, line := range []string{a, b} {
			if !j.scan(line) || j.get(1) != "200" || j.get(2) == "" {
				t.Error(line)
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// jsonOracle reads an object by fastjson, as keys and texts.
func jsonOracle(line []byte) (map[string]string, bool) {
	v, err := fastjson.ParseBytes(line)
	if err != nil || v.Type() != fastjson.TypeObject {
		return nil, false
	}
	all := map[string]string{}
	var walk func(prefix string, o *fastjson.Object)
	walk = func(prefix string, o *fastjson.Object) {
		o.Visit(func(k []byte, v *fastjson.Value) {
			key := prefix + string(k)
			switch v.Type() {
			case fastjson.TypeObject:
				walk(key+".", v.GetObject())
			case fastjson.TypeArray:
			case fastjson.TypeString:
				all[key] = string(v.GetStringBytes())
			case fastjson.TypeNull:
				all[key] = ""
			default:
				all[key] = v.String()
			}
		})
	}
	walk("", v.GetObject())
	return all, true
}

// TestJSONOracle reads all JSON lines of testdata by fastjson too.
func TestJSONOracle(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.log")
	if err != nil {
		t.Fatal(err)
	}
	var j jsonScanner
	lines := 0
	for _, file := range files {
		for line := range bytes.Lines(readFile(t, file)) {
			line = bytes.TrimSpace(line)
			want, ok := jsonOracle(line)
			if !ok {
				continue
			}
			lines++
			got := map[string]string{}
			if !j.fields(string(line), func(key string, v jsonValue) {
				if v.kind != jsonArray {
					got[key] = v.String()
				}
			}) {
				t.Errorf("%s: no object", line)
			}
			for key, w := range want {
				if got[key] != w {
					t.Errorf("%s: %s is %q, want %q", line, key, got[key], w)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s: %d keys, want %d", line, len(got), len(want))
			}
		}
	}
	if lines < 5 {
		t.Errorf("only %d lines", lines)
	}
}

// FuzzJSON holds that what encoding/json takes for an object is read, and that nothing breaks the scanner.
func FuzzJSON(f *testing.F) {
	b, err := os.ReadFile("testdata/nginx-json.log")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		f.Add(line)
	}
	for _, s := range hostile(200) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		j := newJSONScanner(newJSONTable(map[string]uint8{"status": 1, "a.b": 2}))
		a := j.scan(string(line))
		status := j.get(1)
		if b := j.scan(string(line)); a != b || j.get(1) != status {
			t.Fatalf("%q: %v and %v, %q and %q", line, a, b, status, j.get(1))
		}
		var all map[string]any
		if json.Unmarshal(line, &all) == nil && all != nil && !a {
			t.Fatalf("%q is refused", line)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	line := `{"time":"2026-11-22T10:00:00+00:00","remote_addr":"203.0.113.40","request_method":"GET","request_uri":"/a/b?x=1","server_protocol":"HTTP/1.1","http_host":"shop.example","status":"499","body_bytes_sent":"0","request_time":"30.000","upstream_addr":"10.0.0.5:8080","upstream_response_time":"30.000","upstream_status":"-","http_user_agent":"curl/8.5.0","http_referer":"","request_id":"aa11bb22cc33dd44ee55ff6677889900"}`
	b.Run("table", func(b *testing.B) {
		j := newJSONScanner(nginxJSONKeys)
		b.SetBytes(int64(len(line)))
		b.ReportAllocs()
		for b.Loop() {
			if !j.scan(line) {
				b.Fatal()
			}
		}
	})
	b.Run("fields", func(b *testing.B) {
		var j jsonScanner
		n := 0
		visit := func(string, jsonValue) { n++ }
		b.SetBytes(int64(len(line)))
		b.ReportAllocs()
		for b.Loop() {
			if !j.fields(line, visit) {
				b.Fatal()
			}
		}
	})
}
