package parser

import "hangup/event"

// readCommonLogger reads a line of Rack's CommonLogger. It is written when the body is closed, and does not say
// whether the client had it.
func readCommonLogger(c *clock, e *event.Event, l commonLogger) event.Reason {
	var ok bool
	if e.Time, ok = c.apache(l.time); !ok {
		return event.BadTime
	}
	if e.Status, ok = status(l.status); !ok {
		return event.NoFormat
	}
	if l.bytes != "-" {
		n, ok := count(l.bytes)
		if !ok {
			return event.NoFormat
		}
		e.Bytes = event.Some(n)
	}
	d, ok := seconds(l.took)
	if !ok {
		return event.BadNumber
	}
	e.Duration = event.Some(d)
	e.Client = address(l.client)
	setRequest(e, l.request)
	if e.Method == "" { // HTTP/1.0 servers leave the protocol out
		setRequest(e, l.request+" HTTP/1.0")
		e.Protocol = ""
	}
	e.Kind, e.Exchange = event.Request, true
	return ""
}
