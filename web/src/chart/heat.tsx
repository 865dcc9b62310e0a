import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Heatmap } from "../api/client";
import { count, duration, plural } from "../format/number";
import { span } from "../format/time";
import { dark } from "../state/store";
import { boxOf, type Mark, paint } from "./paint";
import { type Cell, cellAt, columnSpan, rowSums } from "./scale";

interface Props {
  data: Heatmap;
  tz: string;
  zoom: (from: number, to: number) => void;
  open: (from: number, to: number) => void; // the events of that time
}

/** Heat draws exchanges by time and duration: answered ones in one colour, hang-ups in another. Drag to zoom. */
export function Heat({ data, tz, zoom, open }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const hint = useId();
  const [mark, setMark] = useState<Mark>({ cell: null, columns: null });
  const [byKeys, setByKeys] = useState(false);
  const drag = useRef<{ from: Cell; moved: boolean } | null>(null);
  const cols = data.t.length;
  const rows = data.edges_ms.length;
  const step = data.range.step_seconds ?? 60;

  useEffect(() => {
    const draw = () => canvas.current && paint(canvas.current, data, tz, mark);
    const sizes = new ResizeObserver(draw);
    sizes.observe(canvas.current as HTMLCanvasElement);
    draw();
    return () => sizes.disconnect();
  }, [data, tz, mark, dark.value]);

  const at = (e: PointerEvent): Cell => {
    const c = canvas.current as HTMLCanvasElement;
    const r = c.getBoundingClientRect();
    return cellAt(e.clientX - r.left, e.clientY - r.top, boxOf(r.width, r.height), cols, rows);
  };
  const zoomTo = (a: number, b: number) => {
    setMark({ cell: null, columns: null });
    const s = columnSpan(data.t, step, a, b);
    zoom(s.from, s.to);
  };

  const down = (e: PointerEvent) => {
    if (e.button !== 0) return;
    drag.current = { from: at(e), moved: false };
    canvas.current?.setPointerCapture(e.pointerId);
  };
  const move = (e: PointerEvent) => {
    const cell = at(e);
    setByKeys(false);
    const d = drag.current;
    if (!d) return setMark({ cell, columns: null });
    d.moved ||= d.from.col !== cell.col;
    setMark({ cell, columns: d.moved ? [d.from.col, cell.col] : null });
  };
  const up = (e: PointerEvent) => {
    const d = drag.current;
    drag.current = null;
    if (!d) return;
    const cell = at(e);
    if (d.moved) return zoomTo(d.from.col, cell.col);
    if ((data.abandoned[cell.col]?.[cell.row] ?? 0) > 0) {
      const s = columnSpan(data.t, step, cell.col, cell.col);
      open(s.from, s.to);
    }
  };
  const key = (e: KeyboardEvent) => {
    const here = mark.cell ?? { col: cols - 1, row: 0 };
    const moves: Record<string, Cell> = {
      ArrowLeft: { col: here.col - 1, row: here.row },
      ArrowRight: { col: here.col + 1, row: here.row },
      ArrowUp: { col: here.col, row: here.row + 1 },
      ArrowDown: { col: here.col, row: here.row - 1 },
      Home: { col: 0, row: here.row },
      End: { col: cols - 1, row: here.row },
    };
    const to = moves[e.key];
    if (to) {
      e.preventDefault();
      const cell = {
        col: Math.min(cols - 1, Math.max(0, to.col)),
        row: Math.min(rows - 1, Math.max(0, to.row)),
      };
      setByKeys(true);
      setMark({ cell, columns: e.shiftKey ? [mark.columns?.[0] ?? here.col, cell.col] : null });
    } else if (e.key === "Enter" && (mark.columns || mark.cell)) {
      e.preventDefault();
      const [a, b] = mark.columns ?? [here.col, here.col];
      zoomTo(a, b);
    } else if (e.key === "Escape") {
      setMark({ cell: null, columns: null });
    }
  };

  const text = mark.cell ? cellText(data, mark, tz) : "";
  const right = mark.cell !== null && mark.cell.col > cols / 2;
  return (
    <div class="heat">
      <p class="legend">
        <span class="key answered">answered</span>
        <span class="key gone">hung up</span>
        {data.without_duration > 0 && (
          <span class="note">{plural(data.without_duration, "record")} without a duration not shown</span>
        )}
      </p>
      <div class="heat-frame">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a canvas that is worked by keys */}
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-roledescription="heatmap"
          aria-label="Waiting time by time of day"
          aria-describedby={hint}
          data-columns={cols}
          onPointerDown={down}
          onPointerMove={move}
          onPointerUp={up}
          onPointerLeave={() => !drag.current && setMark({ cell: null, columns: null })}
          onPointerCancel={() => {
            drag.current = null;
            setMark({ cell: null, columns: null });
          }}
          onKeyDown={key}
          onBlur={() => setMark({ cell: null, columns: null })}
        />
        {text && (
          <div class={right ? "tip left" : "tip right"} aria-hidden="true">
            {text}
          </div>
        )}
      </div>
      <p class="sr" id={hint}>
        Arrow keys move between cells, Shift with arrow keys selects time, Enter zooms in, Escape clears. The same
        figures are in the table below.
      </p>
      <div class="sr" aria-live="polite">
        {byKeys ? text : ""}
      </div>
      <HeatTable data={data} />
    </div>
  );
}

/** band writes the durations of a row: 1.00 s – 1.25 s, or "60 s or more". */
function band(lo: number, hi: number | null): string {
  return hi === null ? `${duration(lo)} or more` : `${duration(lo)} – ${duration(hi)}`;
}

function cellText(data: Heatmap, mark: Mark, tz: string): string {
  const { col, row } = mark.cell as Cell;
  const step = data.range.step_seconds ?? 60;
  const when = columnSpan(data.t, step, mark.columns?.[0] ?? col, col);
  if (mark.columns) return `${span(when.from, when.to, tz)} selected`;
  const done = data.completed[col]?.[row] ?? 0;
  const gone = data.abandoned[col]?.[row] ?? 0;
  const lasted = band(data.edges_ms[row] ?? 0, data.edges_ms[row + 1] ?? null);
  return `${span(when.from, when.to, tz)}, ${lasted}: ${count(gone)} hung up, ${count(done)} answered`;
}

/** HeatTable gives the heatmap's sums as text. */
function HeatTable({ data }: { data: Heatmap }) {
  const sums = rowSums(data.edges_ms, data.completed, data.abandoned);
  if (sums.length === 0) return null;
  return (
    <details class="as-table">
      <summary>As a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keys */}
      <section class="scroll" tabIndex={0} aria-label="Waiting times as a table">
        <table>
          <thead>
            <tr>
              <th scope="col">Lasted</th>
              <th scope="col" class="n">
                Answered
              </th>
              <th scope="col" class="n">
                Hung up
              </th>
            </tr>
          </thead>
          <tbody>
            {sums.map((r) => (
              <tr key={r.lo}>
                <th scope="row">{band(r.lo, r.hi)}</th>
                <td class="n">{count(r.completed)}</td>
                <td class="n">{count(r.abandoned)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
