// The format tester: what lines are, what is understood of each, and where the reading stops. Pasted lines are hostile.
import AxeBuilder from "@axe-core/playwright";
import { cell, expect, row, stage, test } from "./fixture";
import { attacker, line } from "./logs";

const markup = "img, script:not([src]), svg, iframe, object, embed, style, b.evil, [onerror], [onload]";
const good = { client: attacker, method: "GET", status: 200, seconds: 0.25, agent: "curl/8" };

test("pasted lines are detected and read one by one, by keys alone", async ({ page, complaints }) => {
  await page.goto("/formats");
  const box = page.getByLabel("Lines of a log");
  await expect(page.getByRole("button", { name: "Test the lines" })).toBeDisabled();
  await box.focus();
  const lines = [
    line(stage.now, { ...good, path: "/a?q=1" }, 1),
    line(stage.now, { ...good, path: "/b", status: 499 }, 2),
    line(stage.now, { ...good, path: "/c" }, 3).replace(" 200 ", " many "),
    line(stage.now, { ...good, path: "/d" }, 4),
  ];
  await box.fill(lines.join(""));
  await page.keyboard.press("Control+Enter");
  const what = page.getByRole("region", { name: "What they are" });
  await expect(what).toContainText("nginx-timed");
  await expect(what).toContainText("with their zone");
  await expect(what).toContainText("3 records");
  await expect(what.getByRole("button", { name: "Copy" })).toBeVisible();
  const rows = page.getByRole("region", { name: "Lines" }).getByRole("row");
  await expect(rows).toHaveCount(5);
  await expect(rows.nth(2)).toContainText("hang-up");
  await expect(rows.nth(2)).toContainText("client, closed");
  await expect(rows.nth(1)).toContainText("duration_ms");
  await expect(rows.nth(3).locator("mark .log")).toHaveText(/^many /);
  await expect(rows.nth(3)).toContainText("nginx-timed needs");
  await page.getByLabel("Only what was not understood").check();
  await expect(rows).toHaveCount(2);

  // By a layout that is not theirs: every line says what is missing.
  await page.getByText("Read them by …").click();
  await page.getByLabel("Layout").fill("$remote_addr [$time_local] $status");
  await page.keyboard.press("Enter");
  await expect(rows).toHaveCount(5);
  await expect(rows.nth(1)).toContainText("$remote_addr, which is an address");
  await page.getByLabel("Layout").fill("$status$status");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("where one ends cannot be known");
  expect(complaints).toHaveLength(1); // the browser's, of the 400
  complaints.length = 0;
});

test("hostile lines are text", async ({ page }) => {
  await page.goto("/formats");
  const hostile = [
    "<img src=x onerror=alert(20)><script>alert(21)</script>",
    line(stage.now, { ...good, path: "/<svg/onload=alert(22)>", agent: "<b class=evil>x</b>" }, 1).trimEnd(),
    line(stage.now, { ...good, path: "/x" }, 1)
      .replace(" 200 ", " <img src=x onerror=alert(23)> ")
      .trimEnd(),
    '{"level":"<img src=x onerror=alert(24)>","msg":"\\u001b]0;owned\\u0007',
    "\u202egnp.exe \u0007 \u2028 javascript:alert(25)",
    "x".repeat(60_000),
  ];
  await page.getByLabel("Lines of a log").fill(hostile.join("\n"));
  await page.getByRole("button", { name: "Test the lines" }).click();
  const main = page.locator("main");
  const table = page.getByRole("region", { name: "Lines" });
  await expect(table.getByRole("row")).toHaveCount(hostile.length + 1);
  await expect(table).toContainText("<img src=x onerror=alert(20)>");
  await expect(table).toContainText("/<svg/onload=alert(22)>");
  await expect(table.locator(".sign").getByText("RLO")).toBeVisible();
  await expect(main.locator(markup)).toHaveCount(0);
  await expect(main.locator('a[href^="javascript"]')).toHaveCount(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((v) => v.id)).toEqual([]);
});

test("the lines of a source, and those of it that were not understood", async ({ page }) => {
  await page.goto("/sources");
  const hostile = row(page, "Sources", /hostile\.log/);
  await hostile.getByRole("link").click();
  await page.getByRole("link", { name: "Test these lines" }).click();
  await expect(page).toHaveURL(/\/formats$/);
  const table = page.getByRole("region", { name: "Lines" });
  await expect(table.getByRole("row")).toHaveCount(stage.unparsed.length + 1);
  await expect(table).toContainText("is no line of a log");
  await page.goBack();
  await expect(cell(hostile, "Not understood")).toBeVisible();
  await page.getByRole("link", { name: "test the file's first and newest lines" }).click();
  await expect(page).toHaveURL(/\/formats\?source=/);
  await expect(page.getByRole("region", { name: "What they are" })).toContainText("nginx-timed");
  await expect(table).not.toContainText("geheim");
  await page.getByLabel("Lines from").selectOption({ label: "the box below" });
  await expect(page).toHaveURL(/\/formats$/);
  const shop = (await page.getByLabel("Lines from").locator("option").allTextContents()).find((t) =>
    t.endsWith("shop.log"),
  );
  await page.getByLabel("Lines from").selectOption({ label: shop ?? "" });
  await expect(table).toContainText("token=[redacted]");
  await expect(table).not.toContainText("geheim");
});
