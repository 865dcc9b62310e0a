import { expect, test } from "vitest";
import { filtersOf, inOrder, merged, newer, rangeOf } from "./ask";
import { parseView } from "./view";

const ids = (s: string) => [...s].map((id) => ({ id }));
const text = (x: { id: string }[]) => x.map((y) => y.id).join("");

test("merged joins pages without doubles", () => {
  expect(text(merged(ids("abc"), ids("cde")))).toBe("abcde");
});

test("newer is the head that is not shown yet", () => {
  expect(text(newer(ids("def"), ids("abcde")))).toBe("abc");
  expect(text(newer(ids("abc"), ids("abc")))).toBe("");
  expect(text(newer(ids("xyz"), ids("abc")))).toBe("abc");
  expect(text(newer([], ids("ab")))).toBe("ab");
});

test("inOrder keeps what is on the screen where it is", () => {
  const fresh = [...ids("xcab")];
  expect(text(inOrder(["a", "b", "c"], fresh, (r) => r.id))).toBe("abcx");
  expect(text(inOrder([], fresh, (r) => r.id))).toBe("xcab");
});

test("parameters leave open what the address leaves open", () => {
  const v = parseView(new URL("http://localhost/?f=route:eq:1&f=client:eq:10.0.0.1"));
  expect(rangeOf(v)).toEqual({ tz: "UTC" });
  expect(filtersOf(v)).toEqual({ f: ["route:eq:1"] });
  expect(filtersOf(v, "events")).toEqual({ f: ["route:eq:1", "client:eq:10.0.0.1"] });
  expect(filtersOf(v, "sources")).toEqual({});
});
