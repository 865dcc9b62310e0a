package block

import (
	"encoding/binary"
	"slices"
	"time"
)

// Client is what one client did in one hour.
type Client struct {
	Name, Scope                       string // valid UTF-8
	Clients                           int64  // how many it stands for: 1, but for that which stands for the others
	Requests, Dropped, Reported, Idle int64
	LastSeen                          time.Time // to the microsecond, UTC
}

// scopes are the scopes that are written as their number; others follow len(scopes) as text.
var scopes = []string{"", "loopback", "private", "public"}

// Clients makes a block of clients. The zero value is an empty block.
type Clients struct{ b []byte }

// Add appends a client's counts of the hour that begins at hour.
func (w *Clients) Add(hour time.Time, c *Client) {
	b := w.b
	if len(b) == 0 {
		b = append(b, version)
	}
	b = appendText(b, c.Name)
	if i := slices.Index(scopes, c.Scope); i >= 0 {
		b = append(b, byte(i))
	} else {
		b = appendText(append(b, byte(len(scopes))), c.Scope)
	}
	b = binary.AppendVarint(b, c.LastSeen.UnixMicro()-hour.UnixMicro())
	values := [5]int64{c.Clients - 1, c.Requests, c.Dropped, c.Reported, c.Idle}
	mask := byte(0)
	for i, v := range values {
		if v != 0 {
			mask |= 1 << i
		}
	}
	b = append(b, mask)
	for _, v := range values {
		b = appendCount(b, v)
	}
	w.b = b
}

// Bytes returns the block.
func (w *Clients) Bytes() []byte { return w.b }

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// ClientReader reads the clients of a block one after another.
type ClientReader struct {
	Name  []byte // of the client that was read last: a part of the block
	Scope string
	// The rest of what the block says of it; Name and Scope in it are not set.
	Client Client

	hour int64
	r    reader
}

// ReadClients reads a block of the hour that begins at hour; an empty one has no clients.
func ReadClients(hour time.Time, b []byte) ClientReader {
	c := ClientReader{hour: hour.UnixMicro(), r: reader{b: b}}
	c.r.begin()
	return c
}

// Next reads the next client, and says whether there was one.
func (c *ClientReader) Next() bool {
	r := &c.r
	if len(r.b) == 0 {
		return false
	}
	c.Name = r.bytes()
	switch i := r.uvarint(); {
	case i < uint64(len(scopes)):
		c.Scope = scopes[i]
	case i == uint64(len(scopes)):
		c.Scope = string(r.bytes())
	default:
		r.fail()
	}
	c.Client = Client{LastSeen: time.UnixMicro(c.hour + r.varint()).UTC(), Clients: 1}
	mask := r.uvarint()
	if mask >= 1<<5 {
		r.fail()
	}
	for i, v := range [5]*int64{&c.Client.Clients, &c.Client.Requests, &c.Client.Dropped, &c.Client.Reported, &c.Client.Idle} {
		if mask&(1<<i) != 0 {
			*v += r.varint()
		}
	}
	return r.err == nil
}

// Err says what kept Next from reading on, nil at the block's end.
func (c *ClientReader) Err() error { return c.r.err }
