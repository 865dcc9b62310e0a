import { expect, test } from "vitest";
import { brief, bytes, count, duration, interval, percent, plural, ratio, spell } from "./number";

test.each([
  [null, "unknown"],
  [undefined, "unknown"],
  [0, "0\u00a0%"],
  [0.00001, "<0.01\u00a0%"],
  [0.0018, "0.18\u00a0%"],
  [0.0234, "2.3\u00a0%"],
  [0.152, "15\u00a0%"],
  [0.995, "99.5\u00a0%"],
  [0.9999, "100\u00a0%"],
  [1, "100\u00a0%"],
])("percent %j is %s", (share, want) => expect(percent(share)).toBe(want));

test.each([
  [null, "unknown"],
  [0, "0 ms"],
  [0.4, "<1 ms"],
  [12.4, "12 ms"],
  [999.6, "1.00 s"],
  [2004, "2.00 s"],
  [9_996, "10.0 s"],
  [59_949, "59.9 s"],
  [59_960, "1 min"],
  [61_000, "1 min 1 s"],
  [7_200_000, "2 h"],
])("duration %j is %s", (ms, want) => expect(duration(ms)).toBe(want));

test.each([
  [-3, "0 s"],
  [0, "0 s"],
  [59.4, "59 s"],
  [200, "3 min 20 s"],
  [3600, "1 h"],
  [90_000, "1 d 1 h"],
  [86_400 * 1200, "1,200 d"],
])("spell %j is %s", (s, want) => expect(spell(s)).toBe(want));

test.each([
  [0, "0 B"],
  [1023, "1,023 B"],
  [1024, "1.0 KiB"],
  [43_200_512, "41.2 MiB"],
  [1024 ** 2 - 1, "1.0 MiB"],
])("bytes %j is %s", (n, want) => expect(bytes(n)).toBe(want));

test("counts", () => {
  expect(count(1234567)).toBe("1,234,567");
  expect([brief(9999), brief(1234567)]).toEqual(["9,999", "1.23M"]);
  expect([plural(1, "request"), plural(2, "request"), plural(0, "client")]).toEqual([
    "1 request",
    "2 requests",
    "0 clients",
  ]);
});

test("interval", () => {
  expect(interval(0.012, 0.034)).toBe("1.2–3.4\u00a0%");
  expect(interval(null, 0.1)).toBe("unknown");
});

test("ratio", () => {
  expect(ratio(0.041, 0.01)).toEqual({ text: "4.1×", times: true, way: "up" });
  expect(ratio(0.5, 0.01)).toEqual({ text: "50×", times: true, way: "up" });
  expect(ratio(0.005, 0.01)).toEqual({ text: "0.5×", times: true, way: "down" });
  expect(ratio(0.01, 0.0101)).toEqual({ text: "as", times: false, way: "same" });
  expect(ratio(0.01, 0)).toEqual({ text: "none", times: false, way: "up" });
  expect(ratio(null, 0.1)).toBeNull();
});
