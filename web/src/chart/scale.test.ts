import { describe, expect, test } from "vitest";
import { cellAt, columnSpan, depth, greatest, heightOf, rowSums, rowTicks, stacked, timeTicks } from "./scale";

const box = { left: 50, top: 10, width: 100, height: 40 };

test.each([
  [50, 49, { col: 0, row: 0 }],
  [149, 11, { col: 9, row: 3 }],
  [-5, 500, { col: 0, row: 0 }],
  [500, -5, { col: 9, row: 3 }],
  [100, 30, { col: 5, row: 1 }],
])("the cell at %d,%d", (x, y, want) => expect(cellAt(x, y, box, 10, 4)).toEqual(want));

test("depth is logarithmic, and one is seen", () => {
  expect(depth(0, 1000)).toBe(0);
  expect(depth(1, 1000)).toBeCloseTo(0.15);
  expect(depth(1000, 1000)).toBe(1);
  expect(depth(1, 1)).toBe(1);
  expect(depth(100, 10_000)).toBeGreaterThan(depth(10, 10_000));
});

test("greatest", () => {
  expect(greatest([])).toBe(0);
  expect(greatest([[1, 5], [2]])).toBe(5);
});

describe("rows", () => {
  const edges = [0, 1, 10, 100, 1000, 10_000, 60_000];
  test("a duration stands between its edges, by its logarithm", () => {
    expect(heightOf(1, edges)).toBeCloseTo(1 / 7);
    expect(heightOf(Math.sqrt(10), edges)).toBeCloseTo(1.5 / 7);
    expect(heightOf(0.5, edges)).toBeCloseTo(0.5 / 7);
    expect(heightOf(60_000, edges)).toBeNull();
  });
  test("the last edge is always labelled, and labels keep their distance", () => {
    const ticks = rowTicks(edges, 0.1);
    expect(ticks.at(-1)).toEqual({ at: 6 / 7, ms: 60_000 });
    for (let i = 1; i < ticks.length; i++) {
      expect((ticks[i] as { at: number }).at - (ticks[i - 1] as { at: number }).at).toBeGreaterThanOrEqual(0.1);
    }
    expect(rowTicks([], 0.1)).toEqual([]);
  });
  test("sums leave empty rows out and the last row open", () => {
    expect(
      rowSums(
        [0, 10, 100],
        [
          [1, 0, 2],
          [3, 0, 0],
        ],
        [[0, 0, 5], [1]],
      ),
    ).toEqual([
      { lo: 0, hi: 10, completed: 4, abandoned: 1 },
      { lo: 100, hi: null, completed: 2, abandoned: 5 },
    ]);
  });
});

test("timeTicks are round in the zone and not too many", () => {
  const t = Date.UTC(2026, 10, 23, 10, 3) / 1000;
  const ticks = timeTicks(t, t + 3600, 6);
  expect(ticks.map((x) => new Date(x.t * 1000).getUTCMinutes())).toEqual([10, 20, 30, 40, 50, 0]);
  const india = timeTicks(t, t + 86400, 4, 5.5 * 3600);
  for (const x of india) expect((x.t + 5.5 * 3600) % 21600).toBe(0);
  expect(timeTicks(t, t + 400 * 86400, 5).length).toBeLessThanOrEqual(5);
});

test("columnSpan takes columns in either order", () => {
  expect(columnSpan([100, 160, 220], 60, 2, 1)).toEqual({ from: 160, to: 280 });
  expect(columnSpan([100, 160, 220], 60, -4, 99)).toEqual({ from: 100, to: 280 });
});

test("stacked", () => {
  expect(
    stacked([
      [1, 2],
      [3, 0],
      [0, 1],
    ]),
  ).toEqual([
    [1, 2],
    [4, 2],
    [4, 3],
  ]);
});
