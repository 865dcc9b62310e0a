// Runs the real program on a database of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Server is a running `hangup serve`. */
export interface Server {
  url: string;
  ended: Promise<never>; // rejects when the program ends
  stop: () => Promise<void>;
}

/** serve starts the program in dir on a free port, with its data below dir, and waits until it says its address. */
export async function serve(program: string, dir: string, files: string[]): Promise<Server> {
  const { DATABASE_URL: _, ...env } = process.env;
  const child: ChildProcess = spawn(
    program,
    ["serve", "--listen", "127.0.0.1:0", "--state-dir", join(dir, "state"), "--log-level", "warn", ...files],
    { cwd: dir, env: { ...env, TZ: "UTC" }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = new Promise<never>((_, fail) => {
    child.once("exit", (code) => fail(new Error(`hangup serve ended with ${code} before the tests did`)));
  });
  ended.catch(() => undefined); // told to whoever waits below; the end of the tests is an ordinary one
  const address = new Promise<string>((found) => {
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on("line", (l) => {
      const m = /http:\/\/[0-9.]+:[0-9]+/.exec(l);
      if (m) found(m[0]);
    });
  });
  const stop = async () => {
    if (child.exitCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await gone;
  };
  return { url: await Promise.race([address, ended]), ended, stop };
}

/** settled waits until that many sources are read to their ends. */
export async function settled(url: string, sources: number): Promise<void> {
  const until = Date.now() + 60_000;
  let last = "";
  while (Date.now() < until) {
    try {
      const { items } = (await (await fetch(`${url}/api/v1/sources`)).json()) as {
        items: { lag_bytes: number; records: { read: number } }[];
      };
      if (items.length === sources && items.every((s) => s.records.read > 0 && s.lag_bytes === 0)) return;
      last = JSON.stringify(items);
    } catch (cause) {
      last = String(cause);
    }
    await new Promise((again) => setTimeout(again, 100));
  }
  throw new Error(`The logs were not read within a minute: ${last}`);
}
