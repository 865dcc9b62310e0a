// What this browser remembers: theme and whether single keys act. Nothing else is kept outside the address.
import { computed, effect, signal } from "@preact/signals";

/** Theme is the colour scheme; system follows the setting of the operating system. */
export type Theme = "system" | "light" | "dark";

export const theme = signal<Theme>("system");
export const shortcuts = signal(true);

const systemDark = signal(false);

/** Whether the dark scheme is seen now. */
export const dark = computed(() => (theme.value === "system" ? systemDark.value : theme.value === "dark"));

/** startStore reads what was remembered, and keeps what changes. Without storage everything works, for this visit. */
export function startStore(): void {
  const stored = read("hangup.theme");
  if (stored === "light" || stored === "dark") theme.value = stored;
  shortcuts.value = read("hangup.shortcuts") !== "off";
  const system = matchMedia("(prefers-color-scheme: dark)");
  systemDark.value = system.matches;
  system.addEventListener("change", () => {
    systemDark.value = system.matches;
  });
  effect(() => {
    if (theme.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
    write("hangup.theme", theme.value);
  });
  effect(() => write("hangup.shortcuts", shortcuts.value ? "on" : "off"));
}

/** nextTheme goes from what is seen now to the other scheme. */
export function nextTheme(): void {
  theme.value = dark.value ? "light" : "dark";
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is full or forbidden: the choice lasts until the page is closed.
  }
}
