import type { ComponentChildren } from "preact";
import { api, ask, type EventDetail, type HangupEvent } from "../api/client";
import { bytes, count, duration } from "../format/number";
import { stamp, unix } from "../format/time";
import { howTitle, howWord, partyTitle, phaseTitle, phaseWord } from "../format/word";
import { Dialog } from "../part/dialog";
import { Log } from "../part/log";
import { Blank, TroubleBox } from "../part/panel";
import { useQuery } from "../state/query";
import { change, view } from "../state/router";
import { hrefOf, withFilter } from "../state/view";

/** Drawer shows all of one hang-up: every field, the record as it was read, and other records about it. */
export function Drawer({ id }: { id: string }) {
  const answer = useQuery(
    `event ${id}`,
    (signal) => ask(api.GET("/api/v1/events/{id}", { params: { path: { id } }, signal })),
    false, // what is written in a log does not change
  );
  return (
    <Dialog title="One hang-up" class="drawer" close={() => change({ event: "" })}>
      <TroubleBox trouble={answer.trouble} />
      {answer.data ? <Detail d={answer.data} /> : !answer.trouble && <Blank>Reading…</Blank>}
    </Dialog>
  );
}

function Detail({ d }: { d: EventDetail }) {
  const v = view.value;
  const e = d.event;
  const last = d.line + d.lines - 1;
  const only = (field: string, value: string) => hrefOf(withFilter(v, { field, op: "eq", value }));
  return (
    <>
      <p class="lead">
        <b class={`key ${e.party}`}>{e.party}</b>:{" "}
        {[partyTitle(e.party), howTitle(e.how), phaseTitle(e.phase)].filter(Boolean).join(". ")}.
      </p>
      <h3>Record</h3>
      <p class="place">
        <Log text={d.path} /> line {count(d.line)}
        {d.lines > 1 && `–${count(last)}`}
        <span class="dim">
          {" "}
          bytes {count(d.off)}–{count(d.off_end)}
        </span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keys */}
      <section class="raw" tabIndex={0} aria-label="Record as it was read">
        <Log text={d.raw} max={16_384} lines />
      </section>
      <p class="actions">
        Show only{" "}
        {e.route_id && e.template && (
          <a href={only("route", e.route_id)} data-go>
            this route
          </a>
        )}
        {e.client && (
          <a href={only("client", e.client)} data-go>
            this client
          </a>
        )}
        {e.agent && (
          <a href={only("agent", e.agent)} data-go>
            this program
          </a>
        )}
        <a href={only("how", e.how)} data-go>
          those that ended this way
        </a>
      </p>
      <h3>Fields</h3>
      <dl class="facts fields">
        {fields(e, v.tz).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>source</dt>
          <dd>
            <Log text={d.source} />
          </dd>
        </div>
      </dl>
      <h3>Other records about it</h3>
      {d.related.length === 0 ? (
        <Blank>None found.</Blank>
      ) : (
        <ul class="related">
          {d.related.map((r) => (
            <li key={r.id}>
              <a href={hrefOf({ ...v, event: r.id })} data-go>
                {stamp(unix(r.time), v.tz)}
              </a>{" "}
              <span class={`key ${r.party}`}>{r.party}</span> {howWord(r.how)}{" "}
              <Log text={r.message || `${r.method} ${r.path || r.template}`} max={300} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** fields lists what the record says, in words; what it does not say is left out. */
function fields(e: HangupEvent, tz: string): [string, ComponentChildren][] {
  const text = (s: string | undefined) => (s ? <Log text={s} max={8192} /> : undefined);
  const number = (n: number | undefined) => (n === undefined ? undefined : String(n));
  const ms = (n: number | undefined) => (n === undefined ? undefined : duration(n));
  const all: [string, ComponentChildren | undefined][] = [
    ["time", `${stamp(unix(e.time), tz)} ${tz}${e.time_assumed ? " (time of reading: the record has none)" : ""}`],
    ["service", text(e.service)],
    ["told by", e.exchange ? "the access log" : "an error log or application"],
    [
      "request known from",
      e.recovered ? "an earlier line of the same process or connection: this record does not name it" : undefined,
    ],
    ["who", e.party],
    ["how", howWord(e.how)],
    ["while", phaseWord(e.phase)],
    ["waited", ms(e.duration_ms)],
    ["method", text(e.method)],
    ["path", text(e.path)],
    ["query", text(e.query)],
    ["route", text(`${e.method} ${e.template}`.trim())],
    ["host", text(e.host)],
    ["protocol", text(e.protocol)],
    ["status", number(e.status)],
    ["bytes sent", e.bytes === undefined ? undefined : bytes(e.bytes)],
    ["client", text(e.client)],
    ["client port", number(e.client_port)],
    ["client address", text(e.client_scope)],
    ["upstream", text(e.upstream)],
    ["upstream took", ms(e.upstream_ms)],
    ["upstream status", number(e.upstream_status)],
    ["user agent", text(e.user_agent)],
    ["program", text(e.agent)],
    ["referer", text(e.referer)],
    ["request id", text(e.request_id)],
    ["logger", text(e.logger)],
    ["level", text(e.level)],
    ["process", number(e.pid)],
    ["message", text(e.message)],
    ["counted", e.joined ? "no: another record counts this hang-up" : "yes"],
  ];
  return all.filter((f): f is [string, ComponentChildren] => f[1] !== undefined);
}
