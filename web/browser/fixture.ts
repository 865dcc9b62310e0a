// What all browser tests share: the stage, and a page on which nothing may go wrong unseen.
import { test as base, expect, type Locator, type Page } from "@playwright/test";
import type { Stage } from "./setup";

export { expect };

/** stage is what the setup made. */
export const stage = JSON.parse(process.env.HANGUP_STAGE ?? "{}") as Stage;

/** Range that holds everything that was written, and does not move while tests run. */
export const all = `from=${iso(stage.now - 7200)}&to=${iso(stage.now + 60)}`;

function iso(t: number): string {
  return Number.isNaN(t) ? "" : new Date(Math.floor(t / 60) * 60_000).toISOString().replace(".000Z", "Z");
}

/** test opens pages at the server's address and fails on any dialog, script error, complaint of the browser or CSP report. */
export const test = base.extend<{ complaints: string[] }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs
  baseURL: async ({}, use) => use(stage.url),
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on("dialog", (d) => {
        complaints.push(`dialog: ${d.message()}`);
        d.dismiss().catch(() => undefined);
      });
      page.on("pageerror", (e) => complaints.push(`error: ${e.message}`));
      page.on("console", (m) => {
        if (m.type() === "error" || m.type() === "warning") complaints.push(`console: ${m.text()}`);
      });
      page.on("response", (r) => {
        if (r.status() >= 500) complaints.push(`${r.status()}: ${r.url()}`);
      });
      await use(complaints);
      expect(complaints, "complaints of the browser").toEqual([]);
    },
    { auto: true },
  ],
});

/** row returns the row of a table whose head holds the text. */
export function row(page: Page, table: string, head: string | RegExp): Locator {
  return page
    .getByRole("region", { name: table })
    .getByRole("row")
    .filter({ has: page.getByRole("rowheader", { name: head }) });
}

/** cell returns a row's cell by the name of its column. */
export function cell(row: Locator, column: string): Locator {
  return row.locator(`[data-label="${column}"]`);
}

/** number writes a count as the page does. */
export const number = (n: number) => n.toLocaleString("en");

/** quiet waits until the page shows answers to its present questions. */
export async function quiet(page: Page): Promise<void> {
  await expect(page.locator("main")).not.toContainText("Reading…");
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
}
