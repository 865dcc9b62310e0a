// The logs that the browser tests read: written in the minutes before now, so that ranges which end now have data. What was
// written is counted while it is written: the page is compared with these counts, never with itself.

/** Written is what a log says, as its writer knows it. */
export interface Written {
  requests: number;
  hangups: number;
  clients: Set<string>;
  routes: Map<string, { requests: number; hangups: number }>;
}

/** hour is how far back the log goes, in seconds. */
export const begin = 100 * 60;

/** The client that all hostile lines come from. */
export const attacker = "198.51.100.66";

/** Payloads that would run, or rearrange or hide text, if any part of the page took them for more than text. */
export const payloads = {
  image: "/find/<img src=x onerror=alert(1)>",
  svg: "/find/'><svg/onload=alert(2)>",
  encoded: "/find/%3Cimg%20src%3Dx%20onerror%3Dalert(3)%3E",
  script: "/find/</script><script>alert(4)</script>",
  bidi: "/invoice\u202efdp.exe",
  ansi: "/colour/\u001b[31mred\u001b[0m",
  nul: "/nul/a\u0000b",
  sql: "/item/1';DROP TABLE disconnect;--",
  template: "/t/{{constructor.constructor('alert(5)')()}}",
} as const;

const agents = {
  app: "okhttp/4.12.0",
  browser: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  phone:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
};

interface Line {
  client: string;
  method: string;
  path: string;
  status: number;
  seconds: number;
  agent: string;
  referer?: string;
}

/** line writes one line of nginx's log in the layout nginx-timed, at unix time t. */
export function line(t: number, l: Line, id: number): string {
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const d = new Date(t * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${two(d.getUTCDate())}/${months[d.getUTCMonth()]}/${d.getUTCFullYear()}`;
  const time = `${day}:${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} +0000`;
  const gone = l.status === 499;
  const bytes = gone ? 0 : 512 + (id % 900);
  const rt = l.seconds.toFixed(3);
  const up = gone ? `uct="0.001" uht="-" urt="${rt}" us="-"` : `uct="0.001" uht="${rt}" urt="${rt}" us="${l.status}"`;
  const rid = id.toString(16).padStart(32, "0");
  return (
    `${l.client} - - [${time}] "${l.method} ${l.path} HTTP/1.1" ${l.status} ${bytes} "${l.referer ?? "-"}" ` +
    `"${l.agent}" rt=${rt} ${up} ua="10.0.0.5:8080" rid=${rid}\n`
  );
}

/** shopLog writes the log of a small shop until now: a phone app that gives up on a slow report after 2.0 s, since 40 minutes ago. */
export function shopLog(now: number): { text: Buffer; written: Written } {
  const random = generator(20261123);
  const written: Written = { requests: 0, hangups: 0, clients: new Set(), routes: new Map() };
  const out: Buffer[] = [];
  let id = 0;
  const put = (t: number, route: string, l: Line) => {
    out.push(Buffer.from(line(t, l, ++id)));
    written.requests++;
    const r = written.routes.get(route) ?? { requests: 0, hangups: 0 };
    written.routes.set(route, r);
    r.requests++;
    if (l.status !== 499) return;
    r.hangups++;
    written.hangups++;
    written.clients.add(l.client);
  };
  const between = (a: number, b: number) => a * (b / a) ** random();
  for (let t = now - begin; t < now - 5; t += 5) {
    const slow = t > now - 40 * 60;
    const client = () => `203.0.113.${1 + Math.floor(random() ** 2 * 60)}`;
    for (let i = 0; i < 5; i++) {
      const page = 1000 + Math.floor(random() * 400);
      put(t, "GET /products/{id}", {
        client: client(),
        method: "GET",
        path: `/products/${page}`,
        status: 200,
        seconds: between(0.01, 0.3),
        agent: agents.browser,
      });
    }
    put(t, "GET /", {
      client: client(),
      method: "GET",
      path: "/",
      status: 200,
      seconds: between(0.004, 0.08),
      agent: agents.phone,
    });
    const leaves = random() < 0.12;
    put(t, "POST /search", {
      client: client(),
      method: "POST",
      path: "/search?q=shoes&token=geheim",
      status: leaves ? 499 : 200,
      seconds: leaves ? between(0.8, 20) : between(0.2, 2.5),
      agent: agents.browser,
      referer: "https://shop.example/",
    });
    const gives = random() < (slow ? 0.55 : 0.03);
    put(t, "GET /api/report", {
      client: client(),
      method: "GET",
      path: "/api/report",
      status: gives ? 499 : 200,
      seconds: gives ? 2.0 + random() * 0.006 : slow ? between(0.6, 1.99) : between(0.2, 1.4),
      agent: agents.app,
    });
    if (random() < 0.05) {
      put(t, "GET /export/{date}", {
        client: "10.1.2.3",
        method: "GET",
        path: "/export/2026-11-20",
        status: random() < 0.5 ? 499 : 200,
        seconds: 60 + random() * 0.01,
        agent: "curl/8.5.0",
      });
    }
  }
  return { text: Buffer.concat(out), written };
}

/** hostileLog writes what an attacker would have the log say, and lines that no log writes. */
export function hostileLog(now: number): { text: Buffer; unparsed: string[] } {
  const out: Buffer[] = [];
  let id = 900_000;
  for (const path of Object.values(payloads)) {
    out.push(
      Buffer.from(
        line(
          now - 300 + (id - 900_000),
          {
            client: attacker,
            method: "GET",
            path,
            status: 499,
            seconds: 1.5,
            agent: "x<img src=x onerror=alert(7)>\\x22><svg onload=alert(8)>",
            referer: "javascript:alert(9)",
          },
          ++id,
        ),
      ),
    );
  }
  const bad = Buffer.from(
    line(
      now - 200,
      { client: attacker, method: "GET", path: "/bad/@@", status: 499, seconds: 1, agent: "curl/8" },
      ++id,
    ),
  );
  bad[bad.indexOf("@@")] = 0xff; // not UTF-8
  bad[bad.indexOf("@")] = 0xc0;
  out.push(bad);
  out.push(
    Buffer.from(
      line(
        now - 190,
        {
          client: attacker,
          method: "GET",
          path: `/long/${"a".repeat(100_000)}`,
          status: 499,
          seconds: 1,
          agent: "curl/8",
        },
        ++id,
      ),
    ),
  );
  const unparsed = ["<img src=x onerror=alert(10)> is no line of a log", "\u001b]0;owned\u0007 nor is <b>this</b>"];
  for (const u of unparsed) out.push(Buffer.from(`${u}\n`));
  return { text: Buffer.concat(out), unparsed };
}

/** generator returns a small pseudo-random generator (mulberry32): the same seed gives the same log. */
function generator(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
