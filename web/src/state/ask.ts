// The parameters that a view gives to the API.
import { appliesTo, filterText, type Page, type View } from "./view";

/** rangeOf returns the range parameters; empty ends are left to the server. */
export function rangeOf(v: View): { from?: string; to?: string; tz: string } {
  return { ...(v.from ? { from: v.from } : {}), ...(v.to ? { to: v.to } : {}), tz: v.tz };
}

/** filtersOf returns the filters that the page's questions take. */
export function filtersOf(v: View, page: Page = v.page): { f?: string[] } {
  const f = v.filters.filter((x) => appliesTo(page, x.field)).map(filterText);
  return f.length > 0 ? { f } : {};
}

/** keyOf tells one question from another. */
export function keyOf(what: string, params: object): string {
  return `${what} ${JSON.stringify(params)}`;
}

/** merged joins a page of a list to what is shown, by id, in the order in which the pages came. */
export function merged<T extends { id: string }>(shown: T[], more: T[]): T[] {
  const have = new Set(shown.map((x) => x.id));
  return [...shown, ...more.filter((x) => !have.has(x.id))];
}

/** newer returns the items at the head of the newest page that are not shown yet. */
export function newer<T extends { id: string }>(shown: T[], newest: T[]): T[] {
  const have = new Set(shown.map((x) => x.id));
  const until = newest.findIndex((x) => have.has(x.id));
  return until < 0 ? newest : newest.slice(0, until).filter((x) => !have.has(x.id));
}

/**
 * inOrder returns the fresh rows in the order that is on the screen, for as long as somebody reads there: rows that are gone
 * fall out, new ones wait at the end.
 */
export function inOrder<T>(order: string[], fresh: T[], id: (x: T) => string): T[] {
  const place = new Map(order.map((k, i) => [k, i]));
  return [...fresh].sort((a, b) => (place.get(id(a)) ?? order.length) - (place.get(id(b)) ?? order.length));
}
