// Log lines that attackers wrote: everything is text, nothing runs. The fixture fails on dialogs and reports of the browser.
import { all, expect, quiet, test } from "./fixture";
import { attacker, payloads } from "./logs";

const markup = "img, script:not([src]), svg, iframe, object, embed, style, [onerror], [onload]";

test("the overview shows hostile routes as text", async ({ page }) => {
  await page.goto(`/?${all}&all=1`);
  const routes = page.getByRole("region", { name: "Routes" });
  for (const path of [payloads.image, payloads.svg, payloads.encoded, payloads.script]) {
    await expect(routes.getByText(path, { exact: true })).toBeVisible();
  }
  await expect(routes.locator(markup)).toHaveCount(0);
  const bidi = routes.locator("bdi", { hasText: "invoice" });
  await expect(bidi).toHaveText("/invoiceRLOfdp.exe");
  await expect(bidi.locator(".sign")).toHaveText("RLO");
  await expect(routes.locator("bdi", { hasText: "/colour/" }).locator(".sign")).toHaveText(["ESC", "ESC"]);
});

test("hostile text goes through filters, chips and addresses unharmed", async ({ page }) => {
  await page.goto(`/?${all}&all=1`);
  await page.getByRole("region", { name: "Routes" }).getByRole("link", { name: payloads.image }).click();
  await expect(page.getByRole("list", { name: "Filters" })).toContainText(payloads.image);
  await expect(page.getByRole("region", { name: "Verdict" })).toContainText("Hang-ups1");
  await expect(page.locator("main").locator(markup)).toHaveCount(0);
  const value = encodeURIComponent('"><img src=x onerror=alert(11)>');
  await page.goto(`/events?${all}&f=agent:eq:${value}`);
  await expect(page.getByRole("list", { name: "Filters" })).toContainText('"><img src=x onerror=alert(11)>');
  await quiet(page);
  await expect(page.locator("main").locator(markup)).toHaveCount(0);
});

test("drawers show hostile paths, agents, referers and raw records as text", async ({ page }) => {
  await page.goto(`/events?${all}&f=client:eq:${attacker}`);
  const rows = page.getByRole("region", { name: "Hang-ups", exact: true }).locator("tbody tr");
  await expect(rows).toHaveCount(Object.keys(payloads).length + 2);
  const drawer = page.getByRole("dialog");
  for (const link of await rows.getByRole("link").evaluateAll((a) => a.map((x) => x.getAttribute("href") ?? ""))) {
    await page.goto(link);
    await expect(drawer.locator(".raw")).toContainText(attacker);
    await expect(drawer.locator(markup)).toHaveCount(0);
    await expect(drawer.locator('a[href^="javascript"]')).toHaveCount(0);
    await expect(
      drawer
        .getByText("javascript:alert(9)", { exact: true })
        .or(drawer.getByText("curl/8", { exact: true }))
        .first(),
    ).toBeVisible();
  }
});

test("a line of 100,000 characters does not break the page", async ({ page }) => {
  await page.goto(`/events?${all}&f=client:eq:${attacker}`);
  const long = page.getByRole("row").filter({ hasText: "/long/aaa" });
  await expect(long).toHaveCount(1);
  const box = await long.boundingBox();
  expect(box?.height).toBeLessThan(120);
  await long.getByRole("link").click();
  await expect(page.getByRole("dialog").locator(".raw")).toContainText("/long/aaa");
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
});

test("the page runs no inline code even if it were there", async ({ page, complaints }) => {
  await page.goto("/");
  await quiet(page);
  const refused = await page.evaluate(() => {
    const attempts = [
      () => {
        document.body.innerHTML = "<img src=x onerror='window.ran = true'>";
      },
      () => {
        const s = document.createElement("script");
        s.textContent = "window.ran = true";
        document.body.append(s);
      },
      () => document.body.setAttribute("onclick", "window.ran = true"),
    ].map((attempt) => {
      try {
        attempt();
        return "done";
      } catch (e) {
        return (e as Error).name;
      }
    });
    document.body.click();
    return { attempts, ran: "ran" in window };
  });
  expect(refused).toEqual({ attempts: ["TypeError", "TypeError", "TypeError"], ran: false });
  expect(complaints).toHaveLength(3); // those
  complaints.length = 0;
});
