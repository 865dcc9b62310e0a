// A page that is open while the log grows, and while the server is away.
import { appendFileSync } from "node:fs";
import { cell, expect, quiet, row, stage, test } from "./fixture";
import { line } from "./logs";

let id = 2_000_000;

/** append writes lines to the log that the server follows. */
function append(path: string, lines: number, gone: number): void {
  const now = Math.floor(Date.now() / 1000);
  let text = "";
  for (let i = 0; i < lines; i++) {
    const status = i < gone ? 499 : 200;
    text += line(now, { client: "192.0.2.9", method: "GET", path, status, seconds: 0.5, agent: "curl/8.5.0" }, ++id);
  }
  appendFileSync(stage.live, text);
}

test("the overview follows the log by itself", async ({ page }) => {
  append("/live/first", 30, 10);
  await page.goto("/?from=now-15m&to=now&all=1");
  const r = row(page, "Routes", "GET /live/first");
  await expect(cell(r, "Hang-ups").locator("b")).toHaveText("10");
  append("/live/first", 10, 7);
  await expect(cell(r, "Hang-ups").locator("b")).toHaveText("17", { timeout: 20_000 });
  await expect(cell(r, "Requests")).toHaveText("40");
});

test("paused, nothing moves; live again, it catches up", async ({ page }) => {
  append("/live/second", 30, 5);
  await page.goto("/?from=now-15m&to=now&all=1");
  const b = cell(row(page, "Routes", "GET /live/second"), "Hang-ups").locator("b");
  await expect(b).toHaveText("5");
  await page.getByRole("button", { name: "Live" }).click();
  let asked = 0;
  page.on("request", (q) => {
    if (q.url().includes("/api/")) asked++;
  });
  append("/live/second", 1, 1);
  // The server has the new line; the page does not ask for it.
  await expect
    .poll(async () => {
      const answer = await page.request.get("/api/v1/events?from=now-15m&to=now&limit=200");
      const { items } = (await answer.json()) as { items: { path?: string }[] };
      return items.filter((e) => e.path === "/live/second").length;
    })
    .toBe(6);
  expect(asked).toBe(0);
  await expect(b).toHaveText("5");
  await page.getByRole("button", { name: "Paused" }).click();
  await expect(b).toHaveText("6", { timeout: 20_000 });
});

test("new events wait behind a button while one reads", async ({ page }) => {
  append("/live/third", 60, 60);
  await page.goto("/events?from=now-15m&to=now");
  const rows = page.getByRole("region", { name: "Hang-ups", exact: true }).locator("tbody tr");
  await expect(rows).toHaveCount(50);
  await page.getByRole("button", { name: "Load more" }).click();
  await expect.poll(() => rows.count()).toBeGreaterThan(50);
  const top = await rows.first().textContent();
  append("/live/fourth", 3, 3);
  const button = page.getByRole("button", { name: /newer: show/ });
  await expect(button).toBeVisible({ timeout: 20_000 });
  expect(await rows.first().textContent()).toBe(top);
  await button.click();
  await expect(rows.first()).toContainText(/\/live\//);
  await expect(page.getByRole("row").filter({ hasText: "/live/fourth" })).toHaveCount(3);
});

test("a server that is away is said to be, and asked again", async ({ page, complaints }) => {
  await page.goto("/?from=now-6h&to=now");
  await quiet(page);
  const before = await page.getByRole("region", { name: "Routes" }).textContent();
  await page.route("**/api/**", (r) => r.abort());
  await page.keyboard.press("r");
  await expect(page.getByText("Hangup does not answer.")).toBeVisible();
  expect(await page.getByRole("region", { name: "Routes" }).textContent()).toBe(before); // what was there stays
  await page.unroute("**/api/**");
  await expect(page.getByText("Hangup does not answer.")).toHaveCount(0, { timeout: 20_000 });
  expect(complaints.filter((c) => !c.includes("ERR_FAILED"))).toEqual([]);
  complaints.length = 0;
});
