// The page that `hangup report -o html` writes, opened as a file: without a server, with all that attackers wrote in it.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { expect, number, stage, test } from "./fixture";
import { payloads } from "./logs";

const sizes = { "1440": { width: 1440, height: 900 }, "390": { width: 390, height: 844 } };
const smaller = [375, 360, 320]; // phones, down to what WCAG 2.2 asks of text that reflows (1.4.10)

test("the report's page answers, alone and in all sizes", async ({ page }) => {
  const file = join(stage.dir, "report.html");
  const logs = ["shop.log", "hostile.log"].map((name) => join(stage.dir, name));
  writeFileSync(file, execFileSync(stage.program, ["report", "-o", "html", ...logs]));
  const asked: string[] = [];
  page.on("request", (r) => asked.push(r.url()));
  await page.goto(pathToFileURL(file).href);

  await expect(page.getByRole("heading", { level: 1 })).toContainText("Most: GET /api/report");
  const routes = page.getByRole("table", { name: "Routes" });
  const report = routes.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "GET /api/report" }) });
  const hangups = stage.routes["GET /api/report"]?.hangups ?? -1;
  await expect(report.locator('[data-label="Hang-ups"] b')).toHaveText(number(hangups));
  await expect(report.locator('[data-label="Timer"]')).toContainText("2.00 s");
  for (const path of [payloads.image, payloads.svg, payloads.script]) {
    await expect(routes.getByText(path, { exact: true })).toBeVisible();
  }
  await expect(page.getByRole("img", { name: "Hang-ups over time" })).toBeVisible();
  await page.getByText("As a table").first().click();
  await expect(page.getByRole("table", { name: "Hang-ups over time" })).toBeVisible();
  await page.getByText("As a table").first().click();

  const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const faults = async () => (await new AxeBuilder({ page }).analyze()).violations;
  for (const width of smaller) {
    await page.setViewportSize({ width, height: 844 });
    expect(await wide(), `pixels beyond the screen of ${width}`).toBeLessThanOrEqual(0);
  }
  for (const [width, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    expect(await wide(), `pixels beyond the screen of ${width}`).toBeLessThanOrEqual(0);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `test-results/report-${width}-${colorScheme}.png`, fullPage: true });
      if ((width === "1440") !== (colorScheme === "light")) continue; // each size and each scheme once: axe takes its time
      expect((await faults()).map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`)).toEqual([]);
    }
  }
  expect(asked, "what the page asks for").toEqual([pathToFileURL(file).href]);
});
