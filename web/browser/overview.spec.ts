// The overview: its figures are those of the log, and every one of them leads on.
import { all, cell, expect, number, quiet, row, stage, test } from "./fixture";
import { payloads } from "./logs";

const report = stage.routes["GET /api/report"] ?? { requests: 0, hangups: 0 };

test("figures are those that the log's writer counted", async ({ page }) => {
  await page.goto(`/?${all}`);
  await quiet(page);
  for (const [name, want] of Object.entries(stage.routes)) {
    if (want.hangups === 0) continue;
    const r = row(page, "Routes", name);
    await expect(cell(r, "Hang-ups").locator("b")).toHaveText(number(want.hangups));
    await expect(cell(r, "Requests")).toHaveText(number(want.requests));
  }
  await expect(cell(row(page, "Routes", "GET /api/report"), "Gave up after")).toContainText("2.00 s");
  await expect(page.getByRole("region", { name: "Verdict" })).toContainText("GET /api/report");
});

test("a click on a route filters everything; its chip takes the filter away; a reload keeps it", async ({ page }) => {
  await page.goto(`/?${all}`);
  await row(page, "Routes", "GET /api/report").getByRole("link").click();
  const chips = page.getByRole("list", { name: "Filters" });
  await expect(chips).toContainText("route is GET /api/report");
  await expect(page).toHaveURL(/f=route:eq:\d+/);
  const figures = page.getByRole("region", { name: "Verdict" });
  await expect(figures).toContainText(`Requests${number(report.requests)}`);
  await expect(figures).toContainText(`Hang-ups${number(report.hangups)}`);
  await expect(page.locator(".over .legend")).toContainText(`client ${number(report.hangups)}`);
  await expect(page.getByRole("region", { name: "User agents" })).toContainText("okhttp");

  await page.reload();
  await expect(chips).toContainText("route is GET /api/report");
  await expect(figures).toContainText(`Requests${number(report.requests)}`);

  await chips.getByRole("link", { name: "Remove the filter on route" }).click();
  await expect(chips).toHaveCount(0);
  await expect(page).not.toHaveURL(/f=/);
  await expect(figures).not.toContainText(`Requests${number(report.requests)}`);
  await page.goBack();
  await expect(figures).toContainText(`Requests${number(report.requests)}`);
});

test("a click on a client opens its single hang-ups", async ({ page }) => {
  await page.goto(`/?${all}`);
  const link = row(page, "Clients", /^203/).first().getByRole("link");
  const client = (await link.textContent()) ?? "";
  await link.click();
  await expect(page).toHaveURL(new RegExp(`/events\\?.*f=client:eq:${client.replaceAll(".", "\\.")}`));
  const rows = page.getByRole("region", { name: "Hang-ups", exact: true }).locator("tbody tr");
  await expect(rows.first()).toBeVisible();
  for (const text of await rows.locator('[data-label="Client"]').allTextContents()) expect(text).toBe(client);
});

test("a bar of the breakdown filters by party", async ({ page }) => {
  await page.goto(`/?${all}`);
  await page
    .locator(".made")
    .getByRole("link", { name: /^client/ })
    .click();
  await expect(page).toHaveURL(/f=party:eq:client/);
  await expect(page.getByRole("list", { name: "Filters" })).toContainText("party is client");
});

test("the routes can be put in another order, and that is in the address", async ({ page }) => {
  await page.goto(`/?${all}`);
  await quiet(page);
  await page.getByRole("button", { name: "Requests" }).first().click();
  await expect(page).toHaveURL(/sort=-requests/);
  const routes = page.getByRole("region", { name: "Routes" });
  await expect(routes.getByRole("columnheader", { name: "Requests" })).toHaveAttribute("aria-sort", "descending");
  await expect(routes.getByRole("rowheader").first()).toContainText("/products/{id}");
});

test("dragging across the chart zooms", async ({ page }) => {
  await page.goto(`/?${all}`);
  const plot = page.locator(".plot .u-over");
  await quiet(page);
  const box = await plot.boundingBox();
  if (!box) throw new Error("the chart has no size");
  await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
  await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await expect(page).not.toHaveURL(new RegExp(all.replace(/\+/g, "\\+")));
  const q = new URL(page.url()).searchParams;
  const width = (Date.parse(q.get("to") ?? "") - Date.parse(q.get("from") ?? "")) / 60_000;
  // A quarter of the 121 minutes on the screen, give or take the rounding to minutes.
  expect(width).toBeGreaterThanOrEqual(29);
  expect(width).toBeLessThanOrEqual(33);
  await page.goBack();
  await expect(page).toHaveURL(/from=/);
});

