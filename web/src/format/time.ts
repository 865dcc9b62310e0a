// Times in words, in the zone of the view. A zone is an IANA name.

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function partsIn(seconds: number, tz: string): Parts {
  let f = formats.get(tz);
  if (!f) {
    f = new Intl.DateTimeFormat("en-GB", {
      timeZone: tz,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(tz, f);
  }
  const parts: Parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const p of f.formatToParts(seconds * 1000)) if (p.type in parts) parts[p.type as keyof Parts] = Number(p.value);
  return parts;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n: number) => String(n).padStart(2, "0");

/** clock writes the time of day: 14:02, or 14:02:09 with seconds. */
export function clock(seconds: number, tz: string, withSeconds = false): string {
  const p = partsIn(seconds, tz);
  return `${two(p.hour)}:${two(p.minute)}${withSeconds ? `:${two(p.second)}` : ""}`;
}

/** day writes the date without its year: 23 Nov. */
export function day(seconds: number, tz: string): string {
  const p = partsIn(seconds, tz);
  return `${p.day} ${months[p.month - 1]}`;
}

/** stamp writes date and time to the second: 23 Nov 2026 14:02:09. */
export function stamp(seconds: number, tz: string): string {
  const p = partsIn(seconds, tz);
  return `${p.day} ${months[p.month - 1]} ${p.year} ${clock(seconds, tz, true)}`;
}

/** span writes a range as short as it is clear: 23 Nov 14:00 – 15:00. */
export function span(from: number, to: number, tz: string): string {
  const head = `${day(from, tz)} ${clock(from, tz)}`;
  return day(from, tz) === day(to, tz) ? `${head} – ${clock(to, tz)}` : `${head} – ${day(to, tz)} ${clock(to, tz)}`;
}

/** zoneName writes what a person calls the zone: UTC, or the last part of its IANA name. */
export function zoneName(tz: string): string {
  return tz === "UTC" ? "UTC" : (tz.split("/").at(-1) ?? tz).replaceAll("_", " ");
}

/** unix reads an RFC 3339 time as unix seconds. */
export function unix(time: string): number {
  return Date.parse(time) / 1000;
}

/** toField writes a time as the value of a datetime-local field in the zone: 2026-11-23T14:02. */
export function toField(seconds: number, tz: string): string {
  const p = partsIn(seconds, tz);
  return `${String(p.year).padStart(4, "0")}-${two(p.month)}-${two(p.day)}T${two(p.hour)}:${two(p.minute)}`;
}

/**
 * fromField reads the value of a datetime-local field in the zone, as unix seconds; NaN when it is no time. An hour that
 * a clock change skips is read as if the change had not been; of one that comes twice the first is meant.
 */
export function fromField(value: string, tz: string): number {
  const wall = Date.parse(`${value}Z`) / 1000;
  if (Number.isNaN(wall)) return Number.NaN;
  const offset = (t: number) => {
    const p = partsIn(t, tz);
    return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) / 1000 - t;
  };
  const before = wall - offset(wall - 86400);
  if (before + offset(before) === wall) return before;
  const after = wall - offset(wall + 86400);
  return after + offset(after) === wall ? after : before;
}
