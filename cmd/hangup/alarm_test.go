package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hangup/api"
	"hangup/store/storetest"
)

// TestAlarm changes the format of logs while they are followed. Where the format is given, and where none is known, the
// source is shown as degraded until lines are understood again; where it is detected, no line is lost.
func TestAlarm(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := []string{"given.log", "detected.log", "strange.log"}
	var config strings.Builder
	config.WriteString("sources:\n")
	for _, n := range names {
		fmt.Fprintf(&config, "  - path: %s\n", filepath.Join(dir, n))
		if n == "given.log" {
			config.WriteString("    format: nginx-combined\n")
		}
	}
	file := filepath.Join(dir, "hangup.yaml")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	n := 0
	write := func(name string, lines int, more string) {
		t.Helper()
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for range lines {
			n++
			if more == "?" {
				fmt.Fprintf(&b, "%d|/n/%d|done|<b>\n", n, n)
				continue
			}
			fmt.Fprintf(&b, "203.0.113.9 - - [23/Nov/2026:10:00:%02d +0000] \"GET /n/%d HTTP/1.1\" 200 5 \"-\" \"curl/8\"%s\n", n%60, n, more)
		}
		if _, err := f.WriteString(b.String()); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	const timed = ` "203.0.113.9" 0.250`
	for _, name := range names {
		write(name, 100, "")
	}
	p := startServe(t, storetest.URL(t), "--config", file)
	sources := func() map[string]api.Source {
		t.Helper()
		_, body := p.get("/api/v1/sources")
		var list api.SourceList
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		out := map[string]api.Source{}
		for _, s := range list.Items {
			out[filepath.Base(s.Path)] = s
		}
		return out
	}
	show := func() string {
		b, _ := json.Marshal(sources())
		return string(b) + "\n" + p.log.String()
	}
	until := func(what string, ok func(s map[string]api.Source) bool) map[string]api.Source {
		t.Helper()
		var s map[string]api.Source
		eventually(t, what, func() bool { s = sources(); return ok(s) }, show)
		return s
	}
	read := func(s api.Source, records int64) bool { return s.Records.Read == records && s.LagBytes == 0 }
	s := until("100 lines of each", func(s map[string]api.Source) bool {
		return read(s["given.log"], 100) && read(s["detected.log"], 100) && read(s["strange.log"], 100)
	})
	for _, name := range names {
		if v := s[name]; v.State != api.SourceStateReading || v.Alarm != nil || v.Records.Request != 100 || *v.Durations || len(v.Advice) == 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}

	write("given.log", 30, timed)
	write("detected.log", 100, timed)
	write("strange.log", 30, "?")
	s = until("two sources degraded", func(s map[string]api.Source) bool {
		return s["given.log"].Alarm != nil && s["strange.log"].Alarm != nil && read(s["detected.log"], 200)
	})
	if v := s["given.log"]; v.State != api.SourceStateDegraded || v.Alarm.Format == nil || *v.Alarm.Format != "nginx" || !strings.HasSuffix(*v.Alarm.Layout, "$request_time") {
		t.Errorf("the log whose format is given: %+v, %+v", v, v.Alarm)
	}
	if v := s["strange.log"]; v.State != api.SourceStateDegraded || v.Alarm.Format != nil || !strings.Contains(v.Alarm.Text, "no known format fits") {
		t.Errorf("the log of no format: %+v, %+v", v, v.Alarm)
	}
	if v := s["detected.log"]; v.State != api.SourceStateReading || v.Alarm != nil || v.Records.Request != 200 || v.Records.Unparsed != 0 || !*v.Durations {
		t.Errorf("the log whose format is detected: %+v, %+v", v, v.Alarm)
	}
	until("all lines read", func(s map[string]api.Source) bool { return read(s["given.log"], 130) && read(s["strange.log"], 130) })
	_, metrics := p.get("/metrics")
	ones := 0
	for l := range strings.Lines(metrics) {
		if strings.HasPrefix(l, "hangup_source_degraded{") && strings.HasSuffix(l, " 1\n") {
			ones++
		}
	}
	if ones != 2 {
		t.Errorf("%d sources are degraded by the metrics", ones)
	}
	_, body := p.get("/api/v1/summary?from=2026-11-23T09:00:00Z&to=2026-11-23T11:00:00Z")
	var sum api.Summary
	if err := json.Unmarshal([]byte(body), &sum); err != nil || sum.Sources.Degraded != 2 || sum.Requests != 400 {
		t.Errorf("%v, the summary says %s", err, body)
	}
	if n := strings.Count(p.log.String(), "lines are not understood any more"); n != 2 {
		t.Errorf("the log tells of it %d times:\n%s", n, p.log)
	}

	write("given.log", 20, "")
	write("strange.log", 20, "")
	s = until("the alarms are over", func(s map[string]api.Source) bool {
		return s["given.log"].Alarm == nil && s["strange.log"].Alarm == nil && read(s["given.log"], 150) && read(s["strange.log"], 150)
	})
	for name, unparsed := range map[string]int64{"given.log": 30, "strange.log": 30} {
		if v := s[name]; v.State != api.SourceStateReading || v.Records.Unparsed != unparsed || v.Records.Request != 120 {
			t.Errorf("%s: %+v", name, v)
		}
	}
	p.stop()
}
