// Starts the real server on a database of its own, with logs of its own, and waits until all of them are read.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { hostileLog, line, shopLog } from "./logs";

const root = resolve(import.meta.dirname, "../..");

/** Stage is what the tests need to know of what was set up; it is handed over in the environment. */
export interface Stage {
  url: string;
  live: string; // path of the log that tests append to
  now: number; // unix seconds when the logs were written
  requests: number;
  hangups: number;
  clients: number;
  routes: Record<string, { requests: number; hangups: number }>;
  unparsed: string[];
}

export default async function setup(): Promise<() => Promise<void>> {
  if (!existsSync(join(root, "web/dist/index.html"))) {
    throw new Error("The page is not built: run `npm run build` in web first.");
  }
  const dir = mkdtempSync(join(tmpdir(), "hangup-browser-"));
  chmodSync(dir, 0o755); // as root the private PostgreSQL runs as another user, which must get in
  execFileSync("go", ["build", "-o", join(dir, "hangup"), "./cmd/hangup"], { cwd: root, stdio: "inherit" });

  const now = Math.floor(Date.now() / 1000);
  const shop = join(dir, "shop.log");
  const hostile = join(dir, "hostile.log");
  const live = join(dir, "live.log");
  const { text, written } = shopLog(now);
  const { text: bad, unparsed } = hostileLog(now);
  writeFileSync(shop, text);
  writeFileSync(hostile, bad);
  writeFileSync(
    live,
    line(now, { client: "192.0.2.9", method: "GET", path: "/live/begin", status: 200, seconds: 1, agent: "curl/8" }, 1),
  );

  const { DATABASE_URL: _, ...env } = process.env;
  const server = spawn(
    join(dir, "hangup"),
    ["serve", "--listen", "127.0.0.1:0", "--state-dir", join(dir, "state"), "--log-level", "warn", shop, hostile, live],
    { cwd: root, env: { ...env, TZ: "UTC" }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = new Promise<never>((_, fail) => {
    server.once("exit", (code) => fail(new Error(`hangup serve ended with ${code} before the tests did`)));
  });
  ended.catch(() => undefined); // told to whoever waits below; the end of the tests is an ordinary one

  const address = new Promise<string>((found) => {
    createInterface({ input: server.stdout }).on("line", (l) => {
      const m = /http:\/\/[0-9.]+:[0-9]+/.exec(l);
      if (m) found(m[0]);
    });
  });
  const url = await Promise.race([address, ended]);
  await Promise.race([settled(url), ended]);

  const stage: Stage = {
    url,
    live,
    now,
    requests: written.requests,
    hangups: written.hangups,
    clients: written.clients.size,
    routes: Object.fromEntries(written.routes),
    unparsed,
  };
  process.env.HANGUP_STAGE = JSON.stringify(stage);

  return async () => {
    const gone = new Promise((done) => server.once("exit", done));
    server.kill("SIGTERM");
    await gone;
    rmSync(dir, { recursive: true, force: true });
  };
}

/** settled waits until the server is ready and has read all logs to their ends. */
async function settled(url: string): Promise<void> {
  const until = Date.now() + 60_000;
  let last = "";
  while (Date.now() < until) {
    try {
      const { items } = (await (await fetch(`${url}/api/v1/sources`)).json()) as {
        items: { lag_bytes: number; records: { read: number } }[];
      };
      if (items.length === 3 && items.every((s) => s.records.read > 0 && s.lag_bytes === 0)) return;
      last = JSON.stringify(items);
    } catch (cause) {
      last = String(cause);
    }
    await new Promise((again) => setTimeout(again, 100));
  }
  throw new Error(`The logs were not read within a minute: ${last}`);
}
