package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// hostile writes logs.
type hostile struct {
	t     *testing.T
	seed  uint64
	dir   string
	sizes hostileSizes
	began time.Time
}

// written is what a log holds, and what is to be stored of it.
type written struct {
	bytes, oversize int64
	records         int64 // requests and hang-ups; -1 when nobody knows
}

// configure writes a configuration of the logs of services.
func (h *hostile) configure(services map[string][]string) string {
	var b strings.Builder
	b.WriteString("sources:\n")
	for service, logs := range services {
		for _, log := range logs {
			fmt.Fprintf(&b, "  - path: %s\n    service: %s\n", filepath.Join(h.dir, log), service)
		}
	}
	path := filepath.Join(h.dir, "hangup.yaml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// write appends what f writes to a log.
func (h *hostile) write(name string, f func(w *bufio.Writer)) (n int64) {
	h.t.Helper()
	file, err := os.OpenFile(filepath.Join(h.dir, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		h.t.Fatal(err)
	}
	w := bufio.NewWriterSize(file, 1<<20)
	f(w)
	if err := w.Flush(); err != nil {
		h.t.Fatal(err)
	}
	st, err := file.Stat()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		h.t.Fatal(err)
	}
	return st.Size()
}

const logTime = "02/Jan/2006:15:04:05 -0700"

// lines appends ordinary lines, all of them hang-ups.
func (h *hostile) lines(name string, n int) {
	h.write(name, func(w *bufio.Writer) {
		for i := range n {
			_, _ = fmt.Fprintf(w, "203.0.113.9 - - [%s] \"GET /beside/%d HTTP/1.1\" 499 0 \"-\" \"curl/8.5.0\"\n", h.began.Format(logTime), i)
		}
	})
}

// long writes a line that is too long between ordinary ones.
func (h *hostile) long(name string) written {
	h.lines(name, 10)
	h.write(name, func(w *bufio.Writer) {
		blank(w, h.sizes.line)
		_ = w.WriteByte('\n')
	})
	h.lines(name, 9)
	return written{h.write(name, func(*bufio.Writer) {}), h.sizes.line + 1, 19}
}

// endless writes a line without an end, in pieces, to a log that is followed, while its reader waits for the database; then
// the line ends.
func (h *hostile) endless(db *server, p *process, name string) written {
	h.t.Helper()
	h.lines(name, 10)
	h.read(db, p, name, written{h.write(name, func(*bufio.Writer) {}), 0, 10})
	err := pgx.BeginFunc(h.t.Context(), db.conn(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(h.t.Context(), `LOCK TABLE generation IN SHARE MODE`); err != nil {
			return err
		}
		h.lines(name, 1)
		pause(h.t.Context(), time.Second)
		for n := h.sizes.endless; n > 0; n -= 1 << 20 {
			h.write(name, func(w *bufio.Writer) { blank(w, min(n, 1<<20)) })
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(name, func(w *bufio.Writer) { _ = w.WriteByte('\n') })
	h.lines(name, 9)
	return written{h.write(name, func(*bufio.Writer) {}), h.sizes.endless + 1, 20}
}

// blank writes n times the same character.
func blank(w io.Writer, n int64) {
	_, _ = io.CopyN(w, same('x'), n)
}

// same reads as one byte again and again.
type same byte

func (s same) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s)
	}
	return len(p), nil
}

// garbage writes random bytes.
func (h *hostile) garbage(name string) written {
	var key [32]byte
	key[0] = byte(h.seed)
	n := h.write(name, func(w *bufio.Writer) {
		_, _ = io.CopyN(w, rand.NewChaCha8(key), h.sizes.garbage)
		_ = w.WriteByte('\n')
	})
	return written{n, -1, -1}
}

// ordinary writes as many lines as a flood has, of 40 paths and 200 clients.
func (h *hostile) ordinary(name string) written {
	agents := []string{"curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Go-http-client/2.0", "okhttp/4.12.0"}
	return h.requests(name, h.began.Add(-10*time.Minute), func(i int) (string, string, string) {
		return fmt.Sprintf("203.0.113.%d", i%200), fmt.Sprintf("/shop/%s/%d", word(i%40), i), agents[i%len(agents)]
	})
}

// flood writes lines in which everything differs. Paths differ at each of three places.
func (h *hostile) flood(name string, from time.Time) written {
	return h.requests(name, from, func(i int) (string, string, string) {
		client := fmt.Sprintf("2001:db8:%x:%x::1", i>>16, i&0xffff)
		if i%2 == 0 {
			client = fmt.Sprintf("%d.%d.%d.7", 11+i>>16, i>>8&255, i&255)
		}
		agent := fmt.Sprintf("%s/1.0 (%d)", word(i), i)
		if i%3 == 0 {
			agent = fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.0", i, i)
		}
		return client, "/" + word(i%60) + "/" + word(i/60%60) + "/" + word(i), agent
	})
}

// requests writes the lines of ten minutes; every hundredth is a hang-up.
func (h *hostile) requests(name string, from time.Time, of func(i int) (client, path, agent string)) written {
	n := h.sizes.lines
	size := h.write(name, func(w *bufio.Writer) {
		for i := range n {
			status := 200
			if i%100 == 99 {
				status = 499
			}
			client, path, agent := of(i)
			at := from.Add(10 * time.Minute * time.Duration(i) / time.Duration(n))
			_, _ = fmt.Fprintf(w, "%s - - [%s] \"GET %s HTTP/1.1\" %d 512 \"-\" \"%s\" rt=%d.%03d urt=\"0.012\" rid=%032x\n",
				client, at.Format(logTime), path, status, agent, i%3, i%1000, uint64(i)*0x9e3779b97f4a7c15)
		}
	})
	return written{size, 0, int64(n)}
}

// word spells a number in letters.
func word(n int) string {
	var b []byte
	for ; n >= 0; n = n/26 - 1 {
		b = append(b, byte('a'+n%26))
	}
	return string(b) + "x"
}
