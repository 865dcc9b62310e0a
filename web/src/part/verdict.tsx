import type { Summary } from "../api/client";
import { count, duration, percent, plural, ratio, spell } from "../format/number";
import { clock, stamp, unix } from "../format/time";
import { now } from "../state/clock";
import type { Answer } from "../state/query";
import { view } from "../state/router";
import { hrefOf } from "../state/view";
import { Log } from "./log";

const levels = { none: "No data", good: "Good", notice: "Watch", bad: "Bad" };
const earlier = { previous: "the period before", "1d": "a day earlier", "7d": "a week earlier", none: "" };

/** Verdict is the answer in one line, with the figures that it rests on. */
export function Verdict({ summary }: { summary: Answer<Summary> }) {
  const s = summary.data;
  const v = view.value;
  if (!s) return <section class="verdict none" aria-label="Verdict" aria-busy="true" />;
  const before = s.baseline && v.compare !== "none" ? s.baseline : undefined;
  const change = before && before.requests > 0 ? ratio(s.rate, before.rate) : null;
  const then = earlier[v.compare];
  const at = v.compare === "previous" ? `in ${then}` : then;
  return (
    <section class={`verdict ${s.verdict.level}`} aria-label="Verdict" aria-busy={summary.stale}>
      <p class="sentence" data-level={s.verdict.level}>
        <span class="level">{levels[s.verdict.level]}</span> <Log text={s.verdict.text} />
      </p>
      <dl class="figures">
        <Figure name="Rate" value={percent(s.rate)} big>
          {change && <span class={`change ${change.way}`}>{`${change.text} ${change.times ? then : at}`}</span>}
          {before && before.requests === 0 && `no requests ${at}`}
        </Figure>
        <Figure name="Hang-ups" value={count(s.disconnects)} big>
          {before && before.requests > 0 && `${count(before.disconnects)} ${at}`}
        </Figure>
        <Figure name="Requests" value={count(s.requests)}>
          {s.reported > 0 && `${plural(s.reported, "hang-up")} only in error logs`}
        </Figure>
        <Figure name="Clients" value={count(s.clients)}>
          that lost a request
        </Figure>
        <Figure name="Gave up after" value={s.abandoned.count ? duration(s.abandoned.p50_ms) : "unknown"}>
          {s.abandoned.count > 0 && `p95 ${duration(s.abandoned.p95_ms)}`}
        </Figure>
        <Figure name="Answered in" value={s.completed.count ? duration(s.completed.p50_ms) : "unknown"}>
          {s.completed.count > 0 && `p95 ${duration(s.completed.p95_ms)}`}
        </Figure>
        <Freshness s={s} />
      </dl>
    </section>
  );
}

function Figure(p: { name: string; value: string; big?: boolean; children?: preact.ComponentChildren }) {
  return (
    <div class={p.big ? "figure big" : "figure"}>
      <dt>{p.name}</dt>
      <dd>
        <b>{p.value}</b>
        <small>{p.children}</small>
      </dd>
    </div>
  );
}

/** Freshness tells up to when the data go and whether all sources are read. */
function Freshness({ s }: { s: Summary }) {
  const v = view.value;
  const to = s.range.data_to ? unix(s.range.data_to) : null;
  const age = to === null ? 0 : now.value - to;
  const state =
    s.sources.total === 0
      ? "no source"
      : s.sources.failing > 0
        ? `${plural(s.sources.failing, "source")} failing`
        : s.sources.degraded > 0
          ? `${plural(s.sources.degraded, "source")} not understood now`
          : s.sources.behind > 0
            ? `${plural(s.sources.behind, "source")} behind`
            : `${plural(s.sources.total, "source")} read`;
  const warn = s.sources.failing + s.sources.degraded + s.sources.behind > 0;
  const lost = s.sources.unparsed_rate ?? 0;
  return (
    <div class="figure">
      <dt>Data until</dt>
      <dd>
        <b title={to === null ? undefined : `${stamp(to, v.tz)} ${v.tz}`}>
          {to === null ? "none" : age < 120 ? clock(to, v.tz) : `${spell(age)} ago`}
        </b>
        <small>
          <a href={hrefOf({ ...v, page: "sources", event: "" })} data-go class={warn ? "warn" : undefined}>
            {state}
            {lost >= 0.001 && `, ${percent(lost)} not understood`}
          </a>
        </small>
      </dd>
    </div>
  );
}
