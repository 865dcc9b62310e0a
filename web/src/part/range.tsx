import { useEffect, useRef, useState } from "preact/hooks";
import type { Range } from "../api/client";
import { spell } from "../format/number";
import { fromField, span, toField, zoneName } from "../format/time";
import { now, paused } from "../state/clock";
import { atSpan, moved, presetOf, presets, type Span, spanOf, widened } from "../state/range";
import { change, go, view } from "../state/router";
import { compares, isLive, type View } from "../state/view";

const compareWords = { previous: "the period before", "1d": "a day earlier", "7d": "a week earlier", none: "nothing" };

/** RangePicker chooses the range, its zone and what to compare with. It shows the range that was answered. */
export function RangePicker({ range }: { range: Range | undefined }) {
  const v = view.value;
  const details = useRef<HTMLDetailsElement>(null);
  const answered = range && spanOf(range);
  const preset = presetOf(v);
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [...new Set(["UTC", local, v.tz])];
  const text = preset
    ? `Last ${preset.text}`
    : answered
      ? rangeText(answered, v)
      : v.from
        ? "Custom range"
        : "Newest data";
  const close = () => {
    if (details.current) details.current.open = false;
  };
  return (
    <div class="range">
      <button
        type="button"
        class="square"
        disabled={!answered}
        onClick={() => answered && go(moved(v, answered, -1, now.peek()))}
        aria-label="Earlier"
        title="Earlier ( [ )"
      >
        ‹
      </button>
      <details class="menu" ref={details}>
        <summary id="range">
          <span class="sr">Range: </span>
          {text} <small>{zoneName(v.tz)}</small>
        </summary>
        <div class="sheet wide">
          <div class="presets">
            {presets.map((p) => (
              <button
                type="button"
                key={p.from}
                aria-pressed={p === preset}
                onClick={() => {
                  change({ from: p.from, to: "now", event: "" });
                  close();
                }}
              >
                Last {p.text}
              </button>
            ))}
            <button
              type="button"
              aria-pressed={!v.from && !v.to}
              onClick={() => {
                change({ from: "", to: "", event: "" });
                close();
              }}
            >
              Newest data
            </button>
          </div>
          <Custom key={`${v.from} ${v.to} ${v.tz}`} answered={answered} close={close} />
          <label>
            Time zone
            <select value={v.tz} onChange={(e) => change({ tz: e.currentTarget.value })}>
              {zones.map((z) => (
                <option key={z} value={z}>
                  {z === local && z !== "UTC" ? `${z} (this computer)` : z}
                </option>
              ))}
            </select>
          </label>
          <label>
            Compare with
            <select
              value={v.compare}
              onChange={(e) => change({ compare: e.currentTarget.value as (typeof compares)[number] })}
            >
              {compares.map((c) => (
                <option key={c} value={c}>
                  {compareWords[c]}
                </option>
              ))}
            </select>
          </label>
          {answered && (
            <button type="button" onClick={() => go(widened(v, answered, now.peek()))}>
              Zoom out
            </button>
          )}
        </div>
      </details>
      <button
        type="button"
        class="square"
        disabled={!answered || isLive(v)}
        onClick={() => answered && go(moved(v, answered, 1, now.peek()))}
        aria-label="Later"
        title="Later ( ] )"
      >
        ›
      </button>
      <LiveButton />
    </div>
  );
}

/** rangeText names an answered range: by its width when it ends now, else by its ends. */
function rangeText(s: Span, v: View): string {
  if (!isLive(v) || now.value - s.to > 120) return span(s.from, s.to, v.tz);
  const width = s.to - s.from;
  return `Last ${presets.find((p) => Math.abs(p.seconds - width) <= 120)?.text ?? spell(width)}`;
}

/** Custom sets both ends by hand, in the zone of the view. */
function Custom({ answered, close }: { answered: { from: number; to: number } | undefined; close: () => void }) {
  const tz = view.value.tz;
  const [problem, setProblem] = useState("");
  const apply = (e: SubmitEvent) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget as HTMLFormElement);
    const from = fromField(String(form.get("from")), tz);
    const to = fromField(String(form.get("to")), tz);
    if (Number.isNaN(from) || Number.isNaN(to)) return setProblem("Give both ends of the range.");
    if (from >= to) return setProblem("The range ends before it begins.");
    setProblem("");
    go(atSpan(view.value, { from, to }));
    close();
  };
  return (
    <form class="custom" onSubmit={apply}>
      <label>
        From
        <input type="datetime-local" name="from" required defaultValue={answered ? toField(answered.from, tz) : ""} />
      </label>
      <label>
        To
        <input type="datetime-local" name="to" required defaultValue={answered ? toField(answered.to, tz) : ""} />
      </label>
      <button type="submit" class="primary">
        Show this range
      </button>
      {problem && (
        <p class="hint" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

/** LiveButton stops and starts the refreshing. A range in the past has none. */
function LiveButton() {
  const v = view.value;
  useEffect(() => {
    if (!isLive(v)) paused.value = false;
  }, [v.to]);
  if (!isLive(v)) {
    return (
      <button type="button" class="live off" onClick={() => change({ from: "now-1h", to: "now", event: "" })}>
        Go to now
      </button>
    );
  }
  return (
    <button
      type="button"
      class={paused.value ? "live paused" : "live"}
      aria-pressed={!paused.value}
      title="Refresh every 5 s ( p )"
      onClick={() => {
        paused.value = !paused.value;
      }}
    >
      <span class="dot" aria-hidden="true" />
      {paused.value ? "Paused" : "Live"}
    </button>
  );
}
