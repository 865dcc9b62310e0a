// Geometry of the heatmap: pure functions from counts to cells, labels and spans.

/** Cell is a place in the grid: column from the left, row from the bottom. */
export interface Cell {
  col: number;
  row: number;
}

/** Box is where the cells are drawn, in CSS pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** cellAt returns the cell under a point; points outside belong to the nearest cell. */
export function cellAt(x: number, y: number, box: Box, cols: number, rows: number): Cell {
  const inside = (n: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(n * count)));
  return {
    col: inside((x - box.left) / box.width, cols),
    row: rows - 1 - inside((y - box.top) / box.height, rows),
  };
}

/** depth maps a count to 0..1 on a logarithmic scale: 0 for none, at least 0.15 for one, 1 for the greatest. */
export function depth(n: number, max: number): number {
  if (n <= 0) return 0;
  if (max <= 1) return 1;
  return 0.15 + (0.85 * Math.log(n)) / Math.log(max);
}

/** greatest returns the greatest count of a grid, 0 when it is empty. */
export function greatest(grid: number[][]): number {
  let max = 0;
  for (const column of grid) for (const n of column) if (n > max) max = n;
  return max;
}

/** RowTick is a label at a height: 0 is the bottom, 1 the top. */
export interface RowTick {
  at: number;
  ms: number;
}

const marks = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 60_000, 300_000, 1_800_000, 7_200_000];

/**
 * rowTicks places round durations on the rows. The last edge always gets a label: the row above it has no upper end. Labels
 * closer than gap (as a share of the height) to it or to each other are left out.
 */
export function rowTicks(edges: number[], gap: number): RowTick[] {
  const rows = edges.length;
  if (rows === 0) return [];
  const last = { at: (rows - 1) / rows, ms: edges[rows - 1] as number };
  const out = [last];
  for (const ms of [...marks].reverse()) {
    const at = heightOf(ms, edges);
    if (at === null || (out.at(-1) as RowTick).at - at < gap || at < 0.01) continue;
    out.push({ at, ms });
  }
  return out.reverse();
}

/** heightOf returns where a duration stands, 0..1 from the bottom, or null when it is outside the rows with two edges. */
export function heightOf(ms: number, edges: number[]): number | null {
  for (let i = 0; i + 1 < edges.length; i++) {
    const lo = edges[i] as number;
    const hi = edges[i + 1] as number;
    if (ms < lo || ms >= hi) continue;
    const part = lo > 0 ? Math.log(ms / lo) / Math.log(hi / lo) : (ms - lo) / (hi - lo);
    return (i + part) / edges.length;
  }
  return null;
}

/** timeTicks chooses round times between from and to (unix seconds), at most max of them, in steps that fit the zone's day. */
export function timeTicks(from: number, to: number, max: number, offset = 0): { t: number; step: number }[] {
  const steps = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];
  const step = steps.find((s) => (to - from) / s <= max) ?? Math.ceil((to - from) / max / 604800) * 604800;
  const out: { t: number; step: number }[] = [];
  for (let t = Math.ceil((from + offset) / step) * step - offset; t < to; t += step) out.push({ t, step });
  return out;
}

/** columnSpan returns the time of the columns a to b, both included, in either order. */
export function columnSpan(times: number[], step: number, a: number, b: number): { from: number; to: number } {
  const lo = Math.max(0, Math.min(a, b));
  const hi = Math.min(times.length - 1, Math.max(a, b));
  return { from: times[lo] ?? 0, to: (times[hi] ?? 0) + step };
}

/** RowSum is one line of the heatmap's table: how many exchanges lasted that long, and how many of them were hung up. */
export interface RowSum {
  lo: number;
  hi: number | null;
  completed: number;
  abandoned: number;
}

/** rowSums adds the columns up and leaves empty rows out. */
export function rowSums(edges: number[], completed: number[][], abandoned: number[][]): RowSum[] {
  return edges
    .map((lo, i) => ({
      lo,
      hi: edges[i + 1] ?? null,
      completed: completed.reduce((sum, c) => sum + (c[i] ?? 0), 0),
      abandoned: abandoned.reduce((sum, c) => sum + (c[i] ?? 0), 0),
    }))
    .filter((r) => r.completed + r.abandoned > 0);
}

/** stacked returns running sums of the series, first series lowest: what a stack of bars is drawn from. */
export function stacked(series: number[][]): number[][] {
  const out: number[][] = [];
  let below: number[] = [];
  for (const s of series) {
    below = s.map((n, i) => n + (below[i] ?? 0));
    out.push(below);
  }
  return out;
}
