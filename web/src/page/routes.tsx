import { useEffect } from "preact/hooks";
import { api, ask, type Route } from "../api/client";
import { count, percent } from "../format/number";
import { Ages, few, Method, PartyStrip, RateCell } from "../part/cells";
import { nameRoutes } from "../part/chips";
import { useHeld } from "../part/held";
import { Log } from "../part/log";
import { Blank, Panel } from "../part/panel";
import { type Column, More, Table } from "../part/table";
import { filtersOf, keyOf, rangeOf } from "../state/ask";
import { useQuery } from "../state/query";
import { change, view } from "../state/router";
import { hrefOf, type RouteSort, withFilter } from "../state/view";

const columns: Column<RouteSort>[] = [
  { text: "Route", sort: "route", class: "grow" },
  { text: "Hang-ups", sort: "-disconnects", class: "n", title: "Requests whose connection ended early" },
  { text: "Rate", sort: "-rate", class: "n", title: "Hang-ups / requests, with its 95% interval" },
  { text: "Excess", sort: "-excess", class: "n", title: "Hang-ups above what the rate of all requests would give" },
  { text: "Requests", sort: "-requests", class: "n" },
  { text: "Gave up after", class: "n", title: "Half of the hang-ups came by then · 95% of them" },
  { text: "Answered in", class: "n", title: "Half of the answers came by then · 95% of them" },
];

/** Routes is the table of the requests that lose most. A click on one filters everything by it. */
export function Routes() {
  const v = view.value;
  const asked = { ...rangeOf(v), ...filtersOf(v), sort: v.sort, limit: v.all ? 200 : 10 };
  const key = keyOf("routes", asked);
  const answer = useQuery(key, (signal) => ask(api.GET("/api/v1/routes", { params: { query: asked }, signal })));
  const { rows, props } = useHeld(key, answer.stale, answer.data?.items ?? [], (r) => r.id);
  useEffect(() => nameRoutes(answer.data?.items ?? []), [answer.data]);
  const total = answer.data?.total ?? 0;
  return (
    <Panel
      title="Which requests"
      stale={answer.stale}
      note={total > 0 && `${count(total)} ${total === 1 ? "route" : "routes"}`}
    >
      {rows.length === 0 ? (
        <Blank>{answer.data ? "No requests in this range." : "Reading…"}</Blank>
      ) : (
        <div {...props}>
          <Table
            label="Routes"
            columns={columns}
            class="routes"
            sorted={{ by: v.sort, set: (sort) => change({ sort }, true) }}
          >
            {rows.map((r) => (
              <Row key={r.id} r={r} />
            ))}
          </Table>
          <More shown={rows.length} total={total} all={v.all} />
        </div>
      )}
    </Panel>
  );
}

function Row({ r }: { r: Route }) {
  const v = view.value;
  return (
    <tr class={r.requests < few ? "few" : undefined}>
      <th scope="row" class="grow">
        <a href={hrefOf(withFilter(v, { field: "route", op: "eq", value: r.id }))} data-go data-row>
          <Method of={r.method} /> <Log text={r.template} max={160} />
        </a>
        <PartyStrip of={r.by_party} />
      </th>
      <td class="n" data-label="Hang-ups">
        <b>{count(r.disconnects)}</b>
        <small>{percent(r.share)} of all</small>
      </td>
      <td class="n" data-label="Rate">
        <RateCell rate={r.rate} low={r.rate_low} high={r.rate_high} requests={r.requests} />
      </td>
      <td class="n" data-label="Excess">
        {r.excess >= 0.5 ? `+${count(Math.round(r.excess))}` : <span class="dim">–</span>}
      </td>
      <td class="n" data-label="Requests">
        {count(r.requests)}
      </td>
      <td class="n" data-label="Gave up after">
        <Ages of={r.abandoned} n={r.disconnects} />
      </td>
      <td class="n" data-label="Answered in">
        <Ages of={r.completed} n={r.requests - r.disconnects} />
      </td>
    </tr>
  );
}
