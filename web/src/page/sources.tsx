import { Fragment } from "preact";
import { api, ask, type Source } from "../api/client";
import { bytes, count, percent, plural, spell } from "../format/number";
import { stamp, unix } from "../format/time";
import { AdviceList, Copyable } from "../part/advice";
import { Log } from "../part/log";
import { Blank, Panel, TroubleBox } from "../part/panel";
import { Table } from "../part/table";
import { now } from "../state/clock";
import { useQuery } from "../state/query";
import { view } from "../state/router";
import { pasteLines } from "../state/tester";
import { hrefOf } from "../state/view";
import { Jobs } from "./jobs";

const columns = [
  { text: "Source", class: "grow" },
  { text: "Format" },
  { text: "State" },
  { text: "Behind", class: "n" },
  { text: "Lines/s", class: "n" },
  { text: "Requests", class: "n" },
  {
    text: "Disconnect records",
    class: "n",
    title: "Records that tell of a disconnect. Several may tell of one hang-up, and some of a close between requests.",
  },
  { text: "Other", class: "n" },
  { text: "Not understood", class: "n" },
];

const states: Record<Source["state"], string> = {
  reading: "Lines come in and are read",
  waiting: "Nothing to read yet",
  behind: "There is more than could be read so far",
  degraded: "The newest lines are not understood",
  failing: "Reading fails",
  stopped: "Not read by this process",
};

/** Sources tells what is read, how far, and what was not understood. */
export function Sources() {
  const answer = useQuery("sources", (signal) => ask(api.GET("/api/v1/sources", { signal })));
  const items = answer.data?.items ?? [];
  return (
    <>
      <TroubleBox trouble={answer.trouble} />
      <Panel title="What is read" note={items.length > 0 && plural(items.length, "source")}>
        {items.length === 0 ? (
          <Blank>
            {answer.data ? (
              <>
                No log is read yet. Name one: <code>hangup serve /var/log/nginx/access.log</code>, or try{" "}
                <code>hangup demo</code>.
              </>
            ) : (
              "Reading…"
            )}
          </Blank>
        ) : (
          <Table label="Sources" columns={columns} class="sources">
            {items.map((s) => (
              <Row key={s.id} s={s} />
            ))}
          </Table>
        )}
      </Panel>
      <Jobs />
    </>
  );
}

function Row({ s }: { s: Source }) {
  const v = view.value;
  const open = v.source === s.id;
  return (
    <Fragment>
      <tr class={open ? "open" : undefined}>
        <th scope="row" class="grow">
          <a href={hrefOf({ ...v, source: open ? "" : s.id })} data-go data-row aria-expanded={open}>
            <Log text={s.path} max={200} />
          </a>
          <small>
            service <Log text={s.service} max={60} />, {plural(s.files, "file")}
            {s.files_idle > 1 && ` (${count(s.files_idle)} idle)`}, {bytes(s.bytes.committed)} read
          </small>
          {s.files_waiting > 0 && (
            <small class="warn">
              {plural(s.files_waiting, "file")} {s.files_waiting === 1 ? "waits" : "wait"} for a free file descriptor
            </small>
          )}
          {s.alarm && (
            <small class="warn">
              <Log text={s.alarm.text} max={400} />
            </small>
          )}
          {s.last_error && (
            <small class="warn">
              <Log text={s.last_error} max={300} />
            </small>
          )}
        </th>
        <td data-label="Format">
          {s.format ? <Log text={s.format} max={60} /> : <span class="dim">unknown yet</span>}
          {s.format && <small>{percent(s.confidence)} sure</small>}
          {blind(s) && <small class="warn">no durations</small>}
        </td>
        <td data-label="State">
          <span class={`state ${s.state}`} title={states[s.state]}>
            {s.state}
          </span>
        </td>
        <td class="n" data-label="Behind">
          {s.lag_bytes === 0 && s.lag_seconds < 1 ? (
            "nothing"
          ) : (
            <>
              <b>{spell(s.lag_seconds)}</b>
              <small>{bytes(s.lag_bytes)}</small>
            </>
          )}
        </td>
        <td class="n" data-label="Lines/s">
          {s.lines_per_second < 10 ? s.lines_per_second.toFixed(1) : count(s.lines_per_second)}
        </td>
        <td class="n" data-label="Requests">
          {count(s.records.request)}
        </td>
        <td class="n" data-label="Disconnect records">
          {count(s.records.disconnect)}
        </td>
        <td class="n" data-label="Other">
          {count(s.records.other)}
        </td>
        <td class="n" data-label="Not understood">
          {s.records.unparsed === 0 ? (
            "none"
          ) : (
            <>
              <b>{count(s.records.unparsed)}</b>
              <small>{percent(s.unparsed_rate)}</small>
            </>
          )}
        </td>
      </tr>
      {open && (
        <tr class="detail">
          <td colSpan={columns.length}>
            <More s={s} />
          </td>
        </tr>
      )}
    </Fragment>
  );
}

/** blind tells whether a log of exchanges says nothing of how long they took. */
function blind(s: Source): boolean {
  return s.records.request > 0 && s.durations === false;
}

