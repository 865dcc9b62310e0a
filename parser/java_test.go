package parser

import (
	"strings"
	"testing"
)

// TestJavaHeads reads the first lines that patterns make.
func TestJavaHeads(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, time, level, logger string }{
		{"2018-11-02 11:45:41.985 ERROR 17227 --- [nio-8080-exec-2] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : x", "2018-11-02T11:45:41.985Z", "ERROR", "o.a.c.c.C.[.[.[/].[dispatcherServlet]"},
		{"2018-11-02 11:45:41.985  INFO [shop,64f1c2,64f1c2,true] 7 --- [           main] c.e.App : x", "2018-11-02T11:45:41.985Z", "INFO", "c.e.App"},
		{"2024-03-22T10:00:00.123+01:00  WARN 1 --- [shop] [nio-8080-exec-1] [64f1c2aa-64f1] c.e.App   : x", "2024-03-22T09:00:00.123Z", "WARN", "c.e.App"},
		{"2024-03-22T10:00:00.123Z  INFO  --- [           main] c.e.App   : x", "2024-03-22T10:00:00.123Z", "INFO", "c.e.App"},
		{"2026-11-22 10:00:01,000 [grpc-default-executor-3] WARN  c.e.Client - x", "2026-11-22T10:00:01Z", "WARN", "c.e.Client"},
		{"2026-11-22 10:00:01.000 [main] WARN  c.e.Client -- x", "2026-11-22T10:00:01Z", "WARN", "c.e.Client"},
		{"2026-11-22 10:00:01,000 WARN  [main] c.e.Client:57 - x", "2026-11-22T10:00:01Z", "WARN", "c.e.Client"},
		{"2026-11-22 10:00:01 ERROR OrderService:57 - x", "2026-11-22T10:00:01Z", "ERROR", "OrderService"},
		{"2026-11-22 10:00:01 | ERROR | http-nio-1 | c.e.Client | x", "2026-11-22T10:00:01Z", "ERROR", "c.e.Client"},
		{"10:00:00.123 [main] INFO  c.e.App - x", "", "INFO", "c.e.App"},
		{"10:00:00.123 [main] INFO c.e.App -- x", "", "INFO", "c.e.App"},
		{"10:00:00,123 DEBUG [io.undertow.request.io] (default task-5) x", "", "DEBUG", "io.undertow.request.io"},
		{"2026-11-22 10:00:01,123 ERROR [io.qua.ver.htt.run.QuarkusErrorHandler] (executor-thread-1) x", "2026-11-22T10:00:01.123Z", "ERROR", "io.qua.ver.htt.run.QuarkusErrorHandler"},
		{"26/11/22 10:00:01 WARN c.e.TaskSetManager: x", "2026-11-22T10:00:01Z", "WARN", "c.e.TaskSetManager"},
		{"WARN  [2015-04-17 22:15:02,421] org.eclipse.jetty.server.HttpChannel: /foo", "2015-04-17T22:15:02.421Z", "WARN", "org.eclipse.jetty.server.HttpChannel"},
		{"[2026-11-22 10:00:01,123] [http-1] ERROR [c.e.Handler.handle:49] - x", "2026-11-22T10:00:01.123Z", "ERROR", "c.e.Handler.handle"},
		{"[2026-11-22T10:00:01,123][WARN ][o.e.t.TcpTransport] [node] x", "", "", ""},
		{"22 Nov 2026 10:00:01,123 [main] ERROR c.e.App - x", "2026-11-22T10:00:01.123Z", "ERROR", "c.e.App"},
		{"0    [main] INFO  c.e.App  - x", "", "INFO", "c.e.App"},
		{"[reactor-http-epoll-5] WARN  reactor.netty.channel.FluxReceive [299]- x", "", "WARN", "reactor.netty.channel.FluxReceive"},
		{"\x1b[2m2024-03-22T10:00:00.123Z\x1b[0;39m \x1b[32m INFO\x1b[0;39m \x1b[35m1\x1b[0;39m \x1b[2m---\x1b[0;39m \x1b[2m[main]\x1b[0;39m \x1b[36mc.e.App\x1b[0;39m \x1b[2m:\x1b[0;39m x", "2024-03-22T10:00:00.123Z", "INFO", "c.e.App"},
		// others' lines
		{"2026-11-23 07:19:09,128 - server - ERROR - x", "", "", ""},
		{"2026/11/22 10:00:00 [info] 1#1: *1 x", "", "", ""},
		{"2026-11-22 10:00:00.123 UTC [123] LOG:  x", "", "", ""},
		{"2026-11-22T10:00:00.123456Z 12 [Note] [MY-010914] [Server] Aborted connection", "", "", ""},
		{"2022-12-01T18:58:16.237349Z ERROR api::server: x", "", "", ""},
		{"2026-11-22 10:00:01 INFO Started the server", "", "", ""},
	}
	for _, tt := range tests {
		r := records(t, []byte(tt.line), Options{Format: "spring-boot"})[0]
		got := [3]string{}
		for i, k := range []string{"time", "level", "logger"} {
			got[i], _ = r[k].(string)
		}
		if want := [3]string{tt.time, tt.level, tt.logger}; got != want {
			t.Errorf("%s: %v, want %v", tt.line, got, want)
		}
	}
}

