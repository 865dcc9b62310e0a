import { api, ask, type Heatmap, type Summary, type Timeseries } from "../api/client";
import { Heat } from "../chart/heat";
import { SeriesChart } from "../chart/series";
import { percent, plural } from "../format/number";
import { howTitle, howWord, parties, partyTitle, phaseTitle, phaseWord } from "../format/word";
import { Breakdown } from "../part/breakdown";
import { Blank, Panel, TroubleBox } from "../part/panel";
import { Verdict } from "../part/verdict";
import { filtersOf, keyOf, rangeOf } from "../state/ask";
import { now } from "../state/clock";
import { type Answer, useQuery } from "../state/query";
import { atSpan } from "../state/range";
import { go, view } from "../state/router";
import { hrefOf, withFilter } from "../state/view";
import { Clients } from "./clients";
import { RouteMore } from "./route";
import { Routes } from "./routes";

/** columns is how many points fit the screen that the page was opened on. */
const columns = innerWidth < 700 ? 60 : innerWidth < 2200 ? 120 : 240;

/** Overview answers which requests, who, how many and since when. */
export function Overview({ summary }: { summary: Answer<Summary> }) {
  const v = view.value;
  const asked = { ...rangeOf(v), ...filtersOf(v), max_points: columns };
  const series = useQuery(keyOf("series", asked), (signal) =>
    ask(api.GET("/api/v1/timeseries", { params: { query: asked }, signal })),
  );
  const heat = useQuery(keyOf("heat", asked), (signal) =>
    ask(api.GET("/api/v1/heatmap", { params: { query: { ...asked, rows: 36 } }, signal })),
  );
  const zoom = (from: number, to: number) =>
    go(atSpan(view.peek(), { from, to: Math.min(to, Math.max(now.peek(), from + 60)) }));
  const open = (from: number, to: number) => go({ ...atSpan(view.peek(), { from, to }), page: "events" });

  const only = v.filters.filter((f) => f.field === "route" && f.op === "eq");

  return (
    <>
      <TroubleBox trouble={summary.trouble ?? series.trouble ?? heat.trouble} />
      <Verdict summary={summary} />
      {summary.data && <Reading s={summary.data} />}
      <div class="grid charts">
        <Over answer={series} tz={v.tz} zoom={zoom} />
        <Waits answer={heat} tz={v.tz} zoom={zoom} open={open} />
        <Made summary={summary} />
      </div>
      <div class="grid tables">
        <Routes />
        <Clients />
      </div>
      {only.length === 1 && <RouteMore key={only[0]?.value} id={only[0]?.value as string} />}
    </>
  );
}

/** Reading says what keeps the figures from being whole: no log or no line yet, or lines that were not understood. */
function Reading({ s: { sources, range } }: { s: Summary }) {
  const lost = sources.unparsed_rate ?? 0;
  if (sources.total === 0) {
    return (
      <p class="caveat">
        No log is read yet. Name one: <code>hangup serve /var/log/nginx/access.log</code>, or see it at work with{" "}
        <code>hangup demo</code>.
      </p>
    );
  }
  const href = hrefOf({ ...view.value, page: "sources", event: "" });
  if (!range.data_to) {
    return (
      <p class="caveat">
        No line has been read yet.{" "}
        <a href={href} data-go>
          See what is waited for
        </a>
      </p>
    );
  }
  if (sources.degraded > 0) {
    return (
      <p class="caveat" role="status">
        The newest lines of {plural(sources.degraded, "source")} are not understood: a log's format has probably
        changed, and what it says now is in no figure.{" "}
        <a href={href} data-go>
          See which
        </a>
      </p>
    );
  }
  if (lost < 0.01) return null;
  return (
    <p class="caveat">
      {percent(lost)} of the records were not understood and are in no figure.{" "}
      <a href={href} data-go>
        See examples
      </a>
    </p>
  );
}

type Zoom = (from: number, to: number) => void;

function Over({ answer, tz, zoom }: { answer: Answer<Timeseries>; tz: string; zoom: Zoom }) {
  return (
    <Panel title="Hang-ups over time" stale={answer.stale} class="over">
      {answer.data && answer.data.t.length > 0 ? (
        <SeriesChart data={answer.data} tz={tz} zoom={zoom} />
      ) : (
        <Blank>{answer.data ? "No data in this range." : "Reading…"}</Blank>
      )}
    </Panel>
  );
}

function Waits({ answer, tz, zoom, open }: { answer: Answer<Heatmap>; tz: string; zoom: Zoom; open: Zoom }) {
  const data = answer.data;
  const some = data?.completed.some((c, i) => c.some((n, j) => n + (data.abandoned[i]?.[j] ?? 0) > 0));
  return (
    <Panel title="How long they waited" stale={answer.stale} class="waits">
      {data && some ? (
        <Heat data={data} tz={tz} zoom={zoom} open={open} />
      ) : (
        <Blank>
          {!data
            ? "Reading…"
            : data.without_duration > 0
              ? "The log gives no durations. In nginx, add $request_time to the log_format."
              : "No requests in this range."}
        </Blank>
      )}
    </Panel>
  );
}

function Made({ summary }: { summary: Answer<Summary> }) {
  const v = view.value;
  const s = summary.data;
  if (!s || s.disconnects === 0) {
    return (
      <Panel title="Who, how and when" stale={summary.stale} class="made">
        <Blank>{s ? "No hang-ups in this range." : "Reading…"}</Blank>
      </Panel>
    );
  }
  const filter = (field: string, value: string, page: "overview" | "events") =>
    hrefOf(withFilter({ ...v, page }, { field, op: "eq", value }));
  const sorted = (by: Record<string, number>) => Object.entries(by).sort((a, b) => b[1] - a[1]);
  return (
    <Panel title="Who, how and when" stale={summary.stale} class="made">
      <Breakdown
        title="Who went away"
        bars={parties.map((p) => ({
          name: p,
          word: p,
          title: partyTitle(p),
          n: s.by_party[p],
          href: filter("party", p, "overview"),
          tone: p,
        }))}
      />
      <Breakdown
        title="How"
        bars={sorted(s.by_how).map(([how, n]) => ({
          name: how,
          word: howWord(how),
          title: howTitle(how),
          n,
          href: filter("how", how, "events"),
        }))}
      />
      <Breakdown
        title="While"
        bars={sorted(s.by_phase).map(([phase, n]) => ({
          name: phase,
          word: phaseWord(phase),
          title: phaseTitle(phase),
          n,
          href: filter("phase", phase, "events"),
        }))}
      />
    </Panel>
  );
}