/** More shows the accounts of a source and examples of what was not understood. */
function More({ s }: { s: Source }) {
  const v = view.value;
  const answer = useQuery(`unparsed ${s.id} ${s.records.unparsed}`, (signal) =>
    ask(api.GET("/api/v1/sources/{id}/unparsed", { params: { path: { id: s.id }, query: { limit: 20 } }, signal })),
  );
  const ago = (t: string | undefined) => (t ? `${spell(now.value - unix(t))} ago` : "never");
  return (
    <div class="source-more">
      <dl class="facts">
        {(
          [
            [
              "newest record",
              s.last_event_at ? `${stamp(unix(s.last_event_at), v.tz)} (${ago(s.last_event_at)})` : "none",
            ],
            ["stored", ago(s.committed_at)],
            ["records read", `${count(s.records.read)}, of them ${count(s.records.skipped)} blank`],
            [
              "bytes stored",
              `${bytes(s.bytes.committed)} = ${bytes(s.bytes.parsed)} parsed + ${bytes(s.bytes.skipped)} skipped + ${bytes(s.bytes.unparsed)} not understood + ${bytes(s.bytes.oversize)} too long`,
            ],
            [
              "bytes lost",
              s.bytes.lost > 0 ? `${bytes(s.bytes.lost)}: a file was cut or removed before it was read` : "none",
            ],
            ["in quarantine", count(s.quarantined ?? 0)],
            [
              "stored at a later try",
              `${count(s.retries ?? 0)} failed, ${count(s.fenced ?? 0)} already stored by another process, since this one began`,
            ],
          ] as const
        ).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {s.alarm && (
          <div>
            <dt>not understood</dt>
            <dd>
              since {stamp(unix(s.alarm.since), v.tz)} ({ago(s.alarm.since)}){" "}
              {s.alarm.layout && (
                <>
                  The newest lines are read by this layout:
                  <Copyable text={s.alarm.layout} />
                </>
              )}
            </dd>
          </div>
        )}
        {s.last_error && (
          <div>
            <dt>last problem</dt>
            <dd>
              <Log text={s.last_error} max={1000} /> <span class="dim">{ago(s.last_error_at)}</span>
            </dd>
          </div>
        )}
      </dl>
      {(s.advice.length > 0 || blind(s)) && (
        <>
          <h3>What this log hides</h3>
          {blind(s) && (
            <p>This log has no durations: how long clients wait cannot be told, and no timers can be found in it.</p>
          )}
          <AdviceList items={s.advice} />
        </>
      )}
      {s.files > 1 && <Files s={s} />}
      <h3>Examples of what was not understood</h3>
      {answer.data && answer.data.items.length > 0 && (
        <p>
          <a
            href={hrefOf({ ...v, page: "formats", source: "" })}
            data-go
            onClick={() => pasteLines(answer.data?.items.map((u) => u.text) ?? [])}
          >
            Test these lines
          </a>
          : where the reading stops, and what would be needed there. Or{" "}
          <a href={hrefOf({ ...v, page: "formats", source: s.id })} data-go>
            test the file's first and newest lines
          </a>
          .
        </p>
      )}
      <TroubleBox trouble={answer.trouble} />
      {answer.data && answer.data.items.length === 0 && <Blank>None. Every line was understood.</Blank>}
      <ol class="samples">
        {answer.data?.items.map((u) => (
          <li key={`${u.path ?? ""} ${u.off}`}>
            <small>
              line {count(u.line)}, <Log text={u.reason.replaceAll("_", " ")} max={60} />, {ago(u.seen_at)}
            </small>
            <code class="raw">
              <Log text={u.text} max={2000} lines />
            </code>
          </li>
        ))}
      </ol>
    </div>
  );
}

const shown = 20;

/** Files lists the files of a source, those with most to be read first. */
function Files({ s }: { s: Source }) {
  const answer = useQuery(`files ${s.id} ${s.records.read}`, (signal) =>
    ask(api.GET("/api/v1/sources/{id}/files", { params: { path: { id: s.id }, query: { limit: shown } }, signal })),
  );
  const items = answer.data?.items ?? [];
  const total = answer.data?.total ?? 0;
  return (
    <>
      <h3>Files</h3>
      <TroubleBox trouble={answer.trouble} />
      <p>
        {s.worst_lag_bytes > 0 ? `The file with most to be read has ${bytes(s.worst_lag_bytes)}. ` : ""}
        {total > items.length && `${count(items.length)} of ${count(total)}, those read in the past included:`}
      </p>
      <ul class="files">
        {items.map((f) => (
          <li key={`${f.path} ${f.first_seen_at}`}>
            <Log text={f.path} max={300} />{" "}
            <small>
              {f.state}, {bytes(f.committed)} stored
              {f.lag_bytes > 0 && `, ${bytes(f.lag_bytes)} to be read`}
              {f.lost > 0 && `, ${bytes(f.lost)} lost`}
              {f.committed_at && `, ${spell(now.value - unix(f.committed_at))} ago`}
            </small>
          </li>
        ))}
      </ul>
    </>
  );
}
