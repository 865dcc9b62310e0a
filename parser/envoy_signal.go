package parser

import (
	"strings"

	"hangup/event"
)

// envoyFlag is a response flag (source/common/stream_info/utility.h; docs: "Access logging", %RESPONSE_FLAGS%).
type envoyFlag uint32

const (
	flagDC envoyFlag = 1 << iota
	flagUC
	flagUR
	flagUF
	flagUT
	flagSI
	flagDT
	flagUMSDR
	flagLR
	flagOM
	flagURX
	flagAnswer // one of those with which Envoy, or the backend, gave an answer
	flagOther  // one that is not known
)

// envoyFlags are the flags by their short and their long names (%RESPONSE_FLAGS_LONG%).
var envoyFlags = map[string]envoyFlag{
	"DC": flagDC, "DownstreamConnectionTermination": flagDC,
	"UC": flagUC, "UpstreamConnectionTermination": flagUC,
	"UR": flagUR, "UpstreamRemoteReset": flagUR,
	"UF": flagUF, "UpstreamConnectionFailure": flagUF,
	"UT": flagUT, "UpstreamRequestTimeout": flagUT,
	"SI": flagSI, "StreamIdleTimeout": flagSI,
	"DT": flagDT, "DurationTimeout": flagDT,
	"UMSDR": flagUMSDR, "UpstreamMaxStreamDurationReached": flagUMSDR,
	"LR": flagLR, "LocalReset": flagLR,
	"OM": flagOM, "OverloadManagerTerminated": flagOM, "OverloadManager": flagOM,
	"URX": flagURX, "UpstreamRetryLimitExceeded": flagURX,
	"LH": flagAnswer, "FailedLocalHealthCheck": flagAnswer,
	"UH": flagAnswer, "NoHealthyUpstream": flagAnswer,
	"UO": flagAnswer, "UpstreamOverflow": flagAnswer,
	"NR": flagAnswer, "NoRouteFound": flagAnswer,
	"NC": flagAnswer, "NoClusterFound": flagAnswer,
	"RL": flagAnswer, "RateLimited": flagAnswer,
	"RLSE": flagAnswer, "RateLimitServiceError": flagAnswer,
	"UAEX": flagAnswer, "UnauthorizedExternalService": flagAnswer,
	"FI": flagAnswer, "FaultInjected": flagAnswer,
	"DI": flagAnswer, "DelayInjected": flagAnswer,
	"IH": flagAnswer, "InvalidEnvoyRequestHeaders": flagAnswer,
	"DPE": flagAnswer, "DownstreamProtocolError": flagAnswer,
	"UPE": flagAnswer, "UpstreamProtocolError": flagAnswer,
	"RFCF": flagAnswer, "ResponseFromCacheFilter": flagAnswer,
	"NFCF": flagAnswer, "NoFilterConfigFound": flagAnswer,
	"DF": flagAnswer, "DnsResolutionFailed": flagAnswer, "DnsFail": flagAnswer,
	"DO": flagAnswer, "DropOverload": flagAnswer, "DropOverLoad": flagAnswer,
}

// envoyFlagSet reads "UF,URX". ok is false when s cannot be flags.
func envoyFlagSet(s string) (set envoyFlag, ok bool) {
	for s != "" && s != "-" {
		name, rest, _ := strings.Cut(s, ",")
		flag := envoyFlags[name]
		if flag == 0 {
			if name == "" || len(name) > 64 || strings.ContainsAny(name, ` "{}:/.=`) || name[0] < 'A' || name[0] > 'Z' {
				return 0, false
			}
			flag = flagOther
		}
		set |= flag
		s = rest
	}
	return set, true
}

// envoyWords are what Envoy says of an exchange's end, "" where it says nothing.
type envoyWords struct {
	status, flags    string
	details, failure string // response_code_details, upstream_transport_failure_reason
}

