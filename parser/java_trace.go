package parser

import (
	"slices"
	"strings"
)

// javaThrown is one exception of a trace.
type javaThrown struct {
	line   string   // "java.io.IOException: Broken pipe"
	frames []string // the lines behind it, deepest call first; parts of the record's lines
}

// javaTrace is a stack trace: the exceptions from the outermost to the deepest cause, and what the suppressed ones say
// of a request that was sent (Reactor's checkpoints).
type javaTrace struct {
	chain      []javaThrown
	suppressed []javaThrown
	checkpoint string
}

// Bounds of what is kept of a trace.
const (
	maxThrown = 64  // exceptions: the first half and the last
	maxJava   = 100 // frames of each
)

// readJavaTrace reads the trace behind a record's first lines.
func readJavaTrace(lines []string) (t javaTrace) {
	var cur *javaThrown // whose frames come
	pending := false    // behind "Caused by:" without an exception
	side := -1          // indentation of the suppressed exception that the lines belong to
	first := 0
	add := func(i int, text string, outer bool) {
		list := &t.chain
		if side >= 0 {
			list = &t.suppressed
		}
		x := javaThrown{line: javaThrownLine(text)}
		if outer {
			*list = append([]javaThrown{x}, (*list)[:min(len(*list), maxThrown-1)]...)
			cur = &(*list)[0]
		} else {
			if len(*list) >= maxThrown {
				copy((*list)[maxThrown/2:], (*list)[maxThrown/2+1:])
				*list = (*list)[:maxThrown-1]
			}
			*list = append(*list, x)
			cur = &(*list)[len(*list)-1]
		}
		first = i + 1
	}
	for i, line := range lines {
		text := strings.TrimPrefix(strings.TrimLeft(line, " \t"), "! ")
		text = strings.TrimLeft(text, " \t")
		indent := len(line) - len(text)
		switch {
		case strings.HasPrefix(text, "at "), strings.HasPrefix(text, "... "):
			if cur != nil {
				cur.frames = lines[first:min(i+1, first+maxJava)]
			}
		case strings.HasPrefix(text, "Suppressed:"):
			if side < 0 || indent < side {
				side = indent
			}
			add(i, text[len("Suppressed:"):], false)
		case strings.HasPrefix(text, "Caused by:"), strings.HasPrefix(text, "Wrapped by:"):
			if indent < side {
				side = -1
			}
			rest := strings.TrimSpace(text[len("Caused by:"):])
			rest = strings.TrimSpace(strings.TrimPrefix(rest, ":")) // "Wrapped by:" is a byte longer
			if strings.HasPrefix(rest, "[CIRCULAR REFERENCE") {
				continue
			}
			pending = rest == ""
			if !pending {
				add(i, rest, text[0] == 'W')
			}
		case pending, cur == nil && isJavaException(text), cur == nil && strings.HasPrefix(text, "Exception in thread \""):
			if text != "" {
				add(i, text, false)
				pending = false
			}
		case t.checkpoint == "" && strings.Contains(cut(text), "checkpoint ⇢ Request to "):
			t.checkpoint = cut(text)
		}
	}
	return t
}

// javaThrownLine cleans an exception's line: `Exception in thread "main" ` before it is not its own.
func javaThrownLine(s string) string {
	s = strings.TrimSpace(cut(s))
	if rest, ok := strings.CutPrefix(s, "Exception in thread \""); ok {
		if _, behind, found := strings.Cut(rest, "\" "); found {
			return behind
		}
	}
	return s
}

// javaServerFrames and javaClientFrames tell on which socket an error happened, by the class of a frame. The deepest
// frame decides: a server's are at the end of most traces, and a library's that it called nearer to their beginning.
var javaServerFrames = []string{
	"org.apache.catalina.", "org.apache.coyote.", "org.apache.tomcat.", "org.eclipse.jetty.server.", "org.eclipse.jetty.ee",
	"org.eclipse.jetty.http2.server.", "org.eclipse.jetty.io.", "org.eclipse.jetty.servlet.", "io.undertow.", "org.wildfly.extension.undertow",
	"reactor.netty.http.server.", "reactor.netty.tcp.TcpServer", "io.vertx.core.http.impl.Http1xServer", "io.vertx.core.http.impl.HttpServer",
	"io.vertx.core.http.impl.Http2Server", "io.vertx.ext.web.", "com.sun.net.httpserver.", "sun.net.httpserver.", "io.grpc.internal.ServerImpl",
	"io.grpc.internal.ServerCallImpl", "io.grpc.stub.ServerCalls", "io.grpc.netty.NettyServer", "io.grpc.netty.shaded.io.grpc.netty.NettyServer",
	"io.micronaut.http.server.", "org.glassfish.grizzly.http.", "weblogic.servlet.", "com.ibm.ws.webcontainer.", "com.ibm.wsspi.webcontainer.",
	"play.core.server.", "akka.http.impl.engine.server.", "org.apache.pekko.http.impl.engine.server.", "jakarta.servlet.", "javax.servlet.",
	"org.springframework.web.context.request.async.", "org.springframework.web.server.adapter.", "org.springframework.http.server.",
	"spark.http.", "fi.iki.elonen.NanoHTTPD", "ratpack.", "org.http4s.blaze.server", "io.ktor.server.", "com.linecorp.armeria.server.",
	"io.helidon.webserver.", "io.helidon.http.", "com.caucho.server.", "com.twitter.finagle.netty4.http.",
}

