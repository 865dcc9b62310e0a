// Counts test results.
//   node tally.mjs --go RESULT.json ERRORS     prints what `go test -json` reports: a line a package, and the output of what failed
//   node tally.mjs --sum FAILED DIRECTORY      prints the sums of all parts and "N passed, N failed"; ends with 1 if anything failed
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ended = new Set(["pass", "fail", "skip"]);

/** Reads the events of `go test -json`; lines that are no JSON are kept as text. */
function goEvents(file) {
  const events = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line === "") continue;
    try {
      events.push(JSON.parse(line));
    } catch {
      events.push({ Action: "output", Package: "", Output: `${line}\n` });
    }
  }
  return events;
}

/** A package that does not build, or ends without a failed test, counts as one failure. */
function countGo(file) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  const failedTests = new Set();
  for (const e of goEvents(file)) {
    if (!ended.has(e.Action)) continue;
    if (e.Test) {
      count[{ pass: "passed", fail: "failed", skip: "skipped" }[e.Action]]++;
      if (e.Action === "fail") failedTests.add(e.Package);
    } else if (e.Action === "fail" && !failedTests.has(e.Package)) {
      count.failed++;
    }
  }
  return count;
}

/** Prints the output of failed and skipped tests, of builds that fail, and one line a package. */
function reportGo(file, errors) {
  const output = new Map(); // package or import path -> test -> its output so far
  const built = new Set();
  const print = (text) => process.stdout.write(text);
  print(readFileSync(errors, "utf8"));
  for (const e of goEvents(file)) {
    const key = e.Package ?? e.ImportPath ?? "";
    if (!output.has(key)) output.set(key, new Map());
    const tests = output.get(key);
    const name = e.Test ?? "";
    const text = tests.get(name) ?? "";
    if (e.Action === "output" || e.Action === "build-output") {
      tests.set(name, text + e.Output);
    } else if (e.Action === "build-fail") {
      if (!built.has(text)) print(text);
      built.add(text);
    } else if (ended.has(e.Action) && e.Test) {
      if (e.Action !== "pass") print(text);
      tests.delete(name);
    } else if (ended.has(e.Action)) {
      tests.delete("");
      if (e.Action === "fail") print([...tests.values()].join("") + text); // tests that never ended say why
      else print(`${text.trimEnd().split("\n").at(-1)}\n`);
    }
  }
}

function countPage(file) {
  const r = JSON.parse(readFileSync(file, "utf8"));
  const suites = r.testResults.filter((s) => s.status === "failed" && s.assertionResults.length === 0).length; // did not load
  return { passed: r.numPassedTests, failed: r.numFailedTests + suites, skipped: r.numPendingTests + (r.numTodoTests ?? 0) };
}

function countBrowser(file) {
  const r = JSON.parse(readFileSync(file, "utf8"));
  const failed = r.stats.unexpected + (r.stats.unexpected === 0 ? r.errors.length : 0);
  return { passed: r.stats.expected + r.stats.flaky, failed, skipped: r.stats.skipped };
}

function sum(anyFailed, dir) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const add = (name, file, count) => {
    const c = existsSync(file) ? count(file) : { passed: 0, failed: 1, skipped: 0 };
    process.stdout.write(`${name}: ${c.passed} passed, ${c.failed} failed, ${c.skipped} skipped\n`);
    for (const key of Object.keys(total)) total[key] += c[key];
  };
  for (const name of readdirSync(dir).filter((n) => n.startsWith("go-") && n.endsWith(".json"))) {
    add(`Go (${name.slice(3, -5)})`, join(dir, name), countGo);
  }
  add("Page", join(dir, "page.json"), countPage);
  add("Browser", join(dir, "browser.json"), countBrowser);
  if (anyFailed && total.failed === 0) total.failed = 1; // a part failed without a test that did
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  process.exit(total.failed > 0 ? 1 : 0);
}

const [mode, a, b] = process.argv.slice(2);
if (mode === "--go") reportGo(a, b);
else if (mode === "--sum") sum(a !== "0", b);
else process.exit(2);
