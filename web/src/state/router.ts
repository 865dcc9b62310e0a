// The router: the address is a signal, links change it without loading the page.
import { computed, signal } from "@preact/signals";
import { hrefOf, parseView, type View } from "./view";

const address = signal(new URL("http://localhost/"));

/** The view that the address describes. */
export const view = computed(() => parseView(address.value));

/** startRouter follows the address bar, the back button and clicks on links to our own pages. */
export function startRouter(): void {
  const read = () => {
    address.value = new URL(location.href);
  };
  read();
  addEventListener("popstate", read);
  addEventListener("click", (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    const link = e.target instanceof Element ? e.target.closest("a") : null;
    if (!link || link.target || link.origin !== location.origin || !link.hasAttribute("data-go")) return;
    e.preventDefault();
    go(link.href);
  });
}

/** go shows another address of ours; replace does so without a step in the history. */
export function go(to: string | View, replace = false): void {
  const url = new URL(typeof to === "string" ? to : hrefOf(to), location.href);
  if (url.href === location.href) return;
  const samePage = url.pathname === location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", url);
  address.value = url;
  if (!samePage) scrollTo(0, 0);
}

/** change shows the present view with some parts changed. */
export function change(part: Partial<View>, replace = false): void {
  go({ ...view.value, ...part }, replace);
}
