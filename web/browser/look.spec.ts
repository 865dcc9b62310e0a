// How the pages look: no fault that axe finds, no sideways scrolling, and a picture of each for people to look at.
import AxeBuilder from "@axe-core/playwright";
import { all, expect, quiet, stage, test } from "./fixture";
import { attacker } from "./logs";

// Two pages of few words are looked at in one size only.
const wideOnly = ["empty", "missing"];

const pages: Record<string, string> = {
  overview: `/?${all}`,
  route: `/?${all}&f=method:eq:GET&f=route:eq:1`,
  events: `/events?${all}&f=client:eq:${attacker}&joined=1`,
  drawer: `/events?${all}&event=`,
  sources: "/sources?source=",
  formats: "/formats?source=",
  empty: "/?from=2026-01-15T11:00:00Z&to=2026-01-15T12:00:00Z",
  missing: "/no-such-page",
};

const sizes = { "1440": { width: 1440, height: 900 }, "390": { width: 390, height: 844 } };

for (const [name, path] of Object.entries(pages)) {
  for (const [width, viewport] of Object.entries(sizes)) {
    if (wideOnly.includes(name) && width !== "1440") continue;
    for (const scheme of ["light", "dark"] as const) {
      test(`${name} at ${width}, ${scheme}`, async ({ page }) => {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
        let to = path;
        if (path.endsWith("=")) {
          const list = path.startsWith("/events") ? "events?limit=1" : "sources";
          const { items } = (await (await fetch(`${stage.url}/api/v1/${list}`)).json()) as { items: { id: string }[] };
          to += items[0]?.id;
        }
        await page.goto(to);
        await quiet(page);
        if (name === "formats") await expect(page.getByRole("region", { name: "Lines" })).toBeVisible();
        if (name === "drawer") await expect(page.getByRole("dialog").locator(".raw")).toBeVisible();
        const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(await wide(), "pixels beyond the screen").toBeLessThanOrEqual(0);
        await page.screenshot({ path: `test-results/${name}-${width}-${scheme}.png`, fullPage: name !== "drawer" });
        // Smaller phones, down to what WCAG 2.2 asks of text that reflows (1.4.10).
        for (const narrow of width === "390" && scheme === "light" ? [375, 360, 320] : []) {
          await page.setViewportSize({ ...viewport, width: narrow });
          expect(await wide(), `pixels beyond a screen of ${narrow}`).toBeLessThanOrEqual(0);
        }
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`)).toEqual([]);
      });
    }
  }
}

test("menus and sheets have no fault that axe finds", async ({ page }) => {
  await page.goto(`/?${all}`);
  await quiet(page);
  const faults = async () => (await new AxeBuilder({ page }).analyze()).violations.map((v) => v.id);
  await page.locator("summary#range").click();
  expect(await faults()).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByText("+ filter").click();
  expect(await faults()).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Help" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  expect(await faults()).toEqual([]);
});

test("fills a 4K screen without losing its shape", async ({ page }) => {
  await page.setViewportSize({ width: 3840, height: 2160 });
  await page.goto(`/?${all}`);
  await quiet(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  await page.screenshot({ path: "test-results/overview-3840.png" });
});
