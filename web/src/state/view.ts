// What the page shows is a function of its address: page, range, zone, filters, order and what is open.

/** Page names a page of the dashboard. */
export type Page = "overview" | "events" | "sources" | "formats" | "missing";

/** Filter is one condition `field:op:value` of the API's parameter `f`. */
export interface Filter {
  field: string;
  op: string;
  value: string;
}

/** The orders of the routes and of the clients that the API knows; the first is the default. */
export const routeSorts = ["-excess", "-disconnects", "-rate", "-requests", "route"] as const;
export const clientSorts = ["-disconnects", "-rate", "-requests", "client"] as const;
export const compares = ["previous", "1d", "7d", "none"] as const;
export type RouteSort = (typeof routeSorts)[number];
export type ClientSort = (typeof clientSorts)[number];
export type Compare = (typeof compares)[number];

/** View is the state in the address. Absent from and to leave the range to the server: the newest data. */
export interface View {
  page: Page;
  from: string;
  to: string;
  tz: string;
  filters: Filter[];
  compare: Compare;
  sort: RouteSort;
  csort: ClientSort;
  all: boolean; // long lists instead of the first ten
  idle: boolean;
  joined: boolean;
  event: string; // id of the event in the drawer
  source: string; // id of the source whose samples are open, or whose lines are tested
}

const paths: Record<Exclude<Page, "missing">, string> = {
  overview: "/",
  events: "/events",
  sources: "/sources",
  formats: "/formats",
};

/** Fields that only single disconnects have: figures over time cannot be split by them. */
const eventFields = new Set(["client", "how", "phase", "status", "exchange"]);

/** hasRange tells whether a page answers a question about a range of time. */
export function hasRange(page: Page): boolean {
  return page === "overview" || page === "events";
}

/** appliesTo tells whether a page can filter by the field. */
export function appliesTo(page: Page, field: string): boolean {
  return page === "events" || (page === "overview" && !eventFields.has(field));
}

/** parseFilter reads `field:op:value`; the value may hold colons (IPv6). It returns null for anything else. */
export function parseFilter(text: string): Filter | null {
  const m = /^([a-z_]+):([a-z]+):(.+)$/s.exec(text);
  return m ? { field: m[1] as string, op: m[2] as string, value: m[3] as string } : null;
}

/** filterText writes a filter as parseFilter reads it. */
export function filterText(f: Filter): string {
  return `${f.field}:${f.op}:${f.value}`;
}

/** parseView reads a page's address. What it does not know it leaves out; it never fails. */
export function parseView(url: URL): View {
  const q = url.searchParams;
  const page = (Object.keys(paths) as (keyof typeof paths)[]).find((p) => paths[p] === url.pathname);
  return {
    page: page ?? "missing",
    from: q.get("from") ?? "",
    to: q.get("to") ?? "",
    tz: validZone(q.get("tz")) ?? "UTC",
    filters: q
      .getAll("f")
      .map(parseFilter)
      .filter((f): f is Filter => f !== null),
    compare: oneOf(compares, q.get("compare")),
    sort: oneOf(routeSorts, q.get("sort")),
    csort: oneOf(clientSorts, q.get("csort")),
    all: q.get("all") === "1",
    idle: q.get("idle") === "1",
    joined: q.get("joined") === "1",
    event: q.get("event") ?? "",
    source: q.get("source") ?? "",
  };
}

/** hrefOf writes the address of a view: defaults left out, so that equal views have equal addresses. */
export function hrefOf(v: View): string {
  const q = new URLSearchParams();
  const put = (name: string, value: string, standard = "") => value !== standard && q.append(name, value);
  put("from", v.from);
  put("to", v.to);
  put("tz", v.tz, "UTC");
  put("compare", v.compare, compares[0]);
  for (const f of v.filters) q.append("f", filterText(f));
  put("sort", v.sort, routeSorts[0]);
  put("csort", v.csort, clientSorts[0]);
  put("all", v.all ? "1" : "");
  put("idle", v.idle ? "1" : "");
  put("joined", v.joined ? "1" : "");
  put("event", v.event);
  put("source", v.source);
  const text = q.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  const path = v.page === "missing" ? "/" : paths[v.page];
  return text ? `${path}?${text}` : path;
}

/** withFilter adds a filter, in place of those on the same field with the same operator. */
export function withFilter(v: View, f: Filter): View {
  return { ...v, filters: [...v.filters.filter((g) => g.field !== f.field || g.op !== f.op), f], event: "" };
}

/** withoutFilter takes the filter at position i away. */
export function withoutFilter(v: View, i: number): View {
  return { ...v, filters: v.filters.filter((_, j) => j !== i), event: "" };
}

/** isLive tells whether the range ends now, so that asking again may bring something new. */
export function isLive(v: View): boolean {
  return v.to === "" || v.to === "now";
}

function oneOf<T extends string>(all: readonly [T, ...T[]] | readonly T[], value: string | null): T {
  return all.find((x) => x === value) ?? (all[0] as T);
}

/** validZone returns the name if it is a time zone that this browser knows, else null. */
export function validZone(name: string | null): string | null {
  if (!name) return null;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return name;
  } catch {
    return null;
  }
}
