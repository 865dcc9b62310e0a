// Events: from a number to the lines of the log.
import { all, expect, quiet, stage, test } from "./fixture";
import { attacker } from "./logs";

const table = "Hang-ups";

test("a row opens the drawer with the record as it was read", async ({ page }) => {
  await page.goto(`/events?${all}&f=method:eq:POST`);
  const first = page.getByRole("region", { name: table, exact: true }).locator("tbody tr").first();
  await expect(first).toContainText("/search");
  await first.getByRole("link").focus();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog", { name: "One hang-up" });
  await expect(drawer).toBeVisible();
  await expect(page).toHaveURL(/event=/);
  const raw = drawer.getByRole("region", { name: "Record as it was read" });
  await expect(raw).toContainText('"POST /search?');
  await expect(raw).toContainText("499 0");
  await expect(raw).not.toContainText("geheim"); // the value of a token
  await expect(drawer).toContainText(/shop\.log line [\d,]+/);
  await expect(drawer).toContainText("Whoever sent the request went away");

  // The focus stays inside, and goes back to the row.
  for (let i = 0; i < 12; i++) await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.closest("dialog, body")?.tagName)).not.toBe("MAIN");
  await page.keyboard.press("Escape");
  await expect(drawer).toHaveCount(0);
  await expect(page).not.toHaveURL(/event=/);
  await expect(first.getByRole("link")).toBeFocused();
});

test("an address with an open drawer opens it", async ({ page }) => {
  await page.goto(`/events?${all}`);
  await page
    .getByRole("region", { name: table, exact: true })
    .locator("tbody tr")
    .nth(2)
    .click({ position: { x: 400, y: 8 } });
  const drawer = page.getByRole("dialog", { name: "One hang-up" });
  await expect(drawer.getByRole("region", { name: "Record as it was read" })).toBeVisible();
  const text = await drawer.locator(".raw").textContent();
  await page.reload();
  await expect(drawer.locator(".raw")).toHaveText(text ?? "");
  await drawer.getByRole("link", { name: "this route" }).click();
  await expect(drawer).toHaveCount(0);
  await expect(page).toHaveURL(/f=route:eq:\d+/);
});

test("paging goes to the end of the range without doubles", async ({ page }) => {
  const want = stage.routes["POST /search"]?.hangups ?? 0;
  expect(want).toBeGreaterThan(100);
  await page.goto(`/events?${all}&f=method:eq:POST`);
  const rows = page.getByRole("region", { name: table, exact: true }).locator("tbody tr");
  const more = page.getByRole("button", { name: "Load more" });
  await expect(rows).toHaveCount(50);
  for (let n = 100; n - 50 < want; n += 50) {
    await more.click();
    await expect(rows).toHaveCount(Math.min(n, want));
  }
  await expect(more).toHaveCount(0);
  await expect(page.getByText(`${want} hang-ups shown, that is all in this range.`)).toBeVisible();
  const links = await rows.getByRole("link").evaluateAll((a) => a.map((x) => (x as HTMLAnchorElement).href));
  expect(new Set(links).size).toBe(want);
});

test("filters of single hang-ups are kept, and marked where they do not act", async ({ page }) => {
  await page.goto(`/events?${all}&f=client:eq:${attacker}&f=how:eq:closed`);
  const chips = page.getByRole("list", { name: "Filters" });
  await expect(chips).toContainText(`client is ${attacker}`);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Overview" }).click();
  await expect(chips).toContainText("(events only)");
  await quiet(page);
  await chips.getByRole("link", { name: "Clear all" }).click();
  await expect(chips).toHaveCount(0);
});

test("the toggles are in the address", async ({ page }) => {
  await page.goto(`/events?${all}`);
  await page.getByLabel("with closes between requests").check();
  await expect(page).toHaveURL(/idle=1/);
  await page.getByLabel("with further reports of the same hang-up").check();
  await expect(page).toHaveURL(/idle=1&joined=1/);
  await page.reload();
  await expect(page.getByLabel("with closes between requests")).toBeChecked();
  await expect(page.getByLabel("with further reports of the same hang-up")).toBeChecked();
  await quiet(page);
});

test("an empty range is good news, in words", async ({ page }) => {
  await page.goto("/events?from=2026-01-15T11:00:00Z&to=2026-01-15T12:00:00Z");
  await expect(page.getByText("No hang-ups in this range. Good.")).toBeVisible();
});
