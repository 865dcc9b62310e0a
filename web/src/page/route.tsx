import { api, ask } from "../api/client";
import { count, percent, plural } from "../format/number";
import { RateCell } from "../part/cells";
import { Log } from "../part/log";
import { Blank, Panel } from "../part/panel";
import { Table } from "../part/table";
import { filtersOf, keyOf, rangeOf } from "../state/ask";
import { useQuery } from "../state/query";
import { view } from "../state/router";
import { hrefOf, withFilter } from "../state/view";

const outcomes = [
  ["retried", "asked the same again within 10 s"],
  ["stayed", "asked for something within 30 min"],
  ["lost", "did not come back"],
  ["undecided", "not yet known"],
] as const;

/** RouteMore tells more of one route: with which programs it is asked, and what people did after a hang-up. */
export function RouteMore({ id }: { id: string }) {
  const v = view.value;
  const asked = { ...rangeOf(v), ...filtersOf(v) };
  const answer = useQuery(keyOf(`route ${id}`, asked), (signal) =>
    ask(api.GET("/api/v1/routes/{id}", { params: { path: { id }, query: asked }, signal })),
  );
  const d = answer.data;
  if (!d) return null; // what is wrong is said by the tables above, which ask for the same route
  const sum = outcomes.reduce((n, [name]) => n + d.sessions[name], 0);
  return (
    <div class="grid tables">
      <Panel title="With which programs" stale={answer.stale}>
        {d.agents.length === 0 ? (
          <Blank>The log names no user agents.</Blank>
        ) : (
          <Table
            label="User agents"
            columns={[
              { text: "User agent", class: "grow" },
              { text: "Hang-ups", class: "n" },
              { text: "Rate", class: "n" },
              { text: "Requests", class: "n" },
            ]}
          >
            {d.agents.map((a) => (
              <tr key={`${a.family} ${a.class}`}>
                <th scope="row" class="grow">
                  <a href={hrefOf(withFilter(v, { field: "agent", op: "eq", value: a.family }))} data-go data-row>
                    <Log text={a.family || "none given"} max={80} />
                  </a>
                  {a.class && <small class="tag">{a.class}</small>}
                </th>
                <td class="n" data-label="Hang-ups">
                  <b>{count(a.disconnects)}</b>
                </td>
                <td class="n" data-label="Rate">
                  <RateCell rate={a.rate} requests={a.requests} />
                </td>
                <td class="n" data-label="Requests">
                  {count(a.requests)}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Panel>
      <Panel title="What they did next" stale={answer.stale}>
        {sum === 0 ? (
          <Blank>No client hung up on this route in this range.</Blank>
        ) : (
          <dl class="facts">
            {outcomes.map(([name, what]) => (
              <div key={name}>
                <dt>
                  <b>{name}</b> <span class="dim">{what}</span>
                </dt>
                <dd class="n">
                  {plural(d.sessions[name], "client")} <small>{percent(d.sessions[name] / sum)}</small>
                </dd>
              </div>
            ))}
          </dl>
        )}
      </Panel>
    </div>
  );
}
