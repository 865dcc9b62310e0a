package parser

// labServer is a server of the lab.
type labServer struct {
	name   string
	judged int // disconnects in all its logs that are no idle closes: each is compared with the truth
	logs   []labLog
}

// labLog is a log of a server, the format that it is to be detected as, and what is known of our reading.
type labLog struct {
	file, format string
	differs      []labKnown // in what it differs from the labels and the counts
	answered     []labKnown // which disconnects are about requests whose clients read an answer to its end
}

// labKnown are differences with the reason for them. Each must be found as often as it is known, and no other.
type labKnown struct {
	why  string
	what map[string]int
}

func labCounts(list []labKnown) map[string]int {
	sum := map[string]int{}
	for _, k := range list {
		for what, n := range k.what {
			sum[what] += n
		}
	}
	return sum
}

// What is the same in several logs.
var (
	lab408 = []labKnown{{
		"the client sent half a body and waited; the server's patience ended and it answered 408: the client let it down",
		map[string]int{"stall_body: client/timeout/request": 4},
	}}
	lab504 = []labKnown{{
		"a 504 that nginx made is an answer, and access logs do not say more; the error log reports the upstream",
		map[string]int{"upstream/timeout/waiting soft:status: request": 3, "request": 3, "disconnect": -3},
	}}
	labMorgan = []labKnown{{
		"a hyphen for the status does not say whether the body had arrived: 13 of these had sent half of it",
		map[string]int{"client/closed/waiting: client/closed/unknown": 20},
	}}
	labStall = []labKnown{{
		"the client sent half a body and waited; Node.js gave up, and says the same of a client that goes",
		map[string]int{"stall_body: client/closed/unknown": 1},
	}}
	labQueue = []labKnown{{
		"the time in HAProxy's own queue ended before it chose an upstream: it is the server that gave up",
		map[string]int{"upstream/timeout/waiting soft:queue: server/timeout/waiting": 9},
	}}
	labHAProxy = []labKnown{
		{
			"HAProxy answered 503 when the time in its queue ended: its own doing, not the client's",
			map[string]int{
				"complete: server/timeout/waiting": 6, "shutdown_wr: server/timeout/waiting": 1,
				"up_before: server/timeout/waiting": 1, "up_rst: server/timeout/waiting": 1,
			},
		},
		{
			"the upstream broke off or was silent, and HAProxy answered 502 or 504; it was silent too when half a body had come",
			map[string]int{
				"up_before: upstream/closed/waiting": 9, "up_hang: upstream/timeout/waiting": 7,
				"up_rst: upstream/closed/waiting": 2, "stall_body: upstream/timeout/waiting": 14,
			},
		},
		{
			"the client closed its half of the connection and read on: HAProxy answered 400 and logs that the client went",
			map[string]int{"shutdown_wr: client/closed/waiting": 1},
		},
	}
)