// envoyOutcome says how the exchange ended, by its flags and the response code details (docs: "Response Code Details").
// Of several flags the client's comes first: it was gone whatever else went wrong.
func envoyOutcome(e *event.Event, x envoyWords) {
	e.Kind = event.Request
	if x.flags == "" && x.details == "" && x.status != "0" {
		return
	}
	flags, _ := envoyFlagSet(x.flags)
	name, reason, _ := strings.Cut(x.details, "{")
	tcp := e.Protocol == "" && e.Method == ""
	answer := tcp || envoyResponded(e, name)
	upstreamPhase := pickPhase(answer, event.PhaseResponse, event.PhaseWaiting)
	if tcp {
		upstreamPhase = event.PhaseUnknown
	}
	if strings.HasPrefix(name, "downstream_local_disconnect") && flags&^(flagAnswer|flagURX) == 0 {
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseUnknown)
		return
	}
	if flags == 0 || flags == flagAnswer || flags&flagDC == 0 && name == "downstream_remote_disconnect" {
		flags |= detailsFlag(name, reason)
	}
	switch {
	case flags&flagDC != 0:
		phase := pickPhase(e.Status == 0, event.PhaseWaiting, event.PhaseResponse)
		if tcp {
			phase = event.PhaseUnknown
		}
		hangUp(e, event.PartyClient, event.HowClosed, phase)
	case flags&flagOM != 0:
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseUnknown)
	case name == "request_overall_timeout", name == "request_header_timeout", name == "request_headers_timeout":
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseRequest) // the request had not arrived in time
	case flags&flagUT != 0:
		hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
	case flags&flagSI != 0:
		switch e.Status {
		case 408:
			hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseRequest)
		case 504:
			hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
		default:
			hangUp(e, event.PartyUnknown, event.HowTimeout, event.PhaseResponse)
		}
	case flags&(flagDT|flagUMSDR) != 0:
		hangUp(e, event.PartyServer, event.HowTimeout, pickPhase(answer && !tcp, event.PhaseResponse, event.PhaseUnknown))
	case flags&(flagUC|flagUF) != 0 && (isTLSError(x.details) || isTLSError(x.failure)):
		// The backend's certificate, or its TLS, is refused: it spoke wrongly and did not leave.
	case flags&flagUC != 0:
		hangUp(e, event.PartyUpstream, event.HowClosed, upstreamPhase)
	case flags&flagUR != 0:
		hangUp(e, event.PartyUpstream, event.HowReset, upstreamPhase)
	case flags&flagUF != 0:
		connectFailure(e, x.details, x.failure)
	case flags&flagLR != 0:
		hangUp(e, event.PartyServer, event.HowReset, pickPhase(answer && !tcp, event.PhaseResponse, event.PhaseWaiting))
	case name == "late_upstream_reset":
		hangUp(e, event.PartyUpstream, event.HowUnknown, event.PhaseResponse)
	case flags&^flagOther == flagURX && name != "via_upstream": // retries were used up, and nothing says for what
		hangUp(e, event.PartyUpstream, event.HowUnknown, event.PhaseWaiting)
	case flags&flagOther != 0 && !tcp && e.Status == 0:
		hangUp(e, event.PartyUnknown, event.HowUnknown, event.PhaseUnknown)
	case flags == 0 && !tcp && x.status == "0" && !strings.HasPrefix(name, "http"):
		// The server never sent the beginning of a response (docs: %RESPONSE_CODE%); in general the client is gone then.
		hangUp(e, event.PartyUnknown, event.HowClosed, event.PhaseUnknown)
	}
}

// envoyResponded says whether the backend had begun to respond.
func envoyResponded(e *event.Event, details string) bool {
	switch details {
	case "upstream_reset_after_response_started", "late_upstream_reset", "via_upstream":
		return true
	case "upstream_reset_before_response_started":
		return false
	}
	return e.UpstreamDuration.OK || e.Status >= 200 && e.Status < 400
}

// detailsFlag gives the flag that a detail stands for, where the flags are silent: older versions do not set them all.
func detailsFlag(name, reason string) envoyFlag {
	switch name {
	case "downstream_remote_disconnect":
		return flagDC
	case "upstream_response_timeout", "upstream_per_try_timeout", "upstream_per_try_idle_timeout":
		return flagUT
	case "stream_idle_timeout":
		return flagSI
	case "max_duration_timeout", "duration_timeout":
		return flagDT
	case "upstream_max_stream_duration_reached":
		return flagUMSDR
	case "overload":
		return flagOM
	case "upstream_reset_before_response_started", "upstream_reset_after_response_started":
	default:
		return 0
	}
	reason, _, _ = strings.Cut(strings.TrimSuffix(reason, "}"), ",") // "connection_failure,TLS_error:..." or "...|..."
	reason, _, _ = strings.Cut(reason, "|")
	switch strings.ReplaceAll(reason, " ", "_") {
	case "connection_termination", "http1_premature_upstream_half_close":
		return flagUC
	case "remote_reset", "remote_refused_stream_reset":
		return flagUR
	case "connection_failure", "remote_connection_failure", "connection_timeout":
		return flagUF
	case "local_reset", "local_refused_stream_reset", "local_connection_failure":
		return flagLR
	case "overload_manager":
		return flagOM
	}
	return flagAnswer // overflow, protocol_error
}

// connectFailure reads why a connection to the backend was not made. One that was refused never was one.
func connectFailure(e *event.Event, details, failure string) {
	for _, s := range [...]string{details, failure} {
		s = strings.ReplaceAll(s, " ", "_")
		switch _, why, ok := strings.Cut(s, "connect_error:_"); {
		case strings.Contains(s, "connection_timeout"), strings.Contains(s, "connect_timeout"),
			ok && (strings.HasPrefix(why, "110") || strings.HasPrefix(why, "Connection_timed_out")):
			hangUp(e, event.PartyUpstream, event.HowTimeout, event.PhaseWaiting)
			return
		case ok: // delayed or immediate, with errno 111, 113, 101 or its text
			return
		}
	}
	hangUp(e, event.PartyUpstream, event.HowUnknown, event.PhaseWaiting)
}

func isTLSError(s string) bool {
	return strings.Contains(s, "TLS_error:") || strings.Contains(s, "TLS error:")
}

func pickPhase(first bool, a, b event.Phase) event.Phase {
	if first {
		return a
	}
	return b
}
