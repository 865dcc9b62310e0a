// Builds the program, writes the logs, starts the server, and waits until all of them are read.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { hostileLog, line, shopLog } from "./logs";
import { serve, settled } from "./server";

const root = resolve(import.meta.dirname, "../..");

/** Stage is what the tests need to know of what was set up; it is handed over in the environment. */
export interface Stage {
  url: string;
  program: string; // path of the program
  dir: string; // directory for further servers
  live: string; // path of the log that tests append to
  now: number; // unix seconds when the logs were written
  requests: number;
  hangups: number;
  routes: Record<string, { requests: number; hangups: number }>;
  unparsed: string[];
}

export default async function setup(): Promise<() => Promise<void>> {
  if (!existsSync(join(root, "web/dist/index.html"))) {
    throw new Error("The page is not built: run `npm run build` in web first.");
  }
  const dir = mkdtempSync(join(tmpdir(), "hangup-browser-"));
  const left: (() => Promise<void>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  const clear = async () => {
    for (const undo of left.reverse()) await undo();
  };
  try {
    await stand(dir, left);
  } catch (cause) {
    await clear();
    throw cause;
  }
  return clear;
}

/** stand sets everything up in dir; what is to be undone at the end is put in left. */
async function stand(dir: string, left: (() => Promise<void>)[]): Promise<void> {
  chmodSync(dir, 0o755); // as root the private PostgreSQL runs as another user, which must get in
  const program = join(dir, "hangup");
  execFileSync("go", ["build", "-o", program, "./cmd/hangup"], { cwd: root, stdio: "inherit" });

  const now = Math.floor(Date.now() / 1000);
  const shop = shopLog(now);
  const hostile = hostileLog(now);
  const begin = { client: "192.0.2.9", method: "GET", path: "/live/begin", status: 200, seconds: 1, agent: "curl/8" };
  const files = { shop: join(dir, "shop.log"), hostile: join(dir, "hostile.log"), live: join(dir, "live.log") };
  writeFileSync(files.shop, shop.text);
  writeFileSync(files.hostile, hostile.text);
  writeFileSync(files.live, line(now, begin, 1));

  const server = await serve(program, dir, Object.values(files));
  left.push(server.stop);
  await Promise.race([settled(server.url, 3), server.ended]);

  const stage: Stage = {
    url: server.url,
    program,
    dir,
    live: files.live,
    now,
    requests: shop.written.requests,
    hangups: shop.written.hangups,
    routes: Object.fromEntries(shop.written.routes),
    unparsed: hostile.unparsed,
  };
  process.env.HANGUP_STAGE = JSON.stringify(stage);
}
