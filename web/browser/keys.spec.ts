// Every way through the page by keys alone.
import { all, expect, quiet, test } from "./fixture";

test("pages, rows and the help sheet", async ({ page }) => {
  await page.goto(`/?${all}`);
  await quiet(page);
  await page.keyboard.press("j");
  const links = page.getByRole("region", { name: "Routes" }).getByRole("rowheader").getByRole("link");
  await expect(links.nth(0)).toBeFocused();
  await page.keyboard.press("j");
  await expect(links.nth(1)).toBeFocused();
  await page.keyboard.press("k");
  await expect(links.nth(0)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/f=route:eq:/);

  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await expect(page).toHaveURL(/\/events/);
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await expect(page).toHaveURL(/\/sources/);
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await expect(page).toHaveURL(/\/formats/);
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await expect(page).toHaveURL(/\/\?/);

  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Help" });
  await expect(help).toBeVisible();
  await page.keyboard.press("g"); // not while a dialog is open
  await page.keyboard.press("e");
  await expect(page).not.toHaveURL(/\/events/);
  await page.keyboard.press("Escape");
  await expect(help).toHaveCount(0);
});

test("ranges and refreshing", async ({ page }) => {
  await page.goto("/?from=now-1h&to=now");
  await quiet(page);
  await page.keyboard.press("[");
  await expect(page).toHaveURL(/from=20.*Z&to=20/);
  await page.keyboard.press("]");
  await expect(page).toHaveURL(/from=now-1h&to=now/);
  await page.keyboard.press("p");
  await expect(page.getByRole("button", { name: "Paused" })).toBeVisible();
  // Nothing is asked twice at a time: while an answer is under way the key does nothing.
  await expect(async () => {
    const asked = page.waitForRequest(/api\/v1\/summary/, { timeout: 1_000 });
    await page.keyboard.press("r");
    await asked;
  }).toPass({ intervals: [200] });
});

test("keys type in fields, and can be switched off", async ({ page }) => {
  await page.goto(`/?${all}`);
  await quiet(page);
  await page.keyboard.press("f");
  await expect(page.getByLabel("Field")).toBeFocused();
  await page.getByLabel("Field").selectOption("method");
  const value = page.getByRole("textbox", { name: "Value" });
  await value.pressSequentially("g e[j");
  await expect(value).toHaveValue("g e[j");
  await page.keyboard.press("Escape");
  await expect(value).toBeHidden();
  await expect(page).toHaveURL(/\/\?/);

  await page.keyboard.press("?");
  await page.getByLabel("Single keys act as above").uncheck();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.reload();
  await quiet(page);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("colours follow the system until they are chosen", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`/?${all}`);
  const colour = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  expect(await colour()).toBe("dark");
  await page.getByRole("button", { name: "Light colours" }).click();
  expect(await colour()).toBe("light");
  await page.reload();
  await expect(page.getByRole("button", { name: "Dark colours" })).toBeVisible();
  expect(await colour()).toBe("light");
});