// TestJavaOwnHeads reads the heads of Tomcat, java.util.logging and Jetty.
func TestJavaOwnHeads(t *testing.T) {
	t.Parallel()
	tests := []struct{ format, line, time, level, logger string }{
		{"tomcat-catalina", "22-Nov-2026 10:00:00.130 INFORMATION [main] org.apache.catalina.startup.Catalina.start x", "2026-11-22T10:00:00.13Z", "INFORMATION", "org.apache.catalina.startup.Catalina.start"},
		{"tomcat-catalina", "22-Nov-2026 10:00:00.130 警告 [main] org.apache.catalina.startup.Catalina.start x", "2026-11-22T10:00:00.13Z", "警告", "org.apache.catalina.startup.Catalina.start"},
		{"tomcat-catalina", "Nov 23, 2026 12:15:27 AM org.apache.coyote.AbstractProtocol init\nINFO: x", "2026-11-23T00:15:27Z", "INFO", "org.apache.coyote.AbstractProtocol"},
		{"tomcat-catalina", "Nov 23, 2026 1:15:27\u202fPM org.apache.coyote.AbstractProtocol init\nINFO: x", "2026-11-23T13:15:27Z", "INFO", "org.apache.coyote.AbstractProtocol"},
		{"tomcat-catalina", "Nov. 23, 2026 1:15:27 NACHM. org.apache.coyote.AbstractProtocol init\nINFORMATION: x", "2026-11-23T13:15:27Z", "INFORMATION", "org.apache.coyote.AbstractProtocol"},
		{"tomcat-catalina", "十一月 23, 2026 1:15:27 下午 org.apache.coyote.AbstractProtocol init\n信息: x", "2026-11-23T13:15:27Z", "信息", "org.apache.coyote.AbstractProtocol"},
		{"tomcat-catalina", "déc. 23, 2026 1:15:27 PM org.apache.coyote.AbstractProtocol init\nGRAVE: x", "2026-12-23T13:15:27Z", "GRAVE", "org.apache.coyote.AbstractProtocol"},
		{"jetty-stderr", "2012-03-01 10:00:00.123:WARN:oejs.AbstractHttpConnection:/foo", "2012-03-01T10:00:00.123Z", "WARN", "oejs.AbstractHttpConnection"},
		{"jetty-stderr", "2012-03-01 10:00:00.123:INFO :oejs.Server:main: Started @1ms", "2012-03-01T10:00:00.123Z", "INFO", "oejs.Server"},
		{"jetty-stderr", "2012-03-01 10:00:00.123:WARN::qtp443484261-44:", "2012-03-01T10:00:00.123Z", "WARN", ""},
	}
	for _, tt := range tests {
		r := records(t, []byte(tt.line), Options{Format: tt.format})[0]
		got := [3]string{}
		for i, k := range []string{"time", "level", "logger"} {
			got[i], _ = r[k].(string)
		}
		if want := [3]string{tt.time, tt.level, tt.logger}; got != want {
			t.Errorf("%s: %v, want %v", tt.line, got, want)
		}
	}
}

