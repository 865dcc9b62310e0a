import { expect, test } from "vitest";
import { atSpan, moved, presetOf, widened } from "./range";
import { parseView } from "./view";

const view = parseView(new URL("http://localhost/?event=e1"));
const t = Date.UTC(2026, 10, 23, 10, 0) / 1000;

test("atSpan takes whole minutes, either way round, at least one", () => {
  expect(atSpan(view, { from: t + 61, to: t + 119 })).toMatchObject({
    from: "2026-11-23T10:01:00Z",
    to: "2026-11-23T10:02:00Z",
    event: "",
  });
  expect(atSpan(view, { from: t + 300, to: t })).toMatchObject({
    from: "2026-11-23T10:00:00Z",
    to: "2026-11-23T10:05:00Z",
  });
  expect(atSpan(view, { from: t, to: t })).toMatchObject({ from: "2026-11-23T10:00:00Z", to: "2026-11-23T10:01:00Z" });
});

test("moved goes back by its own width", () => {
  const back = moved(view, { from: t, to: t + 3600 }, -1, t + 3600);
  expect([back.from, back.to]).toEqual(["2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"]);
});

test("moved follows the clock again when it would pass now", () => {
  const forth = moved(view, { from: t, to: t + 3600 }, 1, t + 4000);
  expect([forth.from, forth.to]).toEqual(["now-1h", "now"]);
  expect(presetOf(forth)?.text).toBe("1 hour");
  const odd = moved(view, { from: t, to: t + 1260 }, 1, t + 1300);
  expect([odd.from, odd.to]).toEqual(["now-21m", "now"]);
});

test("moved goes forth while there is room", () => {
  const forth = moved(view, { from: t, to: t + 600 }, 1, t + 3600);
  expect([forth.from, forth.to]).toEqual(["2026-11-23T10:10:00Z", "2026-11-23T10:20:00Z"]);
});

test("widened does not pass now", () => {
  const wide = widened(view, { from: t, to: t + 600 }, t + 700);
  expect([wide.from, wide.to]).toEqual(["2026-11-23T09:55:00Z", "2026-11-23T10:12:00Z"]);
});

test("moved twice before an answer comes goes twice as far", () => {
  const answer = { from: t, to: t + 3600 };
  const twice = moved(moved(view, answer, -1, t + 3600), answer, -1, t + 3600);
  expect([twice.from, twice.to]).toEqual(["2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z"]);
});
