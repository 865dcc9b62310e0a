// Single-key commands. They never act while one types, nor with a modifier, and can be switched off in the help sheet.
import { helpOpen } from "../part/help";
import { now, paused, refresh } from "./clock";
import { moved, type Span } from "./range";
import { change, go, view } from "./router";
import { shortcuts } from "./store";
import { isLive, type Page } from "./view";

const pages: Record<string, Page> = { o: "overview", e: "events", s: "sources", f: "formats" };

/** startKeys listens on the document; answered gives the range that is on the screen. */
export function startKeys(answered: () => Span | undefined): void {
  let after = ""; // "g" when that was the key before
  document.addEventListener("keydown", (e) => {
    if (!shortcuts.value || e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey) return;
    const at = e.target instanceof Element ? e.target : document.body;
    if (e.key === "Escape") return closeMenus(true);
    if (at.closest("input, select, textarea, dialog")) return;
    const before = after;
    after = "";
    if (before === "g" && pages[e.key]) return change({ page: pages[e.key] as Page, event: "", source: "" });
    const range = answered();
    const v = view.peek();
    switch (e.key) {
      case "g":
        after = "g";
        return;
      case "[":
        return range && go(moved(v, range, -1, now.peek()));
      case "]":
        return range && !isLive(v) ? go(moved(v, range, 1, now.peek())) : undefined;
      case "r":
        return refresh();
      case "p":
        paused.value = !paused.value;
        return;
      case "j":
        return step(1);
      case "k":
        return step(-1);
      case "f":
        return openMenu(e, "add-filter");
      case "?":
        helpOpen.value = true;
    }
  });
  // A menu closes when one clicks elsewhere.
  document.addEventListener("pointerdown", (e) => closeMenus(false, e.target));
}

/** closeMenus closes the open menus but the one that holds the node; with focus it leaves the focus on what opened them. */
function closeMenus(focus: boolean, except: EventTarget | null = null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (except instanceof Node && menu.contains(except)) continue;
    if (focus && menu.contains(document.activeElement)) menu.querySelector("summary")?.focus();
    menu.open = false;
  }
}

/** step moves the focus to the next or previous row of the tables on the page. */
function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const here = rows.findIndex((r) => r === document.activeElement || r.closest("tr")?.contains(document.activeElement));
  const next = here < 0 ? rows[by > 0 ? 0 : rows.length - 1] : rows[here + by];
  next?.focus();
  next?.closest("tr")?.scrollIntoView({ block: "nearest" });
}

function openMenu(e: KeyboardEvent, id: string): void {
  const summary = document.getElementById(id);
  const menu = summary?.closest("details");
  if (!menu) return;
  e.preventDefault();
  menu.open = true;
  menu.querySelector<HTMLElement>("select, input, button")?.focus();
}
