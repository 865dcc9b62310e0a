// Servers that read nothing, or little of what is there. Each test has a server of its own.
import { appendFileSync, chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cell, expect, quiet, row, stage, test } from "./fixture";
import { line } from "./logs";
import { serve, settled } from "./server";

function place(): string {
  const dir = mkdtempSync(join(stage.dir, "reading-"));
  chmodSync(dir, 0o755);
  return dir;
}

test("before the first line the page says so; when the log comes, it shows it by itself", async ({ page }) => {
  const dir = place();
  const log = join(dir, "late.log");
  const server = await serve(stage.program, dir, [log]);
  try {
    await page.goto(`${server.url}/sources`);
    await expect(cell(row(page, "Sources", /late\.log/), "State")).toHaveText("waiting");
    await page.goto(server.url);
    await expect(page.getByText("No line has been read yet.")).toBeVisible();
    await quiet(page);
    const now = Math.floor(Date.now() / 1000);
    const gone = { client: "192.0.2.1", method: "GET", path: "/late", status: 499, seconds: 3, agent: "curl/8" };
    writeFileSync(
      log,
      Array.from({ length: 30 }, (_, i) => line(now, { ...gone, status: i < 12 ? 499 : 200 }, i)).join(""),
    );
    const late = row(page, "Routes", "GET /late");
    await expect(cell(late, "Hang-ups").locator("b")).toHaveText("12", { timeout: 30_000 });
    await expect(page.getByText("No line has been read yet.")).toHaveCount(0);
  } finally {
    await server.stop();
  }
});

test("lines that are not understood are told on the overview, with the way to them", async ({ page }) => {
  const dir = place();
  const now = Math.floor(Date.now() / 1000);
  const good = (i: number) =>
    line(now - i, { client: "192.0.2.1", method: "GET", path: "/", status: 200, seconds: 0.1, agent: "curl/8" }, i);
  const text = Array.from({ length: 60 }, (_, i) => (i % 6 === 5 ? "what is this?\n" : good(i))).join("");
  writeFileSync(join(dir, "mixed.log"), text);
  const server = await serve(stage.program, dir, [join(dir, "mixed.log")]);
  try {
    await settled(server.url, 1);
    await page.goto(server.url);
    await expect(page.getByText("17 % of the records were not understood")).toBeVisible(); // 10 of 60
    await expect(page.getByText("no hang-ups").first()).toBeVisible();
    await page.getByRole("link", { name: "See examples" }).click();
    await expect(page).toHaveURL(/\/sources/);
    await page.getByRole("link", { name: /mixed\.log/ }).click();
    await expect(page.locator(".samples .raw").first()).toHaveText("what is this?");

    // Then nothing is understood any more.
    appendFileSync(join(dir, "mixed.log"), "a|new|format\n".repeat(30));
    const source = row(page, "Sources", /mixed\.log/);
    await expect(cell(source, "State")).toHaveText("degraded", { timeout: 20_000 });
    await expect(source).toContainText("no known format fits them");
    await page.goto(server.url);
    await expect(page.getByRole("status")).toContainText("The newest lines of 1 source are not understood");
    appendFileSync(join(dir, "mixed.log"), Array.from({ length: 20 }, (_, i) => good(i)).join(""));
    await expect(page.getByRole("status")).toHaveCount(0, { timeout: 20_000 });
  } finally {
    await server.stop();
  }
});

test("the drawer says when the request is known from an earlier line", async ({ page }) => {
  const dir = place();
  const at = (ago: number) =>
    `[${new Date(Date.now() - ago * 1000).toISOString().slice(0, 19).replace("T", " ")} +0000]`;
  writeFileSync(
    join(dir, "worker.log"),
    `${at(99)} [4200] [INFO] Using worker: sync\n${at(90)} [4210] [DEBUG] GET /basket\n${at(88)} [4210] [DEBUG] Ignoring EPIPE\n${at(80)} [4211] [DEBUG] Ignoring EPIPE\n`,
  );
  const server = await serve(stage.program, dir, [join(dir, "worker.log")]);
  try {
    await settled(server.url, 1);
    await page.goto(`${server.url}/events`);
    const rows = page.getByRole("region", { name: "Hang-ups", exact: true }).locator("tbody tr");
    await expect(rows).toHaveCount(2);
    const fields = page.getByRole("dialog", { name: "One hang-up" }).locator("dl");
    await rows.filter({ hasText: "/basket" }).getByRole("link").first().click();
    await expect(fields).toContainText("an earlier line of the same process or connection");
    await page.keyboard.press("Escape");
    await rows.filter({ hasNotText: "/basket" }).getByRole("link").first().click();
    await expect(fields).toContainText("told by");
    await expect(fields).not.toContainText("an earlier line");
  } finally {
    await server.stop();
  }
});
