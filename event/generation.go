package event

import (
	"crypto/sha256"
	"errors"
	"io"
	"time"
)

// Sizes of the two fingerprints, in bytes.
const (
	HeadSize = 1024
	MarkSize = 512
)

// Print is a fingerprint: the SHA-256 of the first Len bytes of a content, or of the Len bytes before an offset.
type Print struct {
	Len int
	Sum []byte
}

// HeadPrint takes the fingerprint of the first n bytes of r, or of as many as there are.
func HeadPrint(r io.ReaderAt, n int) (Print, error) { return printAt(r, 0, n) }

// MarkPrint takes the fingerprint of the MarkSize bytes of r before off, or of as many as there are.
func MarkPrint(r io.ReaderAt, off int64) (Print, error) {
	n := min(off, MarkSize)
	return printAt(r, off-n, int(n))
}

func printAt(r io.ReaderAt, off int64, n int) (Print, error) {
	b := make([]byte, n)
	k, err := r.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return Print{}, err
	}
	sum := sha256.Sum256(b[:k])
	return Print{Len: k, Sum: sum[:]}, nil
}

// Equal says whether two fingerprints are of the same bytes.
func (p Print) Equal(q Print) bool { return p.Len == q.Len && string(p.Sum) == string(q.Sum) }

// State says what is known about a generation's life.
type State string

// The states of a generation.
const (
	Live      State = "live"      // its path names it
	Draining  State = "draining"  // renamed or deleted, a writer may still hold it
	Done      State = "done"      // read to its end
	Truncated State = "truncated" // its inode was truncated; the rest may be in a copy
	Lost      State = "lost"      // bytes of it are nowhere to be found
)

// Generation is one life of one file's content: what is stored about it.
type Generation struct {
	ID        int64
	Source    int64
	Path      string // where it was seen last
	Dev, Ino  uint64
	Head      Print // of its first bytes, as far as they are committed; as they were seen first while Off is 0
	Mark      Print // of the bytes before Off
	Off       int64 // end of the last complete record that is committed
	Lines     int64 // physical lines before Off
	SizeSeen  int64
	State     State
	FirstSeen time.Time
	Settings  Settings // that it was begun to be read with
}

// Settings are what a log is read with, as it was given: the same bytes may say something else with others.
type Settings struct {
	Format  string    `json:"format,omitempty"`  // "" when it is detected
	Layout  string    `json:"layout,omitempty"`  // the server's format string
	Zone    string    `json:"zone,omitempty"`    // of times without one, by its IANA name; "" is UTC
	Formats string    `json:"formats,omitempty"` // fingerprint of the formats that users defined; "" for none
	Since   time.Time `json:"since,omitzero"`    // records before it were skipped; zero for no bound
	Until   time.Time `json:"until,omitzero"`    // records from it on were skipped; zero for no bound
}

// Inode names a file while it exists. Numbers are used again at once after a deletion: an inode alone identifies nothing.
type Inode struct{ Dev, Ino uint64 }

// Archive names a compressed file as far as a stat tells it.
type Archive struct {
	Inode
	Size       int64
	Modified   time.Time
	Generation int64 // whose content it is, or a part of it; 0 for none
}

// Past is what is stored about a source when a reader comes to it.
type Past struct {
	First    time.Time    // when its first generation was seen; zero when there is none
	Open     []Generation // those that are live, draining or truncated
	Archives []Archive    // those that need not be looked at again
}

// SourceState is what a reader tells about a source as it reads: it is kept in memory, not stored.
type SourceState struct {
	Source      int64
	Files       int       // generations that are read or watched for growth
	Idle        int       // of them, that do not grow
	Waiting     int       // files that wait until another needs its descriptor no more
	WorstLag    int64     // bytes of one of them that are not committed, at most
	NoFile      bool      // the source's pattern names none: LastError says so
	Size        int64     // bytes of these generations
	Off         int64     // committed bytes of them
	BehindSince time.Time // since when something readable is not committed; zero when all is
	LastCommit  time.Time
	LastError   string // the newest error, "" when the last attempt went well
	LastErrorAt time.Time
	Format      string
	Confidence  float64
	Formats     []SeenFormat // those of Format, one by one
	LinesPerSec float64
	Alarm       Alarm
	Alarms      int64 // raised by this process
	Service     string
	Path        string
	LastClass   Class // of LastError, when that was of storing; "" else
	Progress
}

// SeenFormat is one of the formats that a log is read by.
type SeenFormat struct {
	Format string
	Layout string // "" for a format without one
}

// Alarm says that the newest records of a source are not understood.
type Alarm struct {
	Since    time.Time // when the last of them was read; zero: no alarm
	Unparsed int       // records that are not understood
	Of       int       // of so many, the newest then
	Reads    string    // the format that would read them, if one was found
	Layout   string    // and its layout, for one that needs it
}
