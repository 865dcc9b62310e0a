// Sources: what is read, and what was not understood.
import { cell, expect, number, row, stage, test } from "./fixture";

test("accounts of the sources are those of the log's writer", async ({ page }) => {
  await page.goto("/sources");
  const shop = row(page, "Sources", /shop\.log/);
  await expect(cell(shop, "Format")).toContainText("nginx-timed");
  await expect(cell(shop, "Requests")).toHaveText(number(stage.requests - stage.hangups));
  await expect(cell(shop, "Disconnect records")).toHaveText(number(stage.hangups));
  await expect(cell(shop, "Not understood")).toHaveText("none");
  const hostile = row(page, "Sources", /hostile\.log/);
  await expect(cell(hostile, "Not understood").locator("b")).toHaveText(String(stage.unparsed.length));
});

test("examples of what was not understood are text", async ({ page }) => {
  await page.goto("/sources");
  await row(page, "Sources", /hostile\.log/)
    .getByRole("link")
    .click();
  await expect(page).toHaveURL(/source=/);
  const hides = page.locator(".advice");
  await expect(hides).toContainText("nginx-timed hides clients that leave in the middle of a response");
  await expect(hides.locator(".raw")).toContainText("$request_completion");
  const samples = page.locator(".samples .raw");
  await expect(samples).toHaveCount(stage.unparsed.length);
  await expect(samples.filter({ hasText: "<img src=x onerror=alert(10)> is no line of a log" })).toHaveCount(1);
  await expect(samples.filter({ hasText: "nor is <b>this</b>" }).locator(".sign").first()).toHaveText("ESC");
  await expect(samples.locator("b")).toHaveCount(0);
  await page.reload();
  await expect(samples).toHaveCount(stage.unparsed.length);
  await row(page, "Sources", /hostile\.log/)
    .getByRole("link")
    .click();
  await expect(samples).toHaveCount(0);
});

test("jobs are listed with what they do and when they ran", async ({ page }) => {
  await page.goto("/sources");
  const jobs = page.getByRole("region", { name: "Jobs", exact: true });
  await expect(jobs.getByRole("rowheader").first()).toBeVisible();
  await expect(jobs).toContainText(/retention/i);
});
