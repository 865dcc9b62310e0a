package block

import "encoding/binary"

// Sign is a sign of life of a client that hung up.
type Sign struct {
	At    int64 // Unix microseconds
	Off   int64 // the record's offset
	Route int32 // the route's id, at least 0
	Drop  bool  // it is a hang-up
}

// Signs makes a block of signs of life. The zero value is an empty block.
type Signs struct {
	b    []byte
	last Sign
}

// Begin says whose the signs are that are added next: a client's, valid UTF-8, with one user agent.
func (w *Signs) Begin(client string, agentHash int64) {
	if len(w.b) == 0 {
		w.b = append(w.b, version)
	} else {
		w.b = append(w.b, 0)
	}
	w.b = binary.BigEndian.AppendUint64(appendText(w.b, client), uint64(agentHash))
}

// Add appends a sign.
func (w *Signs) Add(s *Sign) {
	drop := uint64(0)
	if s.Drop {
		drop = 1
	}
	b := binary.AppendUvarint(w.b, uint64(s.Route)<<1+drop+1)
	b = binary.AppendVarint(b, s.Off-w.last.Off)
	w.b = binary.AppendVarint(b, s.At-w.last.At)
	w.last = *s
}

// Bytes returns the block, to which nothing can be added any more.
func (w *Signs) Bytes() []byte {
	if len(w.b) > 0 {
		w.b = append(w.b, 0)
	}
	return w.b
}

// SignReader reads the signs of a block one after another.
type SignReader struct {
	Client    []byte // whose the sign is that was read last: a part of the block
	AgentHash int64
	Sign      Sign
	Other     bool // it is the first of this client and user agent

	in bool // signs of Client may follow
	r  reader
}

// ReadSigns reads a block; an empty one has no signs.
func ReadSigns(b []byte) SignReader {
	s := SignReader{r: reader{b: b}}
	s.r.begin()
	return s
}

// Next reads the next sign, and says whether there was one.
func (s *SignReader) Next() bool {
	r := &s.r
	s.Other = false
	for {
		if !s.in {
			if len(r.b) == 0 {
				return false
			}
			s.Client = r.bytes()
			if len(r.b) < 8 {
				r.fail()
				return false
			}
			s.AgentHash, r.b = int64(binary.BigEndian.Uint64(r.b)), r.b[8:]
			s.in, s.Other = true, true
		}
		if v := r.uvarint(); v > 0 {
			if v--; v > 1<<32-1 {
				r.fail()
			}
			s.Sign = Sign{Off: s.Sign.Off + r.varint(), At: s.Sign.At + r.varint(), Route: int32(v >> 1), Drop: v&1 == 1}
			return r.err == nil
		}
		if r.err != nil {
			return false
		}
		s.in = false
	}
}

// Err says what kept Next from reading on, nil at the block's end.
func (s *SignReader) Err() error { return s.r.err }