// labServers are all servers and logs of the lab.
var labServers = []labServer{
	{"apache", 95, []labLog{
		{"access.log", "apache-combined", nil, lab408},
		{"access_ext.log", "apache-extended", []labKnown{{
			"%X is X and no byte was sent: the client was still waiting",
			map[string]int{"client/closed/response: client/closed/waiting": 12},
		}}, lab408},
		{"other_vhosts_access.log", "apache-vhost-combined", nil, lab408},
		{"error.log", "apache-error", []labKnown{{
			"AH00898 is a second record about the failure that AH01102 reports",
			map[string]int{"upstream/unknown/waiting dup: other": 7, "other": 7, "disconnect": -7},
		}}, []labKnown{
			{
				"the client sent half a body and waited until httpd gave up: AH01382 and AH02608 say so, one AH01097 does not say who",
				map[string]int{"stall_body: client/timeout/request": 8, "stall_body: unknown/unknown/request": 1},
			},
			{
				"the upstream broke off or was silent, and httpd answered 502",
				map[string]int{
					"up_before: upstream/closed/waiting": 2, "up_hang: upstream/timeout/waiting": 4,
					"up_rst: upstream/reset/waiting": 1,
				},
			},
		}},
	}},
	{"evening", 1268, []labLog{
		{"nginx-access.log", "nginx-timed", []labKnown{{
			"a 504 that nginx made is an answer, as above",
			map[string]int{"upstream/timeout/waiting soft:status: request": 1, "request": 1, "disconnect": -1},
		}}, nil},
		{"nginx-error.log", "nginx-error", []labKnown{
			{
				"recv() without an action reads the body of a POST: these clients had sent half of it",
				map[string]int{"client/reset/unknown: client/reset/request": 4},
			},
			{
				"the level info names the client's socket, though the action is reading upstream: this client did reset",
				map[string]int{"upstream/reset/response: client/reset/response": 1},
			},
		}, []labKnown{{
			"the upstream killed its worker or was silent, and nginx answered 502 or 504",
			map[string]int{"slow_server: upstream/closed/waiting": 4, "slow_server: upstream/timeout/waiting": 1},
		}}},
		{"gunicorn-access.log", "gunicorn-access", nil, nil},
		{"gunicorn-error.log", "gunicorn-error", nil, nil},
		{"uwsgi.log", "uwsgi", []labKnown{{
			"the block of a harakiri is one record of four lines, the label at its third; the counts have the other three for themselves",
			map[string]int{"2 lines before the label belong to the record": 4, "other": -12},
		}}, []labKnown{{
			"uWSGI killed the worker, and nginx answered 502",
			map[string]int{"slow_server: server/timeout/waiting": 4},
		}}},
		{"app.log", "python-logging", nil, []labKnown{{
			"the application's own upstream reset the connection; it answered without it",
			map[string]int{"complete: upstream/reset/waiting": 21},
		}}},
		{"orders-app.log", "python-logging", nil, []labKnown{{
			"the application's own upstream reset the connection; it answered without it",
			map[string]int{"complete: upstream/reset/waiting": 16, "fixed_timeout: upstream/reset/waiting": 1},
		}}},
	}},
	{"go", 205, []labLog{
		{"access.json", "go-json", nil, []labKnown{
			{
				"the client closed its half of the connection and read on: net/http takes that for a hang-up, and the application wrote 499",
				map[string]int{"shutdown_wr: client/closed/waiting": 4},
			},
			{
				"the client sent half a body and waited; the server gave up and answered 400 or 502",
				map[string]int{"stall_body: client/closed/request": 1, "stall_body: client/closed/waiting": 3},
			},
		}},
		{"app.log", "go-stdlog", nil, []labKnown{
			{"the application's word on the same four", map[string]int{"shutdown_wr: client/closed/waiting": 4}},
			{"the application's word on the body that stalled", map[string]int{"stall_body: client/timeout/request": 1}},
		}},
		{"proxy.log", "go-stdlog", []labKnown{{
			"an EOF alone does not say whose connection ended; here it was the upstream's",
			map[string]int{"upstream/closed/waiting: unknown/closed/unknown": 2},
		}}, []labKnown{{
			"the proxy's word on a body that stalled",
			map[string]int{"stall_body: client/timeout/request": 1},
		}}},
	}},
	{"gunicorn", 122, []labLog{
		{"access.log", "gunicorn-access", nil, nil},
		{"error.log", "gunicorn-error", []labKnown{{
			"the record is of the master's process; the label has that of the worker, which stands in the message",
			map[string]int{"pid": 15},
		}}, nil},
		{"app.log", "python-logging", nil, nil},
	}},
	{"haproxy", 280, []labLog{
		{"haproxy.log", "haproxy-http", labQueue, labHAProxy},
		{"haproxy.stdout.raw.log", "haproxy-http", labQueue, labHAProxy},
	}},
	{"nginx", 347, []labLog{
		{"access.log", "nginx-combined", lab504, nil},
		{"access_ext.log", "nginx-timed", lab504, nil},
		{"access.json", "nginx-json", lab504, nil},
		{"error.log", "nginx-error", nil, []labKnown{{
			"the upstream broke off, when asked again too, or was silent, and nginx answered 502 or 504",
			map[string]int{
				"up_before: upstream/closed/waiting": 12, "up_hang: upstream/timeout/waiting": 3,
				"up_rst: upstream/reset/waiting": 7,
			},
		}}},
	}},
	{"node", 387, []labLog{
		{"morgan-combined.log", "morgan-combined", labMorgan, labStall},
		{"morgan-dev.log", "morgan-dev", labMorgan, labStall},
		{"pino.log", "pino-http", nil, []labKnown{{
			"the client sent half a body and waited; the record has no status, and does not say more",
			map[string]int{"stall_body: client/closed/waiting": 1},
		}}},
		{"app.log", "node-stderr", nil, []labKnown{
			{
				"the client reset after its answer; clientError does not say that no request was under way",
				map[string]int{"idle_rst: client/reset/unknown": 7},
			},
			{
				"five records about a body that stalled",
				map[string]int{
					"stall_body: client/timeout/request": 1, "stall_body: client/closed/request": 2,
					"stall_body: client/closed/unknown": 1, "stall_body: client/reset/request": 1,
				},
			},
		}},
	}},
	{"pyapp", 77, []labLog{{"app.log", "python-logging", nil, nil}}},
	{"pyhttp", 93, []labLog{{"stderr.log", "http-server", nil, nil}}},
	{"tomcat", 144, []labLog{
		{"localhost_access_log.txt", "tomcat-access", []labKnown{{
			"%X is X for each way in which writing or reading may fail",
			map[string]int{"client/closed/request: client/unknown/request": 12, "client/closed/response: client/unknown/response": 59},
		}}, []labKnown{{
			"the client sent half a body and waited; Tomcat gave up, answered 400 and logs an X",
			map[string]int{"stall_body: client/unknown/request": 4},
		}}},
		{"catalina.out.log", "tomcat-catalina", nil, []labKnown{{
			"the application's word on the same four",
			map[string]int{"stall_body: client/timeout/request": 4},
		}}},
		{"console.simpleformatter.log", "tomcat-catalina", nil, nil},
	}},
	{"uwsgi", 78, []labLog{
		{"uwsgi.log", "uwsgi", []labKnown{
			{
				"Python's traceback behind a body that could not be read is about the same failure: one record",
				map[string]int{
					"6 lines, labelled 1": 15, "disconnect": -15,
					"client/closed/request dup: in one record with the label before":  9,
					"client/timeout/request dup: in one record with the label before": 6,
				},
			},
			{
				"another worker's request line stands in the midst of a traceback: it is a request, and what is behind it a rest",
				map[string]int{"3 lines, labelled 1": 1, "request": 1, "unparsed": 1, "other": -4},
			},
			{
				"the block of a harakiri is one record of four lines, as above",
				map[string]int{"2 lines before the label belong to the record": 2, "other": -6},
			},
		}, nil},
		{"app.log", "python-logging", nil, nil},
	}},
}
