// Numbers in words, in English, by Intl.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** count writes a whole number: 12,345. */
export function count(n: number): string {
  return whole.format(n);
}

/** brief writes a number for narrow places: 12.3K. */
export function brief(n: number): string {
  return Math.abs(n) < 10_000 ? whole.format(n) : short.format(n);
}

/** The sign after a share, with the space that keeps it on the line of its number. */
const sign = "\u00a0%";

/** percent writes a share (0 to 1) with as many digits as tell small ones apart; null is "unknown". */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return "unknown";
  const p = share * 100;
  if (p === 0) return `0${sign}`;
  if (p < 0.01) return `<0.01${sign}`;
  const digits = p < 1 ? 2 : p < 10 || (p > 99 && p < 99.95) ? 1 : 0;
  return `${p.toFixed(digits)}${sign}`;
}

/** interval writes two shares as one span: 1.2–3.4 %. */
export function interval(low: number | null, high: number | null): string {
  if (low === null || high === null) return "unknown";
  return `${percent(low).replace(sign, "")}–${percent(high)}`;
}

/** duration writes milliseconds in the unit that reads best; null is "unknown". */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "unknown";
  if (ms < 1) return ms === 0 ? "0 ms" : "<1 ms";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return spell(Math.round(ms / 1000));
}

/** spell writes whole seconds in at most two units: 4 s, 3 min 20 s, 2 h, 5 d 3 h. */
export function spell(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const units = [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ] as const;
  const i = units.findIndex(([size]) => s >= size);
  if (i < 0) return "0 s";
  const [size, name] = units[i] as (typeof units)[number];
  const head = `${whole.format(Math.floor(s / size))} ${name}`;
  const next = units[i + 1];
  const rest = next ? Math.floor((s % size) / next[0]) : 0;
  return next && rest > 0 ? `${head} ${rest} ${next[1]}` : head;
}

/** bytes writes an amount of data in binary units: 41.2 MiB. */
export function bytes(n: number): string {
  if (n < 1024) return `${whole.format(n)} B`;
  let value = n;
  let unit = "";
  for (const u of ["KiB", "MiB", "GiB", "TiB"]) {
    unit = u;
    value /= 1024;
    if (value < 1023.95) break;
  }
  return `${value.toFixed(1)} ${unit}`;
}

/** plural joins a number and a noun: 1 request, 2 requests. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Change is how a rate compares with an earlier one. */
export interface Change {
  text: string; // "4.1×", "as", "none": the words for when are put after it
  times: boolean; // whether the text is a factor
  way: "up" | "down" | "same";
}

/** ratio compares two rates; without one of them there is nothing to say. */
export function ratio(now: number | null, before: number | null): Change | null {
  if (now === null || before === null) return null;
  if (before === 0)
    return now === 0 ? { text: "as", times: false, way: "same" } : { text: "none", times: false, way: "up" };
  const r = now / before;
  if (r > 0.9 && r < 1.1) return { text: "as", times: false, way: "same" };
  return { text: `${r >= 10 ? r.toFixed(0) : r.toFixed(1)}×`, times: true, way: r > 1 ? "up" : "down" };
}
