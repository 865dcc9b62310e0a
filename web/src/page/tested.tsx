import { useState } from "preact/hooks";
import type { FormatTest, TestedRecord } from "../api/client";
import { count, plural } from "../format/number";
import { howWord, phaseWord } from "../format/word";
import { Log } from "../part/log";
import { Blank, Panel } from "../part/panel";
import { Table } from "../part/table";
import { busy } from "../state/tester";

const columns = [
  { text: "Line", class: "n" },
  { text: "What it is" },
  { text: "Format" },
  { text: "What it says", class: "grow" },
];

const kinds: Record<TestedRecord["kind"], string> = {
  request: "request",
  disconnect: "hang-up",
  other: "other",
  unparsed: "not understood",
  skipped: "blank",
};

/** first is how many records are shown at once. */
const first = 100;

/** Tested shows line by line what was understood, and where the reading stopped. */
export function Tested({ t }: { t: FormatTest }) {
  const [bad, setBad] = useState(false);
  const [all, setAll] = useState(false);
  const r = t.records;
  const items = bad ? t.items.filter((i) => i.kind === "unparsed") : t.items;
  const sums = [
    plural(r.request, "request"),
    plural(r.disconnect, "hang-up"),
    `${count(r.other)} other`,
    `${count(r.unparsed)} not understood`,
  ].join(", ");
  return (
    <Panel
      title="Line by line"
      note={sums + (t.truncated ? "; there are more lines" : "")}
      stale={busy.value}
      class="tested"
    >
      {r.unparsed > 0 && (
        <label class="check">
          <input type="checkbox" checked={bad} onChange={(e) => setBad(e.currentTarget.checked)} />
          Only what was not understood
        </label>
      )}
      {items.length === 0 ? (
        <Blank>There is no line.</Blank>
      ) : (
        <Table label="Lines" columns={columns} class="lines">
          {(all ? items : items.slice(0, first)).map((i) => (
            <Row key={i.line} i={i} envelope={t.envelope ?? ""} />
          ))}
        </Table>
      )}
      {!all && items.length > first && (
        <p class="more">
          <button type="button" class="quiet" onClick={() => setAll(true)}>
            Show all {count(items.length)}
          </button>
        </p>
      )}
    </Panel>
  );
}

function Row({ i, envelope }: { i: TestedRecord; envelope: string }) {
  return (
    <tr class={i.kind}>
      <td class="n" data-label="Line">
        {count(i.line)}
        {i.lines > 1 && <small>to {count(i.line + i.lines - 1)}</small>}
      </td>
      <td data-label="What it is">
        <b class={i.kind === "unparsed" ? "warn" : undefined}>{kinds[i.kind]}</b>
        {i.party && (
          <small class={`key ${i.party}`}>
            {i.party}, {howWord(i.how ?? "")}, {phaseWord(i.phase ?? "")}
          </small>
        )}
        {i.kind === "unparsed" && i.reason && <small>{i.reason.replaceAll("_", " ")}</small>}
      </td>
      <td data-label="Format">
        {i.kind === "unparsed" || i.kind === "skipped" ? (
          <span class="dim">–</span>
        ) : (
          <Log text={i.format || envelope || "none"} max={60} />
        )}
      </td>
      <td class="grow" data-label="What it says">
        {i.stopped ? <Stopped i={i} /> : <code class="raw">{<Log text={i.text} max={600} lines />}</code>}
        {Object.keys(i.fields).length > 0 && (
          <dl class="pairs">
            {order(Object.keys(i.fields)).map((k) => (
              <div key={k}>
                <dt>{k}</dt>
                <dd>
                  <Log text={String(i.fields[k])} max={200} />
                </dd>
              </div>
            ))}
          </dl>
        )}
      </td>
    </tr>
  );
}

/** Stopped marks the place up to which a record was read, and says what is missing there. */
function Stopped({ i }: { i: TestedRecord }) {
  const s = i.stopped;
  if (!s) return null;
  const chars = [...i.text]; // places count whole characters
  const at = s.at ?? -1;
  const from = Math.max(0, at - 300);
  return (
    <>
      <code class="raw">
        {at < 0 ? (
          <Log text={i.text} max={600} lines />
        ) : (
          <>
            {from > 0 && <span class="sign">…</span>}
            <span class="read">
              <Log text={chars.slice(from, at).join("")} lines />
            </span>
            <mark>
              <span class="sr">the reading stopped here: </span>
              <Log text={chars.slice(at, at + 300).join("") || "⏎"} max={600} lines />
            </mark>
            {chars.length > at + 300 && <span class="sign">…</span>}
          </>
        )}
      </code>
      <p class="missing">
        {s.format ? (
          <>
            <b>
              <Log text={s.format} max={60} />
            </b>{" "}
            needs
          </>
        ) : (
          "It needs"
        )}{" "}
        <Log text={s.expected} max={500} />
        {at < 0 && s.rest && (
          <>
            , where <Log text={s.rest} max={100} /> stands
          </>
        )}
      </p>
    </>
  );
}

const known =
  "time client client_port method path query protocol host status bytes duration_ms upstream upstream_ms upstream_status user_agent referer request_id logger level pid message".split(
    " ",
  );

/** order puts the fields in the order in which a person looks for them. */
function order(names: string[]): string[] {
  const place = (n: string) => (known.includes(n) ? known.indexOf(n) : known.length);
  return names.sort((a, b) => place(a) - place(b));
}
