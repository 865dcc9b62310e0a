import { describe, expect, test } from "vitest";
import { appliesTo, filterText, hrefOf, isLive, parseFilter, parseView, withFilter, withoutFilter } from "./view";

const at = (path: string) => parseView(new URL(path, "http://localhost"));

describe("parseFilter", () => {
  test("keeps colons in the value", () => {
    const f = parseFilter("client:eq:2001:db8::1");
    expect(f).toEqual({ field: "client", op: "eq", value: "2001:db8::1" });
    expect(f && filterText(f)).toBe("client:eq:2001:db8::1");
  });
  test.each(["", "route", "route:eq", "route:eq:", "ROUTE:eq:1", "a b:eq:1"])("refuses %j", (text) => {
    expect(parseFilter(text)).toBeNull();
  });
});

describe("address and view", () => {
  test("an address comes back as it was", () => {
    const href =
      "/events?from=now-6h&to=now&tz=Europe/Berlin&compare=7d&f=route:eq:12&f=client:eq:2001:db8::1&sort=-rate&idle=1&joined=1&event=e7";
    expect(hrefOf(at(href))).toBe(href);
  });
  test("defaults are left out", () => {
    expect(hrefOf(at("/?tz=UTC&sort=-excess&csort=-disconnects&compare=previous&all=0"))).toBe("/");
  });
  test("hostile values survive as text", () => {
    const value = `"><script>alert(1)</script>&f=x:eq:y#`;
    const v = withFilter(at("/"), { field: "agent", op: "eq", value });
    expect(at(hrefOf(v)).filters).toEqual([{ field: "agent", op: "eq", value }]);
  });
  test("what is not known falls back", () => {
    const v = at("/?sort=drop&csort=x&compare=never&tz=Mars/Olympus&f=nonsense");
    expect([v.sort, v.csort, v.compare, v.tz, v.filters]).toEqual(["-excess", "-disconnects", "previous", "UTC", []]);
  });
  test("an unknown path is no page", () => {
    expect(at("/wp-login.php").page).toBe("missing");
  });
});

describe("filters", () => {
  const one = { field: "route", op: "eq", value: "1" };
  test("a new one takes the place of its like", () => {
    const v = withFilter(withFilter(at("/"), one), { ...one, value: "2" });
    expect(v.filters).toEqual([{ ...one, value: "2" }]);
  });
  test("other operators stay beside it", () => {
    const v = withFilter(withFilter(at("/"), one), { ...one, op: "ne", value: "2" });
    expect(v.filters).toHaveLength(2);
    expect(withoutFilter(v, 0).filters).toEqual([{ ...one, op: "ne", value: "2" }]);
  });
  test("taking one away closes the drawer", () => {
    expect(withoutFilter(at("/events?f=route:eq:1&event=e1"), 0).event).toBe("");
  });
  test("single disconnects have more fields than figures", () => {
    expect([appliesTo("events", "client"), appliesTo("overview", "client")]).toEqual([true, false]);
    expect([appliesTo("overview", "route"), appliesTo("sources", "route")]).toEqual([true, false]);
  });
});

test("isLive", () => {
  expect(["/", "/?to=now", "/?to=2026-11-23T10:00:00Z"].map((p) => isLive(at(p)))).toEqual([true, true, false]);
});
