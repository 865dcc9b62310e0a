import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Timeseries } from "../api/client";
import { brief, count, percent } from "../format/number";
import { clock, day, span } from "../format/time";
import { parties } from "../format/word";
import { dark } from "../state/store";
import { css } from "./colour";
import { stacked } from "./scale";

interface Props {
  data: Timeseries;
  tz: string;
  zoom: (from: number, to: number) => void;
}

/** SeriesChart draws hang-ups by party as stacked bars, and their rate as a line. Dragging across it zooms. */
export function SeriesChart({ data, tz, zoom }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef({ data, zoom });
  latest.current = { data, zoom };
  const [at, setAt] = useState<number | null>(null);

  useEffect(() => {
    const box = host.current as HTMLDivElement;
    const u = new uPlot(options(box, tz, latest, setAt), rows(latest.current.data), box);
    plot.current = u;
    const sizes = new ResizeObserver(() => u.setSize({ width: box.clientWidth, height: box.clientHeight }));
    sizes.observe(box);
    return () => {
      sizes.disconnect();
      u.destroy();
    };
  }, [tz, dark.value]);

  useEffect(() => {
    plot.current?.setData(rows(data));
  }, [data]);

  const sum = (s: number[]) => s.reduce((a, b) => a + b, 0);
  const step = data.range.step_seconds ?? 60;
  const i = at !== null && at < data.t.length ? at : null;
  const t = i === null ? null : (data.t[i] as number);
  const n = (s: number[]) => (i === null ? sum(s) : (s[i] ?? 0));
  const requests = n(data.requests);
  const rate = i === null ? (requests > 0 ? sum(data.disconnects) / requests : null) : (data.rate[i] ?? null);
  return (
    <>
      <p class="legend">
        {parties
          .filter((p) => sum(data.by_party[p]) > 0)
          .map((p) => (
            <span key={p} class={`key ${p}`}>
              {p} <b>{count(n(data.by_party[p]))}</b>
            </span>
          ))}
        <span class="key rate">
          rate <b>{percent(rate)}</b>
        </span>
        {t !== null && (
          <span class="legend-at">
            of <b>{count(requests)}</b> requests, {span(t, t + step, tz)}
          </span>
        )}
      </p>
      <div ref={host} class="plot" role="img" aria-label={inWords(data, tz)} data-points={data.t.length} />
    </>
  );
}

function inWords(data: Timeseries, tz: string): string {
  const most = data.disconnects.reduce((best, n, i, all) => (n > (all[best] ?? 0) ? i : best), 0);
  const peak = data.disconnects[most] ?? 0;
  if (peak === 0) return "Hang-ups over time: none in this range.";
  const t = data.t[most] as number;
  const when = span(t, t + (data.range.step_seconds ?? 60), tz);
  return `Hang-ups over time by party, and their rate. Most at ${when}: ${count(peak)}, ${percent(data.rate[most])} of requests.`;
}

/** rows puts the series as uPlot wants them, with one more point where the last step ends: its rate holds until there. */
function rows(d: Timeseries): uPlot.AlignedData {
  const end = (d.t.at(-1) ?? 0) + (d.range.step_seconds ?? 60);
  const sums = stacked(parties.map((p) => d.by_party[p])).map((s) => [...s, null]);
  return [[...d.t, end], ...sums.reverse(), [...d.rate, d.rate.at(-1) ?? null]] as uPlot.AlignedData;
}

function options(
  box: HTMLElement,
  tz: string,
  latest: { current: { data: Timeseries; zoom: Props["zoom"] } },
  hover: (i: number | null) => void,
): uPlot.Options {
  const ink = css("--muted");
  const line = css("--line");
  const font = "11px system-ui, sans-serif";
  const bars = uPlot.paths.bars?.({ size: [0.86, 60], align: 1 });
  const steps = uPlot.paths.stepped?.({ align: 1 }); // a rate holds for its whole step, as a bar does
  const axis = { stroke: ink, font, ticks: { stroke: line, width: 1, size: 4 }, gap: 4 };
  return {
    width: box.clientWidth,
    height: box.clientHeight,
    legend: { show: false },
    padding: [6, 0, 0, 0],
    tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), tz),
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    scales: {
      x: {
        range: () => {
          const d = latest.current.data;
          const last = d.t.at(-1) ?? 1;
          return [d.t[0] ?? 0, last + (d.range.step_seconds ?? 60)];
        },
      },
      y: { range: (_u, _min, max) => [0, Math.max(4, max * 1.08)] },
      rate: { range: (_u, _min, max) => [0, Math.min(1, Math.max(0.01, (max ?? 0) * 1.15))] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        space: 64,
        grid: { show: false },
        values: (_u, splits, _i, _space, step) => splits.map((t) => (step >= 86400 ? day(t, tz) : clock(t, tz))),
      },
      {
        ...axis,
        size: 44,
        space: 34,
        grid: { stroke: line, width: 1 },
        values: (_u, splits) => splits.map((n) => (Number.isInteger(n) ? brief(n) : "")),
      },
      {
        ...axis,
        scale: "rate",
        side: 1,
        size: 46,
        space: 34,
        grid: { show: false },
        values: (_u, splits) => splits.map((n) => percent(n)),
      },
    ],
    series: [
      {},
      ...[...parties].reverse().map((p) => ({
        label: p,
        fill: css(`--${p}`),
        width: 0,
        points: { show: false },
        ...(bars ? { paths: bars } : {}),
      })),
      {
        label: "rate",
        scale: "rate",
        stroke: css("--ink"),
        width: 1.25,
        points: { show: false },
        spanGaps: false,
        ...(steps ? { paths: steps } : {}),
      },
    ],
    hooks: {
      setCursor: [(u) => hover(u.cursor.idx ?? null)],
      setSelect: [
        (u) => {
          const { left, width } = u.select;
          if (width < 4) return;
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          latest.current.zoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
        },
      ],
    },
  };
}