// javaHeadLine stands before the messages of tests.
const javaHeadLine = "2024-03-22T10:00:00.123Z ERROR 1 --- [main] c.e.Orders : "

// TestJavaMessages reads messages without a trace.
func TestJavaMessages(t *testing.T) {
	t.Parallel()
	tests := []struct{ message, want string }{
		{"Resolved [org.springframework.web.context.request.async.AsyncRequestTimeoutException]", "server/timeout/waiting"},
		{"Resolved [org.springframework.web.context.request.async.AsyncRequestNotUsableException: ServletOutputStream failed to write: java.io.IOException: Broken pipe]", "client/broken_pipe/response"},
		{"Ignoring exception, response committed already: org.springframework.web.context.request.async.AsyncRequestNotUsableException: Response not usable after response errors.", "client/unknown/response"},
		{"Resolved [org.springframework.http.converter.HttpMessageNotReadableException: I/O error while reading input message; nested exception is org.apache.catalina.connector.ClientAbortException: java.io.EOFException: Unexpected EOF read on the socket]", "client/closed/request"},
		{"Failed to complete request: org.apache.catalina.connector.ClientAbortException: java.io.IOException: Connection reset by peer", "client/reset/response"},
		{"org.apache.catalina.connector.ClientAbortException: java.io.IOException: 断开的管道", "client/broken_pipe/response"},
		{"org.apache.catalina.connector.ClientAbortException: java.io.IOException: 你的主机中的软件中止了一个已建立的连接。", "client/aborted/response"},
		{"org.apache.catalina.connector.ClientAbortException: java.net.SocketTimeoutException", "client/timeout/unknown"},
		{"[3f2a] Error [io.netty.channel.unix.Errors$NativeIoException: readAddress(..) failed: Connection reset by peer] for HTTP GET \"/a?b=1\", but ServerHttpResponse already committed (200 OK)", "client/reset/response"},
		{"Looks like the client has gone away: java.io.IOException: Broken pipe", "client/broken_pipe/response"},
		{"client went away: java.io.IOException: Connection reset by peer", "client/reset/unknown"},
		{"Client 203.0.113.9 disconnected", "client/closed/unknown"},
		{"io.grpc.StatusRuntimeException: CANCELLED: call already cancelled", "client/closed/response"},
		{"io.grpc.StatusRuntimeException: CANCELLED: cancelled before receiving half close", "client/closed/request"},
		{"io.grpc.StatusRuntimeException: UNAVAILABLE: io exception", "upstream/unknown/unknown"},
		{"io.grpc.StatusRuntimeException: DEADLINE_EXCEEDED: deadline exceeded after 4.9s", "upstream/timeout/waiting"},
		{`I/O error on GET request for "http://stock:80/a": Unexpected end of file from server; nested exception is java.net.SocketException: Unexpected end of file from server`, "upstream/closed/waiting"},
		{"feign.RetryableException: Read timed out executing GET http://stock/a", "upstream/timeout/waiting"},
		{"feign.RetryableException: Connection refused executing GET http://stock/a", "other"},
		{"org.apache.http.NoHttpResponseException: stock:80 failed to respond", "upstream/closed/waiting"},
		{"java.io.IOException: unexpected end of stream on http://stock:80/...", "upstream/closed/waiting"},
		{"java.io.IOException: HTTP/1.1 header parser received no bytes", "upstream/closed/waiting"},
		{"reactor.netty.http.client.PrematureCloseException: Connection prematurely closed DURING response", "upstream/closed/response"},
		{"redis.clients.jedis.exceptions.JedisConnectionException: java.net.SocketException: Broken pipe", "upstream/broken_pipe/unknown"},
		{"write failed: java.io.IOException: Broken pipe", "unknown/broken_pipe/unknown"},
		{"java.io.IOException: An existing connection was forcibly closed by the remote host", "unknown/reset/unknown"},
		{"redis write failed: java.io.IOException: Broken pipe", "upstream/broken_pipe/unknown"},
		{"java.nio.channels.ClosedChannelException", "unknown/closed/unknown"},
		// nobody hung up
		{"java.net.ConnectException: Connection refused", "other"},
		{"io.netty.channel.AbstractChannel$AnnotatedConnectException: finishConnect(..) failed: Connection refused: stock/10.0.0.9:80", "other"},
		{"java.net.SocketTimeoutException: connect timed out", "other"},
		{"java.net.UnknownHostException: stock", "other"},
		{"java.util.concurrent.TimeoutException", "other"},
		{"java.io.EOFException", "other"},
		{"java.lang.IllegalStateException: The word Broken pipe", "other"},
		{`select * from t where a = "java.io.IOException: Broken pipe"`, "other"},
		{"GET /docs/broken-pipe 200", "other"},
		{"User alice disconnected Google account", "other"},
		{"redis: client closed connection", "other"},
		{"java.io.FileNotFoundException: /a/Connection reset (No such file or directory)", "other"},
		{"Connection reset count is 0", "other"},
		{"org.postgresql.util.PSQLException: Connection to localhost:5432 refused.", "other"},
	}
	for _, tt := range tests {
		r := records(t, []byte(javaHeadLine+tt.message), Options{Format: "spring-boot"})[0]
		if got := outcome(r); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.message, got, tt.want)
		}
	}
}

