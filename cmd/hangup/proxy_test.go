package main

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"hangup/event"
)

// proxy stands between hangup and PostgreSQL and does what networks do to connections.
type proxy struct {
	t        *testing.T
	listener net.Listener
	server   string // its socket

	mu    sync.Mutex
	r     *rand.Rand
	fault fault
	hit   int // connections that met the fault
}

// fault is what happens to a connection.
type fault int

const (
	none       fault = iota
	lostAnswer       // the answer to a COMMIT that the server has carried out is lost: the connection is reset
	midCopy          // the connection is reset in the middle of the rows
	stillness        // nothing passes any more, and nobody says so: no FIN, no RST
)

// link is one connection through the proxy.
type link struct {
	client, server net.Conn
	losing         atomic.Bool // the next answer is lost
	silent         atomic.Bool // nothing passes, not even that the server hangs up
	stores         bool        // it is of those that store batches
}

func newProxy(t *testing.T, seed uint64, db *server) *proxy {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(db.URL())
	if err != nil {
		t.Fatal(err)
	}
	x := &proxy{t: t, listener: l, server: u.Query().Get("host") + "/.s.PGSQL." + u.Query().Get("port"), r: rand.New(rand.NewPCG(seed, 400))}
	var links sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		links.Wait()
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			links.Go(func() { x.serve(c) })
		}
	}()
	return x
}

// url is db's URL, through the proxy.
func (x *proxy) url(db *server) string {
	x.t.Helper()
	u, err := url.Parse(db.URL())
	if err != nil {
		x.t.Fatal(err)
	}
	q := u.Query()
	u.User = url.User(q.Get("user"))
	u.Host = x.listener.Addr().String()
	u.RawQuery = "sslmode=disable"
	return u.String()
}

// set makes connections meet a fault, and returns how many met the one before.
func (x *proxy) set(f fault) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := x.hit
	x.fault, x.hit = f, 0
	return n
}

// meets says whether a connection meets f now: one in three does.
func (x *proxy) meets(f fault) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fault != f || x.r.IntN(3) > 0 {
		return false
	}
	x.hit++
	return true
}

func (x *proxy) serve(c net.Conn) {
	s, err := net.DialTimeout("unix", x.server, 5*time.Second)
	if err != nil {
		_ = c.Close()
		return
	}
	k := &link{client: c, server: s}
	var both sync.WaitGroup
	both.Go(func() { k.answers() })
	if errors.Is(x.questions(k), errSilent) {
		_, _ = io.Copy(io.Discard, c) // until hangup gives up
	}
	_ = c.Close()
	_ = s.Close()
	both.Wait()
}

var errSilent = errors.New("nothing passes any more")

// questions passes on what hangup says, message by message.
func (x *proxy) questions(k *link) error {
	from := pgproto3.NewBackend(k.client, k.client)
	first, err := from.ReceiveStartupMessage()
	if err != nil {
		return err
	}
	if m, ok := first.(*pgproto3.StartupMessage); ok {
		k.stores = m.Parameters["application_name"] == "hangup ingest"
	}
	for m := first; ; {
		b, err := m.Encode(nil)
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *pgproto3.Query:
			if k.stores && m.String == "commit" && x.meets(lostAnswer) {
				k.losing.Store(true)
			}
			if k.stores && m.String == "commit" && x.meets(stillness) {
				k.silent.Store(true)
				return errSilent
			}
		case *pgproto3.CopyData:
			if k.stores && x.meets(midCopy) {
				_, _ = k.server.Write(b[:len(b)/2])
				return io.ErrUnexpectedEOF
			}
		}
		if _, err := k.server.Write(b); err != nil {
			return err
		}
		if m, err = from.Receive(); err != nil {
			return err
		}
	}
}

// answers passes on what the server says.
func (k *link) answers() {
	b := make([]byte, 64<<10)
	for {
		n, err := k.server.Read(b)
		if k.silent.Load() {
			if err != nil {
				return
			}
			continue
		}
		if err != nil || k.losing.Load() {
			break
		}
		if _, err := k.client.Write(b[:n]); err != nil {
			break
		}
	}
	_ = k.client.Close()
	_ = k.server.Close()
}

// silenceBound is how long it may take until a connection is given up on which nothing passes, and more is stored.
const silenceBound = time.Minute

// TestNetworkFaults puts a network that loses things between hangup and its database while a log is written and rotated.
// hangup must go on after each, and at the end all must be stored once.
func TestNetworkFaults(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	seed := seedOf(t)
	db := newServer(t)
	x := newProxy(t, seed, db)
	path := t.TempDir() + "/a.log"
	p := startServe(t, x.url(db), path)
	l := newLoad(t, seed, db, path)
	for _, f := range []struct {
		fault fault
		name  string
		last  time.Duration
	}{
		{lostAnswer, "the answer to COMMIT is lost", 4 * time.Second},
		{midCopy, "cut in the middle of the rows", 4 * time.Second},
		{stillness, "nothing passes, and nobody says so", 2 * time.Second},
	} {
		moves(t, db, p)
		before := p.retries(event.Classes()...)
		x.set(f.fault)
		pause(t.Context(), f.last)
		hit := x.set(none)
		if hit == 0 {
			t.Errorf("%s: no connection met it", f.name)
		}
		begun := time.Now()
		moves(t, db, p)
		eventually(t, f.name+": a batch met it", func() bool { return p.retries(event.Classes()...) > before }, p.log.String)
		took := time.Since(begun).Round(100 * time.Millisecond)
		if took > silenceBound {
			t.Errorf("%s: more was stored after %s only", f.name, took)
		}
		t.Logf("%s: %d connections; more was stored after %s", f.name, hit, took)
	}
	settled(t, db, p, l)
	p.stop()
}
