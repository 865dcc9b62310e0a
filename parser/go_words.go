package parser

import "strings"

// goWords are what the words around an error tell of who is at the other end and of what was being done.
type goWords uint16

const (
	goReading    goWords = 1 << iota
	goWriting            //
	goResponse           // a response, a reply
	goRequest            // a request
	goBody               // a body, an upload
	goMethod             // the method and path of a request that the program serves
	goClient             // the client is named
	goUpstream           // a server that the program has asked is named
	goBackend            // "reading from backend"
	goProxy              // the program hands requests on
	goCopy               // a response is handed on
	goHandshake          // a connection on which no request was read yet
	goStopping           // the program, or a part of it, ends
	goSocketWord         // a WebSocket, on which reading and writing say nothing of the exchange
	goProxyError         // net/http/httputil's "http: proxy error"
)

// server says whether the words are those of a program that serves a request.
func (w goWords) server() bool {
	return w&goWriting != 0 && w&goResponse != 0 || w&goReading != 0 && w&goResponse == 0 && w&(goRequest|goBody) != 0
}

// asks says whether the words are those of a program that has sent a request of its own.
func (w goWords) asks() bool {
	return w&goReading != 0 && w&goResponse != 0 && w&goWriting == 0 || w&goWriting != 0 && w&goRequest != 0 && w&goResponse == 0 && w&goReading == 0
}

// goWordList says what single words mean.
var goWordList = map[string]goWords{
	"read": goReading, "reading": goReading, "receive": goReading, "receiving": goReading, "recv": goReading, "parse": goReading, "parsing": goReading,
	"write": goWriting, "writing": goWriting, "send": goWriting, "sending": goWriting, "flush": goWriting, "flushing": goWriting,
	"encode": goWriting, "encoding": goWriting, "render": goWriting, "rendering": goWriting, "respond": goWriting | goResponse,
	"stream": goWriting, "streaming": goWriting, "serve": goWriting, "serving": goWriting,
	"response": goResponse, "reply": goResponse, "answer": goResponse, "chunk": goResponse, "sse": goResponse,
	"download": goResponse | goWriting, "template": goResponse,
	"request": goRequest,
	"body":    goBody, "upload": goBody | goReading, "multipart": goBody | goReading, "form": goBody,
	"websocket": goSocketWord, "ws": goSocketWord,
	"shutdown": goStopping, "shutting": goStopping, "stopping": goStopping, "stopped": goStopping, "exiting": goStopping, "terminating": goStopping,
	"proxy": goProxy | goUpstream, "proxying": goProxy | goUpstream, "reverseproxy": goProxy | goUpstream, "forwarding": goProxy | goUpstream, "gateway": goProxy | goUpstream,
	"backend": goBackend | goUpstream, "upstream": goBackend | goUpstream, "rpc": goUpstream, "transport": goUpstream,
	"redis": goUpstream, "valkey": goUpstream, "cache": goUpstream, "memcache": goUpstream, "memcached": goUpstream,
	"postgres": goUpstream, "postgresql": goUpstream, "pg": goUpstream, "pq": goUpstream, "pgx": goUpstream, "sql": goUpstream, "db": goUpstream,
	"database": goUpstream, "mysql": goUpstream, "mariadb": goUpstream, "mongo": goUpstream, "mongodb": goUpstream, "cassandra": goUpstream,
	"clickhouse": goUpstream, "kafka": goUpstream, "sarama": goUpstream, "amqp": goUpstream, "rabbitmq": goUpstream, "nats": goUpstream, "nsq": goUpstream,
	"mqtt": goUpstream, "smtp": goUpstream, "mail": goUpstream, "mailer": goUpstream, "email": goUpstream, "ldap": goUpstream, "elastic": goUpstream,
	"elasticsearch": goUpstream, "opensearch": goUpstream, "etcd": goUpstream, "consul": goUpstream, "vault": goUpstream, "s3": goUpstream,
	"minio": goUpstream, "statsd": goUpstream, "influx": goUpstream, "influxdb": goUpstream, "graphite": goUpstream, "webhook": goUpstream, "broker": goUpstream,
	"fetch": goUpstream, "fetching": goUpstream,
}

// goAsked are the beginnings of url.Error's texts: the program has sent the request.
var goAsked = []string{"Get \"http", "Post \"http", "Put \"http", "Patch \"http", "Delete \"http", "Head \"http", "Options \"http", "Get http", "Post http", "Put http"}

// readGoWords reads the words of a message before its error. Paths, URLs and values of fields are none.
func readGoWords(s string) (w goWords) {
	if s == "" {
		return 0
	}
	previous := ""
	last := goWords(0) // of the previous word, which may be a socket's operation
	for rest := s; rest != ""; {
		var word string
		word, rest, _ = strings.Cut(rest, " ")
		switch {
		case word == "":
			continue
		case word == "tcp" || word == "tcp4" || word == "tcp6" || word == "unix": // "write tcp L->R: write: ": no words of the message
			last = 0
			_, rest, _ = strings.Cut(rest, " ")
			for _, call := range goCalls {
				if after, ok := strings.CutPrefix(rest, call); ok {
					rest = strings.TrimPrefix(after, " ")
					break
				}
			}
			previous = ""
			continue
		case word[0] == '/' && httpMethods[previous]:
			w |= goMethod
			previous = ""
			continue
		case strings.HasPrefix(word, "path=/"), strings.HasPrefix(word, "uri=/"), strings.HasPrefix(word, "url=/"), strings.HasPrefix(word, "URI=\"/"):
			w |= goMethod
			previous = ""
			continue
		case strings.IndexByte(word, '/') >= 0, strings.IndexByte(word, '=') >= 0:
			previous = ""
			continue
		}
		word = strings.Trim(word, ":,;.()[]\"'")
		w |= last
		last = goWord(previous, word)
		previous = word
	}
	w |= last
	if hasAny(s, goAsked) {
		w |= goUpstream
	}
	return w
}

// goCalls are the system calls that os.SyscallError prints behind a socket.
var goCalls = []string{"write:", "read:", "writev:", "sendfile:", "splice:", "wsasend:", "wsarecv:"}

// goWord says what a word means behind the one before it.
func goWord(previous, word string) goWords {
	if word == "" || len(word) > 32 {
		return 0
	}
	word = strings.ToLower(word)
	switch word {
	case "client":
		if previous == "to" || previous == "from" || previous == "by" || previous == "the" {
			return goClient
		}
	case "handshake":
		if strings.EqualFold(previous, "tls") {
			return goHandshake
		}
	case "preface", "hello":
		return goHandshake
	case "connection":
		if previous == "rejected" {
			return goHandshake
		}
	case "copy", "copying":
		if previous == "body" || previous == "during" {
			return goCopy
		}
		return goWriting
	case "error":
		if previous == "proxy" {
			return goProxyError
		}
	case "incomplete":
		return goCopy
	case "server":
		if previous == "from" {
			return goUpstream
		}
	}
	return goWordList[word]
}