// TestJavaTraces reads traces that differ in who is at the other end of the socket.
func TestJavaTraces(t *testing.T) {
	t.Parallel()
	frames := func(list ...string) string {
		var b strings.Builder
		for _, f := range list {
			b.WriteString("\tat " + f + "(X.java:1)\n")
		}
		return b.String()
	}
	write := frames("java.base/sun.nio.ch.FileDispatcherImpl.write0", "java.base/sun.nio.ch.SocketDispatcher.write")
	read := frames("java.base/sun.nio.ch.SocketDispatcher.read0", "java.base/sun.nio.ch.IOUtil.read")
	servlet := frames("c.e.Shop.get", "jakarta.servlet.http.HttpServlet.service", "org.apache.catalina.core.StandardWrapperValve.invoke")
	tests := []struct{ name, text, want, message string }{
		{"Tomcat's answer", "java.io.IOException: Broken pipe\n" + write + frames("org.apache.tomcat.util.net.NioChannel.write") + servlet, "client/broken_pipe/response", "java.io.IOException: Broken pipe"},
		{"Tomcat's next request", "java.io.IOException: Connection reset by peer\n" + read + frames("org.apache.tomcat.util.net.NioChannel.read", "org.apache.coyote.http11.Http11InputBuffer.fill", "org.apache.coyote.http11.Http11InputBuffer.parseRequestLine"), "client/reset/idle", ""},
		{"a body that ends", "java.io.EOFException\n" + frames("org.apache.tomcat.util.net.NioEndpoint$NioSocketWrapper.fillReadBuffer", "org.apache.catalina.connector.InputBuffer.realReadBytes"), "client/closed/request", ""},
		{"a body that does not come", "org.apache.catalina.connector.ClientAbortException: java.net.SocketTimeoutException\n" + frames("org.apache.catalina.connector.InputBuffer.realReadBytes"), "client/timeout/request", ""},
		{"a file that ends", "java.io.EOFException\n" + frames("java.io.DataInputStream.readFully", "c.e.Files.read"), "other", ""},
		{"a client of Apache's in a servlet", "java.net.SocketException: Connection reset\n" + frames("java.base/sun.nio.ch.NioSocketImpl.read", "org.apache.http.impl.io.SessionInputBufferImpl.fillBuffer") + servlet, "upstream/reset/waiting", ""},
		{"a database in a servlet", "java.net.SocketException: Broken pipe (Write failed)\n" + frames("java.net.SocketOutputStream.socketWrite0", "com.mysql.cj.protocol.ReadAheadInputStream.x") + servlet, "upstream/broken_pipe/request", ""},
		{"a slow upstream", "java.net.SocketTimeoutException: Read timed out\n" + frames("java.base/sun.nio.ch.NioSocketImpl.timedRead", "okhttp3.internal.http1.X.read") + servlet, "upstream/timeout/waiting", ""},
		{"a timeout of anything", "java.net.SocketTimeoutException: Read timed out\n" + frames("c.e.A.b"), "other", ""},
		{"Jetty", "org.eclipse.jetty.io.EofException\n" + frames("org.eclipse.jetty.io.ChannelEndPoint.flush") + "Caused by: java.io.IOException: Connection reset by peer\n" + write + "\t... 9 more", "client/reset/response", "java.io.IOException: Connection reset by peer"},
		{"Jetty, closed", "org.eclipse.jetty.io.EofException: Closed\n" + frames("org.eclipse.jetty.server.HttpOutput.write"), "client/closed/response", "org.eclipse.jetty.io.EofException: Closed"},
		{"Jetty, early end", "org.eclipse.jetty.io.EofException: Early EOF\n" + frames("org.eclipse.jetty.server.HttpInput$3.getError"), "client/closed/request", ""},
		{"Jetty's idle timeout", "java.io.IOException: java.util.concurrent.TimeoutException: Idle timeout expired: 30001/30000 ms\n" + frames("org.eclipse.jetty.server.HttpInput.read"), "client/timeout/request", ""},
		{"Jetty's client's idle timeout", "java.util.concurrent.TimeoutException: Idle timeout expired: 30001/30000 ms\n" + frames("org.eclipse.jetty.client.http.HttpConnectionOverHTTP.onIdleExpired"), "upstream/timeout/waiting", ""},
		{"Undertow, a body", "java.io.IOException: UT000128: Remote peer closed connection before all data could be read\n" + frames("io.undertow.conduits.AbstractFixedLengthStreamSourceConduit.exitRead"), "client/closed/request", ""},
		{"Undertow, between requests", "java.io.IOException: Connection reset by peer\n" + read + frames("org.xnio.nio.NioSocketConduit.read", "io.undertow.server.protocol.http.HttpReadListener.handleEventWithNoRunningRequest"), "client/reset/idle", ""},
		{"root cause first", "java.io.IOException: Broken pipe\n" + write + "Wrapped by: org.apache.catalina.connector.ClientAbortException: java.io.IOException: Broken pipe\n" + frames("org.apache.catalina.connector.OutputBuffer.realWriteBytes"), "client/broken_pipe/response", "org.apache.catalina.connector.ClientAbortException: java.io.IOException: Broken pipe"},
		{"a circle", "java.lang.RuntimeException: x\n" + frames("c.e.A.b") + "Caused by: java.io.IOException: Broken pipe\n" + write + servlet + "Caused by: [CIRCULAR REFERENCE:java.lang.RuntimeException: x]", "client/broken_pipe/response", ""},
		{"a suppressed one does not count", "java.lang.RuntimeException: x\n" + frames("c.e.A.b") + "\tSuppressed: java.io.IOException: Broken pipe\n\t\tat c.e.A.close(A.java:1)\n\tCaused by: java.io.IOException: Broken pipe\n\t\t... 1 more", "other", ""},
		{"a cause behind a suppressed one", "java.lang.RuntimeException: x\n" + frames("c.e.A.b") + "\tSuppressed: java.lang.Exception: y\n\t\tat c.e.A.close(A.java:1)\nCaused by: java.io.IOException: Broken pipe\n" + write + servlet, "client/broken_pipe/response", "java.io.IOException: Broken pipe"},
		{"a pipe to a process", "java.io.IOException: Broken pipe\n" + frames("java.io.FileOutputStream.writeBytes", "java.io.BufferedOutputStream.flush") + servlet, "unknown/broken_pipe/unknown", ""},
		{"a connection that never was", "org.springframework.web.client.ResourceAccessException: I/O error on GET request for \"http://a\": Connection refused\n" + frames("c.e.A.b") + "Caused by: java.net.ConnectException: Connection refused\n" + frames("java.net.X.connect"), "other", ""},
		{"gRPC with a cause", "io.grpc.StatusRuntimeException: UNAVAILABLE: io exception\n" + frames("io.grpc.stub.ClientCalls.toStatusRuntimeException") + "Caused by: java.io.IOException: Connection reset by peer\n" + read, "upstream/reset/waiting", "java.io.IOException: Connection reset by peer"},
		{"gRPC refused", "io.grpc.StatusRuntimeException: UNAVAILABLE: io exception\n" + frames("io.grpc.stub.ClientCalls.toStatusRuntimeException") + "Caused by: java.net.ConnectException: Connection refused", "other", ""},
		{"a part of a form", "org.springframework.web.multipart.MultipartException: Failed to parse multipart servlet request; nested exception is java.io.IOException: org.apache.tomcat.util.http.fileupload.impl.IOFileUploadException: Processing of multipart/form-data request failed. java.io.EOFException\n" + frames("org.springframework.web.multipart.support.X.y", "org.apache.catalina.connector.Request.parseParts"), "client/closed/request", ""},
		{"no exception", "the end", "other", ""},
		{"Vert.x", "io.vertx.core.http.HttpClosedException: Connection was closed\n" + frames("io.vertx.core.http.impl.Http1xServerConnection.handleClosed"), "client/closed/unknown", ""},
		{"a gone client of the JDK's server", "java.io.IOException: Broken pipe\n" + write + frames("jdk.httpserver/sun.net.httpserver.Request$WriteStream.write", "jdk.httpserver/sun.net.httpserver.ChunkedOutputStream.writeChunk"), "client/broken_pipe/response", ""},
	}
	for _, tt := range tests {
		for _, head := range []string{javaHeadLine + "failed\n\n", ""} {
			if head == "" && !isJavaException(strings.SplitN(tt.text, "\n", 2)[0]) {
				continue
			}
			list := records(t, []byte(head+tt.text), Options{Format: "spring-boot"})
			if got := outcome(list[0]); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
			if tt.message != "" && list[0]["message"] != tt.message {
				t.Errorf("%s: message %q, want %q", tt.name, list[0]["message"], tt.message)
			}
			if tt.text != "the end" && len(list) != 1 {
				t.Errorf("%s: %d records: %v", tt.name, len(list), list)
			}
		}
	}
}

