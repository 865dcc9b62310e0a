package event

import "fmt"

// Kind says what a record is. Exactly one kind is given to every record, so that
// request + disconnect + other + unparsed (+ skipped: blank lines and holes) is the number of records read.
type Kind uint8

// The kinds of a record.
const (
	Unparsed   Kind = iota // not of the source's format; the reason is in Record.Reason
	Skipped                // nothing to read: a blank line, a hole of NUL bytes
	Other                  // a valid record that is neither request nor disconnect
	Request                // an exchange that completed, from an access log
	Disconnect             // a connection that ended before the exchange was complete
)

var kindNames = [...]string{"unparsed", "skipped", "other", "request", "disconnect"}

// String returns the kind's lower-case name.
func (k Kind) String() string { return name(kindNames[:], uint8(k)) }

// MarshalText writes the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a kind's name.
func (k *Kind) UnmarshalText(b []byte) error { return parse(kindNames[:], b, (*uint8)(k), "kind") }

// Party says which end the record blames for going away. It is set on disconnects only.
type Party uint8

// The parties. Client is whoever sent the request to the program that logged, Upstream the server to which
// that program forwarded it (nginx's and HAProxy's word; RFC 9110 section 3.7 calls that way "inbound"),
// Server the program itself.
const (
	PartyNone Party = iota
	PartyClient
	PartyUpstream
	PartyServer
	PartyUnknown
)

var partyNames = [...]string{"", "client", "upstream", "server", "unknown"}

// Parties lists the parties a disconnect may have, in the order in which they are shown.
func Parties() []Party { return []Party{PartyClient, PartyUpstream, PartyServer, PartyUnknown} }

// String returns the party's lower-case name, "" for PartyNone.
func (p Party) String() string { return name(partyNames[:], uint8(p)) }

// MarshalText writes the party's name.
func (p Party) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a party's name.
func (p *Party) UnmarshalText(b []byte) error { return parse(partyNames[:], b, (*uint8)(p), "party") }

// How says in which way the connection ended. It is set on disconnects only.
type How uint8

// The ways a connection ends early, by errno name where the operating system reported one.
const (
	HowNone       How = iota
	HowBrokenPipe     // EPIPE (32)
	HowReset          // ECONNRESET (104)
	HowAborted        // ECONNABORTED (103)
	HowClosed         // an orderly or unspecified early close: EOF, 499, a cancelled context
	HowTimeout        // ETIMEDOUT (110), or a timer that expired while waiting on the party
	HowUnknown
)

var howNames = [...]string{"", "broken_pipe", "reset", "aborted", "closed", "timeout", "unknown"}

// String returns the lower-case name, "" for HowNone.
func (h How) String() string { return name(howNames[:], uint8(h)) }

// MarshalText writes the name.
func (h How) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads a name.
func (h *How) UnmarshalText(b []byte) error { return parse(howNames[:], b, (*uint8)(h), "how") }

// Phase says where in the exchange the connection ended. It is set on disconnects only.
type Phase uint8

// The phases of an exchange.
const (
	PhaseNone     Phase = iota
	PhaseRequest        // the request's head or body was still arriving (a TLS handshake counts here)
	PhaseWaiting        // the request was handed over and no response had begun
	PhaseResponse       // the response was under way
	PhaseIdle           // between requests: stays out of every rate
	PhaseUnknown
)

var phaseNames = [...]string{"", "request", "waiting", "response", "idle", "unknown"}

// String returns the phase's lower-case name, "" for PhaseNone.
func (p Phase) String() string { return name(phaseNames[:], uint8(p)) }

// MarshalText writes the phase's name.
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a phase's name.
func (p *Phase) UnmarshalText(b []byte) error { return parse(phaseNames[:], b, (*uint8)(p), "phase") }

func name(names []string, i uint8) string {
	if int(i) < len(names) {
		return names[i]
	}
	return fmt.Sprintf("invalid(%d)", i)
}

func parse(names []string, b []byte, to *uint8, what string) error {
	for i, n := range names {
		if n == string(b) {
			*to = uint8(i)
			return nil
		}
	}
	return fmt.Errorf("%s %q is not one of %q", what, b, names)
}
