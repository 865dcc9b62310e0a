// Arithmetic on ranges: presets, shifting, zooming.
import type { View } from "./view";

/** Presets of the range picker: label and width in seconds, written as `now-…`. */
export const presets = [
  { text: "15 minutes", from: "now-15m", seconds: 900 },
  { text: "1 hour", from: "now-1h", seconds: 3600 },
  { text: "6 hours", from: "now-6h", seconds: 6 * 3600 },
  { text: "24 hours", from: "now-24h", seconds: 86400 },
  { text: "7 days", from: "now-7d", seconds: 7 * 86400 },
  { text: "30 days", from: "now-30d", seconds: 30 * 86400 },
] as const;

/** Span is a range in unix seconds, half-open. */
export interface Span {
  from: number;
  to: number;
}

/** presetOf returns the preset that a view shows, or undefined. */
export function presetOf(v: View): (typeof presets)[number] | undefined {
  return v.to === "now" ? presets.find((p) => p.from === v.from) : undefined;
}

/** iso writes unix seconds as RFC 3339 in UTC without fractions. */
export function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** spanOf reads the range of an answer. */
export function spanOf(range: { from: string; to: string }): Span {
  return { from: Date.parse(range.from) / 1000, to: Date.parse(range.to) / 1000 };
}

/** asked returns the range that a view names by both its ends, or undefined when an answer must tell it. */
export function asked(v: View): Span | undefined {
  const s = spanOf(v);
  return Number.isNaN(s.from) || Number.isNaN(s.to) ? undefined : s;
}

/** atSpan returns the view at whole minutes around the span, at least one minute wide. */
export function atSpan(v: View, s: Span): View {
  const from = Math.floor(Math.min(s.from, s.to) / 60) * 60;
  const to = Math.max(Math.ceil(Math.max(s.from, s.to) / 60) * 60, from + 60);
  return { ...v, from: iso(from), to: iso(to), event: "" };
}

/**
 * moved returns the view moved by its own width, back (-1) or forth (1). Forth never goes past now: there it becomes the
 * preset of that width if there is one, so that the page follows the clock again.
 */
export function moved(v: View, answered: Span, by: -1 | 1, now: number): View {
  const here = asked(v) ?? answered; // the answer may still be that to the range before
  const width = here.to - here.from;
  const to = here.to + by * width;
  if (by > 0 && to >= now) {
    const preset = presets.find((p) => Math.abs(p.seconds - width) <= 120);
    const minutes = Math.max(1, Math.round(width / 60));
    return { ...v, from: preset?.from ?? `now-${minutes}m`, to: "now", event: "" };
  }
  return atSpan(v, { from: here.from + by * width, to });
}

/** widened returns the view with twice the width around the same middle, not past now. */
export function widened(v: View, answered: Span, now: number): View {
  const here = asked(v) ?? answered;
  const half = (here.to - here.from) / 2;
  return atSpan(v, { from: here.from - half, to: Math.min(here.to + half, now) });
}
