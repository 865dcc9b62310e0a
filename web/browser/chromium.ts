// Where the browser is. Playwright's own download is not used: the system's Chromium is what operators have.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/** chromium returns the path in CHROMIUM, else the first browser on PATH. It throws with what to install. */
export function chromium(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CHROMIUM) return env.CHROMIUM;
  for (const name of names) {
    for (const dir of (env.PATH ?? "").split(delimiter)) {
      const path = join(dir, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // not here
      }
    }
  }
  throw new Error("The browser tests need Chromium: apt-get install chromium, or set CHROMIUM to its path.");
}