var javaClientFrames = []string{
	"org.apache.http.", "org.apache.hc.", "okhttp3.", "okio.", "com.squareup.okhttp.", "sun.net.www.", "jdk.internal.net.http.",
	"java.net.http.", "reactor.netty.http.client.", "reactor.netty.tcp.TcpClient", "org.springframework.web.client.",
	"org.springframework.web.reactive.function.client.", "org.springframework.http.client.", "org.springframework.data.redis.",
	"feign.", "retrofit2.", "org.eclipse.jetty.client.", "org.eclipse.jetty.http2.client.", "com.mysql.", "org.mariadb.",
	"org.postgresql.", "oracle.jdbc.", "oracle.net.", "com.microsoft.sqlserver.", "com.ibm.db2.", "redis.clients.", "io.lettuce.",
	"org.redisson.", "com.mongodb.", "org.apache.kafka.clients.", "com.rabbitmq.client.", "org.elasticsearch.client.",
	"net.spy.memcached.", "com.datastax.", "com.amazonaws.", "software.amazon.awssdk.", "com.google.api.client.",
	"io.grpc.stub.ClientCalls", "io.grpc.internal.ClientCallImpl", "io.grpc.netty.NettyClient", "javax.mail.", "jakarta.mail.",
	"com.sun.mail.", "org.apache.commons.net.", "org.apache.commons.httpclient.", "com.jcraft.jsch.", "io.vertx.core.http.impl.Http1xClient",
	"io.vertx.core.http.impl.HttpClient", "io.vertx.core.http.impl.Http2Client", "org.asynchttpclient.", "com.ning.http.client.",
	"io.micronaut.http.client.", "org.apache.zookeeper.ClientCnxn", "org.apache.curator.", "ch.qos.logback.core.net.",
	"org.apache.logging.log4j.core.net.", "net.logstash.logback.appender.", "com.sun.jndi.ldap.", "com.linecorp.armeria.client.",
	"io.ktor.client.", "io.r2dbc.", "dev.miku.r2dbc.", "io.asyncer.r2dbc.", "com.hazelcast.client.", "org.neo4j.driver.",
	"com.couchbase.client.", "io.nats.client.", "org.apache.activemq.transport.", "org.apache.pulsar.client.", "org.influxdb.",
	"com.influxdb.", "com.clickhouse.", "ru.yandex.clickhouse.", "akka.http.impl.engine.client.", "org.apache.cxf.transport.http.HTTPConduit",
	"org.glassfish.jersey.client.", "org.jboss.resteasy.client.", "org.apache.axis", "kong.unirest.",
}

// javaPipeFrames are of pipes to other processes and of files: no socket's.
var javaPipeFrames = []string{"java.io.FileOutputStream.write", "java.lang.ProcessImpl", "java.lang.UNIXProcess", "java.lang.ProcessPipeOutputStream"}

// javaReads and javaWrites are frames that tell what was being done with a client's socket.
var javaReads = []string{
	"org.apache.catalina.connector.InputBuffer.", "org.apache.catalina.connector.CoyoteInputStream.", "Http11InputBuffer.parseHeader",
	"org.apache.catalina.connector.Request.parseParts", "org.eclipse.jetty.server.HttpInput", "org.eclipse.jetty.ee10.servlet.HttpInput",
	"io.undertow.conduits.", "io.undertow.servlet.spec.ServletInputStreamImpl.", "io.undertow.server.handlers.form.", "io.undertow.io.AsyncReceiver",
	"io.undertow.channels.DetachableStreamSourceChannel.", "ServletServerHttpRequest", "javax.servlet.ServletInputStream", "jakarta.servlet.ServletInputStream",
}

var javaWrites = []string{
	"org.apache.catalina.connector.OutputBuffer.", "org.apache.catalina.connector.CoyoteOutputStream.", "Http11OutputBuffer", "coyote.http2.",
	"org.eclipse.jetty.server.HttpOutput", "org.eclipse.jetty.io.WriteFlusher", "org.eclipse.jetty.io.ChannelEndPoint.flush", "HttpResponseConduit",
	"io.undertow.servlet.spec.ServletOutputStreamImpl.", "StandardServletAsyncWebRequest$Lifecycle", ".SocketDispatcher.write", ".FileDispatcherImpl.write",
	".FileChannelImpl.transferTo", ".SocketOutputStream.", ".IOUtil.write", "javax.servlet.ServletOutputStream", "jakarta.servlet.ServletOutputStream",
	"io.grpc.stub.ServerCalls$ServerCallStreamObserverImpl.onNext", "sun.net.httpserver.ChunkedOutputStream", "sun.net.httpserver.FixedLengthOutputStream",
}

// javaIdles are frames that read the first line of a request.
var javaIdles = []string{
	"Http11InputBuffer.parseRequestLine", "org.eclipse.jetty.server.HttpConnection.fillRequestBuffer", "HttpReadListener.handleEvent",
	"org.eclipse.jetty.server.internal.HttpConnection.fillRequestBuffer",
}

var javaSocketReads = []string{".SocketDispatcher.read", ".FileDispatcherImpl.read", ".SocketInputStream.", ".IOUtil.read", "NioSocketImpl.read", "$SocketInputStream.read", "readAddress"}

// javaFrameOf cuts a line of a trace to "class.method": without "at " and the module.
func javaFrameOf(line string) string {
	s := strings.TrimLeft(line, " \t!")
	s, ok := strings.CutPrefix(s, "at ")
	if !ok {
		return ""
	}
	s = s[:min(len(s), 300)]
	if i := strings.IndexByte(s, '('); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	return s
}

// javaFrames goes over the frames of a trace, those of the deepest cause first, until seen returns false.
func (t *javaTrace) javaFrames(seen func(frame string) bool) {
	for _, x := range slices.Backward(t.chain) {
		for _, line := range x.frames {
			if f := javaFrameOf(line); f != "" && !seen(f) {
				return
			}
		}
	}
}

func hasPrefixOf(s string, list []string) bool {
	for _, p := range list {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
