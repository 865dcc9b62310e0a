// Fails when the scripts of web/dist weigh more than 60 KB together after gzip: the page is opened at 3 a.m. over bad lines.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const limit = 60 * 1024;
const dir = new URL("../dist/assets/", import.meta.url);
let sum = 0;
for (const name of readdirSync(dir).filter((n) => n.endsWith(".js"))) {
  const size = gzipSync(readFileSync(new URL(name, dir)), { level: 9 }).length;
  sum += size;
  process.stdout.write(`${name}: ${(size / 1024).toFixed(1)} KB gz\n`);
}
if (sum > limit) {
  process.stderr.write(
    `JavaScript weighs ${(sum / 1024).toFixed(1)} KB gz, more than the ${limit / 1024} KB allowed\n`,
  );
  process.exit(1);
}
