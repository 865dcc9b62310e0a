// Package event is the vocabulary of Hangup: what a log record says (Event, Record), what is read from a file
// (Line) and what is stored in one transaction (Batch). It holds types and pure functions only; it does no I/O
// and imports nothing but the standard library.
package event

import "time"

// Event is what one log record says about an exchange (one request and its response) or a connection.
// Fields that the record does not give are zero; nothing is guessed. Strings are parts of the record's text and
// stay valid as long as it does; whoever keeps an event for long clones them.
type Event struct {
	Kind  Kind
	Party Party
	How   How
	Phase Phase

	// Exchange says that the record is an access log's account of one exchange, and so part of the denominator of
	// every rate. A disconnect without it is a report: an error log's or application's word about a connection.
	Exchange bool

	Time        time.Time // UTC; zero when the record has no time
	ZoneAssumed bool      // the record's time has no zone and the source's was taken

	Client     string // peer address without brackets and zone, or a host name where the log resolved it
	ClientPort uint16 // 0 when not logged
	Method     string
	Path       string // url.path as logged, percent-encoded, without the query
	Query      string // url.query without "?"
	Protocol   string // as logged: "HTTP/1.1"
	Host       string // lower case, without port and brackets
	Status     int    // 100 to 999; 0 when absent (499, 460 and 444 are log conventions, not HTTP)
	ZeroStatus bool   // the record's status is written as 0 or 000: no answer was begun; Status is 0

	Bytes            Opt[int64]         // body bytes sent, as the format counts them
	Duration         Opt[time.Duration] // the whole exchange, as the format times it
	Upstream         string             // last attempt; HAProxy: backend/server; unix sockets keep "unix:"
	UpstreamDuration Opt[time.Duration]
	UpstreamStatus   int

	UserAgent string
	Referer   string
	RequestID string

	Logger  string
	Level   string
	PID     int
	Message string // for error records: the text that carries the signal

	// Recovered says that the client, the route or the duration is not in the record itself but in an earlier one of
	// the same log that names the same process, connection or request.
	Recovered bool
}

// Record is one log record: its event, and where it stood.
type Record struct {
	Event

	Line  int64 // number of the record's first physical line in its file, from 1
	Lines int   // physical lines that the record spans, from 1
	Start int64 // offset of the record's first byte
	End   int64 // offset after the record's last byte, its newline included

	Seen time.Time // when the record's first line was read; years that the log does not give are taken from it

	Text   string // the record as it was read, lines joined by "\n", without the last newline
	Reason Reason // why the record is unparsed or skipped
	Format string // the name of the format that read it; "" when none did
}

// Reason says why a record is unparsed or skipped. It is a small closed set, so that it can be counted.
type Reason string

// The reasons.
const (
	NoFormat     Reason = "no_format"    // the text is not of the source's format
	BadTime      Reason = "bad_time"     // its time is not a time
	BadNumber    Reason = "bad_number"   // a number is not one, or out of range
	TooLong      Reason = "too_long"     // longer than a record may be
	ParserPanic  Reason = "parser_panic" // the parser failed: a defect of ours
	Blank        Reason = "blank"        // an empty line
	Hole         Reason = "hole"         // NUL bytes, left where a writer without O_APPEND wrote after a truncation
	Continuation Reason = "continuation" // the rest of a record whose beginning is not in this file
	TooOld       Reason = "too_old"      // older than the retention allows
	Refused      Reason = "refused"      // the database refused the record's values; it is in quarantine
)

// Line is one physical line of a file.
type Line struct {
	Text         string // without its newline
	Start, End   int64  // its bytes in the file, the newline included
	Number       int64  // from 1
	Seen         time.Time
	Unterminated bool // the file ended without a newline
}
