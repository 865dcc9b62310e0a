import { api, ask, type Client } from "../api/client";
import { count, percent, spell } from "../format/number";
import { unix } from "../format/time";
import { Ages, few, RateCell } from "../part/cells";
import { useHeld } from "../part/held";
import { Log } from "../part/log";
import { Blank, Panel } from "../part/panel";
import { type Column, More, Table } from "../part/table";
import { filtersOf, keyOf, rangeOf } from "../state/ask";
import { now } from "../state/clock";
import { useQuery } from "../state/query";
import { change, view } from "../state/router";
import { type ClientSort, hrefOf, withFilter } from "../state/view";

const columns: Column<ClientSort>[] = [
  { text: "Client", sort: "client", class: "grow" },
  { text: "Hang-ups", sort: "-disconnects", class: "n" },
  { text: "Rate", sort: "-rate", class: "n", title: "Hang-ups / requests of the whole hours that the range touches" },
  {
    text: "Requests",
    sort: "-requests",
    class: "n",
    title: "On all routes, in the whole hours that the range touches",
  },
  { text: "Gave up after", class: "n", title: "Half of the hang-ups came by then · 95% of them" },
];

/** Clients is the table of those who lose most. A click on one shows its single hang-ups. */
export function Clients() {
  const v = view.value;
  const asked = { ...rangeOf(v), ...filtersOf(v), sort: v.csort, limit: v.all ? 200 : 10 };
  const key = keyOf("clients", asked);
  const answer = useQuery(key, (signal) => ask(api.GET("/api/v1/clients", { params: { query: asked }, signal })));
  const { rows, props } = useHeld(key, answer.stale, answer.data?.items ?? [], (c) => `${c.service} ${c.client}`);
  const total = answer.data?.total ?? 0;
  return (
    <Panel title="Who" stale={answer.stale} note={total > 0 && `${count(total)} ${total === 1 ? "client" : "clients"}`}>
      {rows.length === 0 ? (
        <Blank>{answer.data ? "No client in this range." : "Reading…"}</Blank>
      ) : (
        <div {...props}>
          <Table
            label="Clients"
            columns={columns}
            class="clients"
            sorted={{ by: v.csort, set: (csort) => change({ csort }, true) }}
          >
            {rows.map((c) => (
              <Row key={`${c.service} ${c.client}`} c={c} />
            ))}
          </Table>
          <More shown={rows.length} total={total} all={v.all} />
        </div>
      )}
    </Panel>
  );
}

function Row({ c }: { c: Client }) {
  const v = view.value;
  const seen = now.value - unix(c.last_seen);
  return (
    <tr class={c.requests < few ? "few" : undefined}>
      <th scope="row" class="grow">
        <a
          href={hrefOf(withFilter({ ...v, page: "events" }, { field: "client", op: "eq", value: c.client }))}
          data-go
          data-row
        >
          <Log text={c.client} max={64} />
        </a>
        {c.scope && c.scope !== "public" && <small class="tag">{c.scope}</small>}
        <small>seen {seen < 2 ? "just now" : `${spell(seen)} ago`}</small>
      </th>
      <td class="n" data-label="Hang-ups">
        <b>{count(c.disconnects)}</b>
        <small>{percent(c.share)} of all</small>
      </td>
      <td class="n" data-label="Rate">
        <RateCell rate={c.rate} requests={c.requests} />
      </td>
      <td class="n" data-label="Requests">
        {count(c.requests)}
      </td>
      <td class="n" data-label="Gave up after">
        <Ages of={c.abandoned} n={c.disconnects} />
      </td>
    </tr>
  );
}