test("the heatmap is read and zoomed by keys", async ({ page }) => {
  await page.goto(`/?${all}`);
  await quiet(page);
  const map = page.getByRole("application", { name: "Waiting time by time of day" });
  await map.focus();
  await page.keyboard.press("End");
  for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowLeft");
  const said = page.locator(".heat [aria-live]");
  await expect(said).toHaveText(/\d+ hung up, \d+ answered/);
  const before = page.url();
  for (let i = 0; i < 5; i++) await page.keyboard.press("Shift+ArrowRight");
  await expect(said).toHaveText(/selected/);
  await page.keyboard.press("Enter");
  await expect(page).not.toHaveURL(before);
  const q = new URL(page.url()).searchParams;
  const minutes = (Date.parse(q.get("to") ?? "") - Date.parse(q.get("from") ?? "")) / 60_000;
  expect([6, 12]).toContain(minutes); // six columns of one or two minutes
  await expect(map).toBeVisible();
});

test("the heatmap's table has the same sums as the log", async ({ page }) => {
  await page.goto(`/?${all}`);
  await quiet(page);
  await page.getByText("As a table").click();
  const table = page.getByRole("region", { name: "Waiting times as a table" });
  const numbers = async (column: number) =>
    (await table.locator(`tbody td:nth-of-type(${column})`).allTextContents())
      .map((t) => Number(t.replaceAll(",", "")))
      .reduce((a, b) => a + b, 0);
  // The tests beside this one append lines of their own, so that the sums are at least those of the log.
  await expect.poll(() => numbers(1)).toBeGreaterThanOrEqual(stage.requests - stage.hangups);
  const hostile = Object.keys(payloads).length + 2;
  expect(await numbers(2)).toBeGreaterThanOrEqual(stage.hangups + hostile);
  expect(await numbers(2)).toBeLessThan(stage.hangups + hostile + 200);
});

test("ranges: presets, both ends by hand in another zone, earlier and later", async ({ page }) => {
  await page.goto("/");
  await quiet(page);
  const picker = page.locator("summary#range");
  await picker.click();
  await page.getByRole("button", { name: "Last 6 hours" }).click();
  await expect(page).toHaveURL(/from=now-6h&to=now/);
  await expect(picker).toContainText("Last 6 hours");

  await picker.click();
  await page.getByLabel("Time zone").selectOption("Europe/Berlin");
  await expect(page).toHaveURL(/tz=Europe\/Berlin/);
  await expect(picker).toContainText("Berlin");
  await page.getByLabel("From").fill("2026-01-15T12:00");
  await page.getByLabel("To", { exact: true }).fill("2026-01-15T13:00");
  await page.getByRole("button", { name: "Show this range" }).click();
  await expect(page).toHaveURL(/from=2026-01-15T11:00:00Z&to=2026-01-15T12:00:00Z/);
  await expect(picker).toContainText("15 Jan 12:00 – 13:00");
  await expect(page.getByRole("region", { name: "Verdict" })).toContainText("Requests0");

  await page.getByRole("button", { name: "Earlier" }).click();
  await expect(page).toHaveURL(/from=2026-01-15T10:00:00Z&to=2026-01-15T11:00:00Z/);
  await page.getByRole("button", { name: "Later" }).click();
  await expect(page).toHaveURL(/from=2026-01-15T11:00:00Z&to=2026-01-15T12:00:00Z/);
  await page.getByRole("button", { name: "Go to now" }).click();
  await expect(page).toHaveURL(/from=now-1h&to=now/);
});

test("a range that ends before it begins is said to", async ({ page }) => {
  await page.goto("/");
  await quiet(page);
  await page.locator("summary#range").click();
  await page.getByLabel("From").fill("2026-01-15T12:00");
  await page.getByLabel("To", { exact: true }).fill("2026-01-15T11:00");
  await page.getByRole("button", { name: "Show this range" }).click();
  await expect(page.getByRole("alert")).toHaveText("The range ends before it begins.");
});

test("a filter is added by hand", async ({ page }) => {
  await page.goto(`/?${all}`);
  await page.getByText("+ filter").click();
  await page.getByLabel("Field").selectOption("method");
  await page.getByRole("textbox", { name: "Value" }).fill("POST");
  await page.getByRole("button", { name: "Add filter" }).click();
  await expect(page).toHaveURL(/f=method:eq:POST/);
  const search = stage.routes["POST /search"];
  await expect(page.getByRole("region", { name: "Verdict" })).toContainText(`Hang-ups${number(search?.hangups ?? -1)}`);
});

test("a filter that the API refuses is put in words", async ({ page, complaints }) => {
  await page.goto(`/?${all}&f=bogus:eq:1`);
  await expect(page.getByRole("alert").first()).toContainText("bogus");
  await page.getByRole("link", { name: "Start again without filters and range" }).first().click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await quiet(page);
  // The browser reports each refused request; nothing else may be reported.
  expect(complaints.filter((c) => !c.includes("400"))).toEqual([]);
  complaints.length = 0;
});
