package parser

import (
	"hangup/event"
)

// nginxVariables are nginx's names for the values that are read (ngx_http_variables.c, ngx_http_log_module.c,
// ngx_http_upstream.c), ingress-nginx's $req_id and Kong's $kong_request_id.
var nginxVariables = map[string]variable{
	"remote_addr": vAddr, "remote_port": vPort,
	"time_local": vTimeLocal, "time_iso8601": vTimeISO, "msec": vMsec,
	"request": vRequest, "request_method": vMethod, "request_uri": vTarget, "uri": vPath, "document_uri": vPath,
	"args": vArgs, "query_string": vArgs, "server_protocol": vProtocol,
	"status": vStatus, "body_bytes_sent": vBodyBytes, "bytes_sent": vBytes, "request_time": vDuration,
	"upstream_addr": vUpstream, "upstream_response_time": vUpstreamTime, "upstream_status": vUpstreamStatus,
	"http_user_agent": vAgent, "http_referer": vReferer, "host": vHost, "http_host": vHTTPHost,
	"request_id": vID, "http_x_request_id": vHeaderID, "sent_http_x_request_id": vHeaderID,
	"upstream_http_x_request_id": vHeaderID, "http_x_correlation_id": vHeaderID,
	"req_id": vID, "kong_request_id": vID,
	"pid": vPID, "request_completion": vCompletion,
	"http_x_forwarded_for": vForwarded, "proxy_add_x_forwarded_for": vForwarded,
}

// outcome says how the exchange ended, from the status that nginx gave it (ngx_http_request.h). 499: the client
// closed before a response began. 408 and 400 without a body: nothing could be sent, because the client was gone
// before its request had arrived (its line, its headers or its body); else nginx answers with a page, which has one.
// 444: the configuration closed the connection. 000: nothing was set before the connection was gone. A status that the
// backend gave is the backend's answer. A client that leaves in the middle of a response keeps its 200: only an empty
// $request_completion shows it.
func (x *exchange) outcome(e *event.Event) {
	e.Kind = event.Request
	nothing := e.Bytes.OK && e.Bytes.V == 0
	switch own := e.UpstreamStatus != e.Status; {
	case e.Status == 499:
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseWaiting)
	case e.Status == 408 && nothing && own:
		hangUp(e, event.PartyClient, event.HowTimeout, event.PhaseRequest)
	case e.Status == 400 && nothing && own && e.Method != "HEAD":
		hangUp(e, event.PartyClient, event.HowClosed, event.PhaseRequest)
	case e.Status == 444 && own:
		hangUp(e, event.PartyServer, event.HowClosed, event.PhaseWaiting)
	case e.Status == 0 && x.raw(vStatus) == "000":
		hangUp(e, event.PartyUnknown, event.HowClosed, event.PhaseUnknown)
	case x.has(vCompletion) && x.get(vCompletion) == "" && e.Status != 0 && !nothing:
		// Which end left is certain only when there was no backend.
		who := event.PartyClient
		if e.Upstream != "" {
			who = event.PartyUnknown
		}
		hangUp(e, who, event.HowUnknown, event.PhaseResponse)
	}
}

// nginxOutcome is outcome for layouts.
func nginxOutcome(x *exchange, e *event.Event) { x.outcome(e) }
