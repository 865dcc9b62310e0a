package parser

import (
	"strings"
	"testing"
	"time"

	"hangup/event"
)

// stackHeads are first lines of the formats that read stack traces, to which hostile texts are put.
var stackHeads = map[string][]string{
	"spring-boot":        {javaHeadLine, javaHeadLine + "x\njava.io.IOException: ", "2026-11-22 10:00:01,000 [", "10:00:00.123 ["},
	"tomcat-catalina":    {"22-Nov-2026 10:00:00.130 INFO [main] a.B.c ", "22-Nov-2026 10:00:00.130 INFO [", "Nov 23, 2026 7:15:27 AM a.B c\nINFO: ", "java.io.IOException: "},
	"jetty-stderr":       {"2026-11-23 07:15:26.623:INFO:oejs.Server:main: ", "2026-11-23 07:15:26.623:INFO:"},
	"netty-undertow":     {"2026-11-22 10:00:02,000 [r-1] WARN  c.e.X - [id: 0x1, L:/", "2026-11-22 10:00:02,000 [r-1] WARN  c.e.X - [id: 0x1, L:/1.2.3.4:5 - R:"},
	"node-stderr":        {"2026-11-23T07:10:02.823Z ", "Error: ", "Error: a\n    at ", "[Nest] 1  - ", "(node:"},
	"aspnetcore-console": {"info: A.B[1]\n      ", "[13:17:38 ERR] ", "2020-09-22 23:35:16.5956|", "System.IO.IOException: ", "info: A.B[1]\n      Request finished "},
	"rust":               {"2026-11-22T10:00:03.000000Z ERROR ", "2026-11-22T10:00:03.000000Z ERROR a::b: ", "[2026-11-22T10:00:00Z ERROR ", "error("},
	"erlang-cowboy":      {"=ERROR REPORT==== 25-Mar-2015::11:26:18 ===\n", "2014-09-11 00:00:27.304 [error] <0.1.0> ", "10:00:00.123 "},
}

// stackUnits are repeated behind them.
var stackUnits = []string{
	"Exception", "a.Exception: ", "java.io.IOException: Broken pipe ", ": ", "lient ", "client x ", " ---> A.B.Exception: ", "{error,closed}", "{closed,[{", "{error,", ",[{",
	"L:/1.2.3.4:5 - R:", " R:/", "http://", "(os error ", "(os error 32) ", "BrokenPipe", "a{", "a::", "a{b}:", "[", "{", "(", "]", "|", "ECONNRESET ", "socket hang up\" ", "request aborted\"",
	"\x1b[1m", "\x1b", " for HTTP ", " request [/", "Caused by: ", "=", "a=b ", " - ", "at ", "\n", "\n ", "\n\tat a.b(c)\n", "\nCaused by: a.B.Exception: x\n\tat a.b(c)", "\n\tSuppressed: a.BException\n",
	"\nWrapped by: a.b.CException: Broken pipe\n\tat a.b(c)", "\n  [cause]: Error: x {\n", "\n    at a (b:1:2)", "\n ---> A.BException: x\n   at A.B()", "\n** (", "\n\n=ERROR REPORT==== 25-Mar-2015::11:26:18 ===\n",
}

// TestStackHostile reads texts on which a reader of traces may stumble: the promises of Parser hold, and a megabyte
// takes no time squared.
func TestStackHostile(t *testing.T) {
	t.Parallel()
	for format, heads := range stackHeads {
		for _, head := range heads {
			for _, unit := range stackUnits {
				check(t, Options{Format: format}, []byte(head+strings.Repeat(unit, 800/len(unit))))
			}
		}
	}
}

// BenchmarkStackHostile reads a megabyte of each that makes one line.
func BenchmarkStackHostile(b *testing.B) {
	for b.Loop() {
		worst, at := time.Duration(0), ""
		for format, heads := range stackHeads {
			for _, head := range heads {
				for _, unit := range stackUnits {
					if strings.Contains(unit, "\n") {
						continue
					}
					log := []byte(head + strings.Repeat(unit, (MaxLine-200)/len(unit)))
					p, err := New(Options{Format: format})
					if err != nil {
						b.Fatal(err)
					}
					start := b.Elapsed()
					feed(p, log, func(*event.Record) {})
					if d := b.Elapsed() - start; d > worst {
						worst, at = d, format+": "+head+" "+unit
					}
				}
			}
		}
		b.ReportMetric(float64(worst.Milliseconds()), "worst-ms")
		b.Logf("worst: %q", at)
	}
}
