import { useEffect, useState } from "preact/hooks";
import { api, ask, type HangupEvent, type Trouble, TroubleError } from "../api/client";
import { duration, plural } from "../format/number";
import { clock, day, stamp, unix } from "../format/time";
import { howTitle, howWord, partyTitle, phaseTitle, phaseWord } from "../format/word";
import { Method } from "../part/cells";
import { nameRoutes } from "../part/chips";
import { Log } from "../part/log";
import { Blank, Panel, TroubleBox } from "../part/panel";
import { Table } from "../part/table";
import { filtersOf, keyOf, merged, newer, rangeOf } from "../state/ask";
import { useQuery } from "../state/query";
import { change, view } from "../state/router";
import { hrefOf } from "../state/view";
import { Drawer } from "./drawer";

const columns = [
  { text: "Time", class: "time" },
  { text: "Who" },
  { text: "How" },
  { text: "While" },
  { text: "Request", class: "grow" },
  { text: "Client" },
  { text: "Status", class: "n" },
  { text: "After", class: "n", title: "How long the client had waited" },
  { text: "Agent" },
];

const pageSize = 50;

/** Events is the list of single hang-ups, the newest first. */
export function Events() {
  const v = view.value;
  const asked = {
    ...rangeOf(v),
    ...filtersOf(v),
    ...(v.idle ? { idle: true } : {}),
    ...(v.joined ? { joined: true } : {}),
    limit: pageSize,
  };
  const key = keyOf("events", asked);
  return (
    <>
      <List key={key} id={key} asked={asked} />
      {v.event && <Drawer key={v.event} id={v.event} />}
    </>
  );
}

type Asked = { f?: string[]; from?: string; to?: string; tz: string; idle?: boolean; joined?: boolean; limit: number };

/**
 * List shows what was there when it was asked first, and older pages as they are called for. What is newer waits behind a
 * button unless nobody reads: then it comes in by itself.
 */
function List({ id, asked }: { id: string; asked: Asked }) {
  const v = view.value;
  const newest = useQuery(id, (signal) => ask(api.GET("/api/v1/events", { params: { query: asked }, signal })));
  const [shown, setShown] = useState<{ items: HangupEvent[]; cursor: string | null; pages: number } | null>(null);
  const [loading, setLoading] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();

  const fresh = newest.data;
  const waiting = shown && fresh ? newer(shown.items, fresh.items) : [];
  const take = () => fresh && setShown({ items: fresh.items, cursor: fresh.next_cursor, pages: 1 });
  useEffect(() => {
    if (!fresh) return;
    nameRoutes(fresh.items.map((e) => ({ id: e.route_id, method: e.method, template: e.template })));
    const reading = scrollY > 0 || document.activeElement?.closest("tr, dialog") || view.peek().event;
    if (!shown || (shown.pages === 1 && !reading)) take();
  }, [fresh]);

  const more = async () => {
    if (!shown?.cursor || loading) return;
    setLoading(true);
    setTrouble(undefined);
    try {
      const page = await ask(api.GET("/api/v1/events", { params: { query: { ...asked, cursor: shown.cursor } } }));
      setShown({ items: merged(shown.items, page.items), cursor: page.next_cursor, pages: shown.pages + 1 });
    } catch (cause) {
      if (cause instanceof TroubleError) setTrouble(cause.trouble);
      else throw cause;
    } finally {
      setLoading(false);
    }
  };

  const items = shown?.items ?? [];
  return (
    <>
      <TroubleBox trouble={newest.trouble ?? trouble} />
      <Panel
        title="Hang-ups, newest first"
        stale={newest.stale}
        note={
          <span class="toggles">
            <label class="check">
              <input
                type="checkbox"
                checked={v.idle}
                onChange={(e) => change({ idle: e.currentTarget.checked, event: "" })}
              />
              with closes between requests
            </label>
            <label class="check">
              <input
                type="checkbox"
                checked={v.joined}
                onChange={(e) => change({ joined: e.currentTarget.checked, event: "" })}
              />
              with further reports of the same hang-up
            </label>
          </span>
        }
      >
        {waiting.length > 0 && (
          <p class="waiting">
            <button type="button" class="primary" onClick={take}>
              {waiting.length >= pageSize ? `${pageSize} or more newer` : plural(waiting.length, "newer", "newer")}:
              show
            </button>
          </p>
        )}
        {items.length === 0 ? (
          <Blank>{shown ? "No hang-ups in this range. Good." : newest.trouble ? "" : "Reading…"}</Blank>
        ) : (
          <Table label="Hang-ups" columns={columns} class="events">
            {items.map((e) => (
              <Row key={e.id} e={e} />
            ))}
          </Table>
        )}
        {shown?.cursor && (
          <p class="more">
            <button type="button" onClick={more} disabled={loading}>
              {loading ? "Reading…" : "Load more"}
            </button>
          </p>
        )}
        {shown && !shown.cursor && items.length > 0 && (
          <p class="more dim">{plural(items.length, "hang-up")} shown, that is all in this range.</p>
        )}
      </Panel>
    </>
  );
}

function Row({ e }: { e: HangupEvent }) {
  const v = view.value;
  const t = unix(e.time);
  const href = hrefOf({ ...v, event: e.id });
  const open = (click: MouseEvent) => {
    // The whole row opens the drawer; its link does so for the keyboard. Marked text is not taken from the reader.
    if (click.defaultPrevented || (click.target as Element).closest("a") || getSelection()?.toString()) return;
    change({ event: e.id });
  };
  return (
    <tr onClick={open} class={e.joined ? "openable few" : "openable"}>
      <th scope="row" class="time">
        <a href={href} data-go data-row title={`${stamp(t, v.tz)} ${v.tz}`}>
          <span class="dim">{day(t, v.tz)}</span> {clock(t, v.tz, true)}
        </a>
        {e.time_assumed && <small class="tag">time of reading</small>}
      </th>
      <td data-label="Who">
        <span class={`key ${e.party}`} title={partyTitle(e.party)}>
          {e.party}
        </span>
        {e.joined && <small class="tag">same hang-up</small>}
      </td>
      <td data-label="How" title={howTitle(e.how)}>
        {howWord(e.how)}
      </td>
      <td data-label="While" title={phaseTitle(e.phase)}>
        {phaseWord(e.phase)}
      </td>
      <td class="grow request" data-label="Request">
        {e.path || e.template ? (
          <span class="clamp">
            <Method of={e.method} /> <Log text={e.path || e.template} max={200} />
          </span>
        ) : e.message ? (
          <span class="clamp">
            <Log text={e.message} max={200} />
          </span>
        ) : (
          <span class="dim">unknown</span>
        )}
      </td>
      <td data-label="Client">{e.client ? <Log text={e.client} max={64} /> : <span class="dim">unknown</span>}</td>
      <td class="n" data-label="Status">
        {e.status ?? <span class="dim">–</span>}
      </td>
      <td class="n" data-label="After">
        {e.duration_ms === undefined ? <span class="dim">unknown</span> : duration(e.duration_ms)}
      </td>
      <td data-label="Agent" class="agent">
        {e.agent ? <Log text={e.agent} max={40} /> : <span class="dim">unknown</span>}
      </td>
    </tr>
  );
}
