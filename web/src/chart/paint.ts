// Painting of the heatmap on a canvas.
import type { Heatmap } from "../api/client";
import { clock, day } from "../format/time";
import { css, ramp } from "./colour";
import { type Box, type Cell, depth, greatest, rowTicks, timeTicks } from "./scale";

const levels = 24;

/** Mark is what is drawn above the cells: the cell pointed at, and the columns selected. */
export interface Mark {
  cell: Cell | null;
  columns: [number, number] | null;
}

/** boxOf leaves room for the labels on the left and below. */
export function boxOf(width: number, height: number): Box {
  return { left: 58, top: 6, width: Math.max(10, width - 64), height: Math.max(10, height - 28) };
}

/** paint draws the whole heatmap; the canvas is cleared first. Sizes are in CSS pixels, scaled by the device's ratio. */
export function paint(canvas: HTMLCanvasElement, data: Heatmap, tz: string, mark: Mark): void {
  const c = canvas.getContext("2d");
  if (!c) return;
  const ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  const box = boxOf(width, height);
  c.fillStyle = css("--sunken");
  c.fillRect(box.left, box.top, box.width, box.height);
  cells(c, data, box, ratio);
  labels(c, data, box, tz);
  above(c, data, box, mark);
}

function cells(c: CanvasRenderingContext2D, data: Heatmap, box: Box, ratio: number): void {
  const done = ramp(css("--heat-low"), css("--heat-high"), levels);
  const gone = ramp(css("--gone-low"), css("--gone-high"), levels);
  const most = { done: greatest(data.completed), gone: greatest(data.abandoned) };
  const snap = (n: number) => Math.round(n * ratio) / ratio;
  const cols = data.t.length;
  const rows = data.edges_ms.length;
  const level = (n: number, max: number) => Math.min(levels - 1, Math.floor(depth(n, max) * levels));
  for (let col = 0; col < cols; col++) {
    const x0 = snap(box.left + (col * box.width) / cols);
    const x1 = snap(box.left + ((col + 1) * box.width) / cols);
    for (let row = 0; row < rows; row++) {
      const completed = data.completed[col]?.[row] ?? 0;
      const abandoned = data.abandoned[col]?.[row] ?? 0;
      if (completed + abandoned === 0) continue;
      const y0 = snap(box.top + ((rows - 1 - row) * box.height) / rows);
      const y1 = snap(box.top + ((rows - row) * box.height) / rows);
      // A cell that has both shows the hang-ups: they are what one looks for, and the rarer of the two.
      c.fillStyle = (abandoned > 0 ? gone[level(abandoned, most.gone)] : done[level(completed, most.done)]) as string;
      c.fillRect(x0, y0, Math.max(x1 - x0, 1 / ratio), Math.max(y1 - y0, 1 / ratio));
    }
  }
}

function labels(c: CanvasRenderingContext2D, data: Heatmap, box: Box, tz: string): void {
  c.font = "11px system-ui, sans-serif";
  c.fillStyle = css("--muted");
  c.strokeStyle = css("--line");
  c.lineWidth = 1;
  c.textAlign = "right";
  c.textBaseline = "middle";
  const ticks = rowTicks(data.edges_ms, 18 / box.height);
  ticks.forEach((tick, i) => {
    const y = Math.round(box.top + box.height * (1 - tick.at)) + 0.5;
    const last = i === ticks.length - 1;
    c.globalAlpha = last ? 1 : 0.45;
    c.beginPath();
    c.moveTo(box.left, y);
    c.lineTo(box.left + box.width, y);
    c.stroke();
    c.globalAlpha = 1;
    // The row above the last edge has no upper end: its label says so.
    c.fillText(last ? `≥ ${tidy(tick.ms)}` : tidy(tick.ms), box.left - 5, Math.max(y, 8));
  });
  c.textAlign = "center";
  c.textBaseline = "alphabetic";
  const from = data.t[0] ?? 0;
  const step = data.range.step_seconds ?? 60;
  const to = (data.t.at(-1) ?? 0) + step;
  for (const tick of timeTicks(from, to, Math.max(2, Math.floor(box.width / 64)), zoneOffset(from, tz))) {
    const x = box.left + ((tick.t - from) / (to - from)) * box.width;
    const text = tick.step >= 86400 ? day(tick.t, tz) : clock(tick.t, tz);
    if (x > box.left + 14 && x < box.left + box.width - 12) c.fillText(text, x, box.top + box.height + 16);
  }
}

/** tidy writes the round durations of the axis in one unit. */
function tidy(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 300_000) return `${Math.round(ms / 1000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

function zoneOffset(t: number, tz: string): number {
  const [h = 0, m = 0] = clock(t, tz).split(":").map(Number);
  const utc = Math.floor((t % 86400) / 60);
  const minutes = (((h * 60 + m - utc) % 1440) + 1440) % 1440;
  return (minutes > 840 ? minutes - 1440 : minutes) * 60;
}

function above(c: CanvasRenderingContext2D, data: Heatmap, box: Box, mark: Mark): void {
  const w = box.width / data.t.length;
  const h = box.height / data.edges_ms.length;
  if (mark.columns) {
    const lo = Math.min(...mark.columns);
    const hi = Math.max(...mark.columns);
    c.fillStyle = css("--accent");
    c.globalAlpha = 0.2;
    c.fillRect(box.left + lo * w, box.top, (hi - lo + 1) * w, box.height);
    c.globalAlpha = 1;
    c.strokeStyle = css("--accent");
    c.lineWidth = 2;
    c.strokeRect(box.left + lo * w, box.top, (hi - lo + 1) * w, box.height);
  }
  if (mark.cell) {
    const y = box.top + (data.edges_ms.length - 1 - mark.cell.row) * h;
    c.strokeStyle = css("--ink");
    c.lineWidth = 1.5;
    c.strokeRect(box.left + mark.cell.col * w - 0.5, y - 0.5, w + 1, h + 1);
  }
}
