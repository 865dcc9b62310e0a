import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chromium } from "./chromium";

test("CHROMIUM goes before PATH, and nothing found is said in words", () => {
  const dir = mkdtempSync(join(tmpdir(), "hangup-chromium-"));
  try {
    expect(() => chromium({ PATH: dir })).toThrow(/apt-get install chromium/);
    const path = join(dir, "chromium");
    writeFileSync(path, "#!/bin/sh\n");
    chmodSync(path, 0o755);
    expect(chromium({ PATH: dir })).toBe(path);
    expect(chromium({ PATH: dir, CHROMIUM: "/opt/c" })).toBe("/opt/c");
  } finally {
    rmSync(dir, { recursive: true });
  }
});
