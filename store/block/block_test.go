package block_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hangup/store/block"
)

// someCount is 0 often, small mostly, and sometimes anything.
func someCount(r *rand.Rand) int64 {
	switch r.IntN(10) {
	case 0, 1, 2, 3:
		return 0
	case 4:
		return int64(r.Uint64())
	default:
		return int64(r.IntN(300)) - 20
	}
}

func someBytes(r *rand.Rand) []byte {
	if r.IntN(3) == 0 {
		return nil
	}
	b := make([]byte, 1+r.IntN(200))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func someCells(r *rand.Rand) []block.Cell {
	cells := make([]block.Cell, r.IntN(20))
	minute := 0
	for i := range cells {
		c := &cells[i]
		minute = min(59, minute+r.IntN(4))
		c.Minute, c.Agent, c.Requests, c.Counts.Bytes, c.Idle = minute, int32(r.IntN(1+r.IntN(math.MaxInt32))), someCount(r), someCount(r), someCount(r)
		for p := range c.Dropped {
			c.Dropped[p], c.Reported[p] = someCount(r), someCount(r)
		}
		c.Done, c.Drop = someBytes(r), someBytes(r)
	}
	return cells
}

func readCells(b []byte) (cells []block.Cell, err error) {
	r := block.ReadCells(b)
	for r.Next() {
		cells = append(cells, r.Cell)
	}
	return cells, r.Err()
}

// TestCells packs cells and reads them back; cut short, a block is damaged or has fewer cells.
func TestCells(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for range 60 {
		cells := someCells(r)
		var w block.Cells
		for i := range cells {
			w.Add(&cells[i])
		}
		got, err := readCells(w.Bytes())
		if diff := cmp.Diff(slices.Clip(cells), append([]block.Cell{}, got...)); diff != "" || err != nil {
			t.Fatalf("%v (-packed +read):\n%s", err, diff)
		}
		for n := range w.Bytes() {
			if got, err := readCells(w.Bytes()[:n]); err == nil && len(got) >= len(cells) {
				t.Fatalf("a block cut at %d gives %d of %d cells", n, len(got), len(cells))
			}
		}
	}
	for _, bad := range [][]byte{{0}, {2, 0, 0, 0}, {1, 60, 0, 0}, {1, 0, 0, 4, 9}, {1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, {1, 0, 0, 0x80, 0x80, 1}} {
		if cells, err := readCells(bad); err == nil {
			t.Errorf("%x gives %+v", bad, cells)
		}
	}
}

// TestClients packs clients and reads them back.
func TestClients(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 1))
	hour := time.Date(2026, 3, 9, 22, 0, 0, 0, time.UTC)
	var (
		w    block.Clients
		want []block.Client
	)
	for i := range 500 {
		c := block.Client{
			Name: fmt.Sprintf("192.0.2.%d", i), Scope: []string{"", "loopback", "private", "public", "moon"}[r.IntN(5)], Clients: 1 + int64(r.IntN(3)),
			Requests: someCount(r), Dropped: someCount(r), Reported: someCount(r), Idle: someCount(r),
			LastSeen: hour.Add(time.Duration(r.Int64N(1<<33)-1<<32) * time.Microsecond),
		}
		w.Add(hour, &c)
		want = append(want, c)
	}
	var got []block.Client
	cr := block.ReadClients(hour, w.Bytes())
	for cr.Next() {
		c := cr.Client
		c.Name, c.Scope = string(cr.Name), cr.Scope
		got = append(got, c)
	}
	if diff := cmp.Diff(want, got); diff != "" || cr.Err() != nil {
		t.Errorf("%v (-packed +read):\n%s", cr.Err(), diff)
	}
}

type who struct {
	client string
	agent  int64
}

func readSigns(b []byte) (whose []who, signs []block.Sign, err error) {
	r := block.ReadSigns(b)
	for r.Next() {
		if r.Other != (len(whose) == 0 || whose[len(whose)-1] != who{string(r.Client), r.AgentHash}) {
			return nil, nil, fmt.Errorf("sign %d is said to be of another: %v", len(signs), r.Other)
		}
		whose, signs = append(whose, who{string(r.Client), r.AgentHash}), append(signs, r.Sign)
	}
	return whose, signs, r.Err()
}

// TestSigns packs signs of life and reads them back; cut short, a block is damaged or has fewer signs.
func TestSigns(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 1))
	for range 60 {
		var (
			w     block.Signs
			whose []who
			signs []block.Sign
		)
		n := r.IntN(6)
		for i := range n {
			k := who{fmt.Sprintf("192.0.2.%d", i), int64(r.Uint64())}
			w.Begin(k.client, k.agent)
			for range r.IntN(5) + 1 - min(1, n-1-i) { // or none, but for the last
				s := block.Sign{At: r.Int64N(1<<50) - 1<<49, Off: r.Int64N(1 << 60), Route: int32(r.IntN(1 + r.IntN(math.MaxInt32))), Drop: r.IntN(2) == 0}
				w.Add(&s)
				whose, signs = append(whose, k), append(signs, s)
			}
		}
		b := w.Bytes()
		gotWhose, got, err := readSigns(b)
		if diff := cmp.Diff(signs, got); diff != "" || err != nil || fmt.Sprint(whose) != fmt.Sprint(gotWhose) {
			t.Fatalf("%v: of %v, want %v (-packed +read):\n%s", err, gotWhose, whose, diff)
		}
		for n := range b {
			if _, got, err := readSigns(b[:n]); err == nil && len(got) >= len(signs) && len(signs) > 0 {
				t.Fatalf("a block cut at %d gives %d of %d signs", n, len(got), len(signs))
			}
		}
	}
	for _, bad := range [][]byte{{0}, {2, 0}, {1, 3, 'a'}, {1, 0, 0, 0}, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0}} {
		if _, signs, err := readSigns(bad); err == nil {
			t.Errorf("%x gives %+v", bad, signs)
		}
	}
}

// FuzzBlocks reads damaged blocks.
func FuzzBlocks(f *testing.F) {
	var w block.Cells
	for _, c := range someCells(rand.New(rand.NewPCG(3, 1))) {
		w.Add(&c)
	}
	f.Add(w.Bytes())
	f.Add([]byte{1, 3, 'a', 'b', 'c', 4, 1, 'x', 0, 31, 2, 2, 2, 2, 2})
	f.Add([]byte{1, 1, 'a', 1, 2, 3, 4, 5, 6, 7, 8, 4, 200, 1, 6, 3, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if cells, err := readCells(b); err == nil && len(cells) > 0 { // what can be read can be written
			var w block.Cells
			for i := range cells {
				w.Add(&cells[i])
			}
			again, err := readCells(w.Bytes())
			if diff := cmp.Diff(cells, again, cmp.Transformer("text", func(b []byte) string { return string(b) })); diff != "" || err != nil {
				t.Errorf("%v:\n%s", err, diff)
			}
		}
		signs := block.ReadSigns(b)
		for n := 0; signs.Next(); n++ {
			if len(signs.Client) > len(b) || n > len(b) || signs.Sign.Route < 0 {
				t.Errorf("sign %d of %q: %+v", n, signs.Client, signs.Sign)
			}
		}
		c := block.ReadClients(time.Time{}, b)
		for c.Next() {
			if len(c.Name) > len(b) {
				t.Errorf("a name of %d bytes in %d", len(c.Name), len(b))
			}
		}
	})
}