// TestJavaDetails reads the ends of connections and the requests that messages name.
func TestJavaDetails(t *testing.T) {
	t.Parallel()
	tests := []struct{ format, text, key, want string }{
		{"spring-boot", javaHeadLine + `[3f2a] Error [java.io.IOException: Broken pipe] for HTTP GET "/a?b=1", but ServerHttpResponse already committed (200 OK)`, "path", "/a"},
		{"spring-boot", javaHeadLine + `[3f2a] Error [java.io.IOException: Broken pipe] for HTTP GET "/a?b=1", but ServerHttpResponse already committed (200 OK)`, "method", "GET"},
		{"spring-boot", javaHeadLine + "Forwarding to error page from request [/a/b] due to exception [java.io.IOException: Broken pipe]\norg.apache.catalina.connector.ClientAbortException: java.io.IOException: Broken pipe", "path", "/a/b"},
		{"netty-undertow", "10:00:00,123 ERROR [io.undertow.request] (default task-5) UT005023: Exception handling request to /a\njava.io.IOException: Broken pipe\n\tat io.undertow.server.X.y(X.java:1)", "path", "/a"},
		{"netty-undertow", "10:00:00,123 ERROR [io.undertow.request] (default task-5) UT005071: Undertow request failed HttpServerExchange{ GET /a}\njava.io.IOException: Broken pipe\n\tat io.undertow.server.X.y(X.java:1)", "path", "/a"},
		{"tomcat-catalina", "22-Nov-2026 10:00:00.123 SEVERE [x-1] org.apache.catalina.core.StandardWrapperValve.invoke x\n\tjava.io.IOException: Connection reset by peer", "phase", "response"},
		{"netty-undertow", "2026-11-22 10:00:02,000 [r-1] WARN  r.n.http.client.HttpClientConnect - [3f2a-1, L:/10.0.0.1:51234 - R:stock/10.0.0.9:80] The connection observed an error\nio.netty.handler.timeout.ReadTimeoutException: null", "how", "timeout"},
		{"netty-undertow", "2026-11-22 10:00:02,000 [r-1] WARN  r.n.http.server.HttpServer - [3f2a-1, L:/10.0.0.1:8080 - R:/203.0.113.7:51234] x\nreactor.netty.channel.AbortedException: Connection has been closed BEFORE send operation", "phase", "response"},
		{"jetty-stderr", "2026-11-23 07:15:42.974:WARN:oejs.HttpChannel:qtp780237624-19: /a\norg.eclipse.jetty.io.EofException", "path", "/a"},
		{"netty-undertow", "2026-11-22 10:00:02,000 [r-1] WARN  r.n.http.server.HttpServer - [3f2a-1, L:/10.0.0.1:8080 - R:/[2001:db8::7]:51234] x\njava.io.IOException: Broken pipe", "client", "2001:db8::7"},
		{"netty-undertow", "2026-11-22 10:00:02,000 [r-1] WARN  c.e.X - [id: 0x1, L:/10.0.0.1:8080 ! R:/203.0.113.7:51234] x\njava.io.IOException: Connection reset by peer", "client", "203.0.113.7"},
		{"netty-undertow", "2026-11-22 10:00:02,000 [r-1] WARN  c.e.X - [id: 0x1, L:/10.0.0.1:51234 - R:/10.0.0.9:8080] x\njava.io.IOException: Connection reset by peer", "upstream", "10.0.0.9:8080"},
		{"spring-boot", javaHeadLine + "could not answer 203.0.113.9 rid=r1\norg.apache.catalina.connector.ClientAbortException: java.io.IOException: Broken pipe", "client", "203.0.113.9"},
		{"spring-boot", javaHeadLine + "feign.RetryableException: Read timed out executing GET http://stock:8080/a", "upstream", "stock:8080"},
	}
	for _, tt := range tests {
		if got := records(t, []byte(tt.text), Options{Format: tt.format})[0][tt.key]; got != tt.want {
			t.Errorf("%s: %s is %v, want %s", tt.text, tt.key, got, tt.want)
		}
	}
}

// TestJavaCut reads traces that a rotation cut: their rest is no record, and nobody's disconnect.
func TestJavaCut(t *testing.T) {
	t.Parallel()
	log := "\tat c.e.A.b(A.java:1)\nCaused by: java.io.IOException: Broken pipe\n\tat c.e.A.c(A.java:2)\n\t... 4 more\n" + javaHeadLine + "x"
	list := records(t, []byte(log), Options{Format: "tomcat-catalina"})
	if len(list) != 2 || list[0]["reason"] != "continuation" || list[0]["lines"] != 4.0 || list[1]["event"] != "other" {
		t.Errorf("%v", list)
	}
}
