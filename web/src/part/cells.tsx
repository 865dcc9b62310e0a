import type { ByParty } from "../api/client";
import { count, duration, interval, percent } from "../format/number";
import { parties } from "../format/word";
import { Log } from "./log";

/** few is the number of requests below which a rate says little. */
export const few = 20;

/** Method shows a request's method before its path. */
export function Method({ of }: { of: string }) {
  if (!of) return null;
  return (
    <span class="method">
      <Log text={of} max={20} />
    </span>
  );
}

/** RateCell shows a rate with its interval, or why there is none. */
export function RateCell(p: { rate: number | null; low?: number | null; high?: number | null; requests: number }) {
  if (p.requests === 0) return <span class="dim">no requests seen</span>;
  if (p.rate === null) return <span class="dim">unknown</span>;
  return (
    <>
      <b>{percent(p.rate)}</b>
      {p.requests < few ? (
        <small>{p.requests === 1 ? "1 request only" : `${count(p.requests)} requests only`}</small>
      ) : (
        p.low !== undefined && p.high !== undefined && <small>{interval(p.low, p.high)}</small>
      )}
    </>
  );
}

/** Ages shows the middle and the slow end of durations: half of them, and 95 of 100. */
export function Ages({ of, n }: { of: { count: number; p50_ms: number | null; p95_ms: number | null }; n: number }) {
  if (n === 0) return <span class="dim">–</span>;
  if (of.count === 0 || of.p50_ms === null) return <span class="dim">unknown</span>;
  return (
    <>
      {duration(of.p50_ms)}
      <small>p95 {duration(of.p95_ms)}</small>
    </>
  );
}

/** PartyStrip shows who went away as a thin bar with its meaning in words. */
export function PartyStrip({ of }: { of: ByParty }) {
  const sum = parties.reduce((s, p) => s + of[p], 0);
  if (sum === 0) return null;
  const words = parties
    .filter((p) => of[p] > 0)
    .map((p) => `${p} ${count(of[p])}`)
    .join(", ");
  return (
    <span class="strip" role="img" aria-label={words} title={words}>
      {parties
        .filter((p) => of[p] > 0)
        .map((p) => (
          <span key={p} class={p} style={{ width: `${(100 * of[p]) / sum}%` }} />
        ))}
    </span>
  );
}
