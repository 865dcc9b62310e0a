import { api, ask, type Job } from "../api/client";
import { count, duration, plural, spell } from "../format/number";
import { stamp, unix } from "../format/time";
import { Log } from "../part/log";
import { Blank, Panel, TroubleBox } from "../part/panel";
import { Table } from "../part/table";
import { now } from "../state/clock";
import { useQuery } from "../state/query";
import { view } from "../state/router";

const columns = [
  { text: "Job", class: "grow" },
  { text: "Every", class: "n" },
  { text: "Last run", class: "n" },
  { text: "Took", class: "n" },
  { text: "Rows", class: "n" },
  { text: "Result" },
];

/** Jobs lists the scheduled jobs with their last run. */
export function Jobs() {
  const answer = useQuery("jobs", (signal) => ask(api.GET("/api/v1/jobs", { signal })));
  const items = answer.data?.items ?? [];
  return (
    <>
      <TroubleBox trouble={answer.trouble} />
      <Panel title="Scheduled jobs" note={items.length > 0 && plural(items.length, "job")}>
        {items.length === 0 ? (
          <Blank>{answer.data ? "No job has run in this database yet." : "Reading…"}</Blank>
        ) : (
          <Table label="Jobs" columns={columns} class="jobs">
            {items.map((j) => (
              <Row key={j.name} j={j} />
            ))}
          </Table>
        )}
      </Panel>
    </>
  );
}

function Row({ j }: { j: Job }) {
  const tz = view.value.tz;
  const run = j.runs[0];
  return (
    <tr>
      <th scope="row" class="grow">
        {j.name}
        <small>{j.description}</small>
      </th>
      <td class="n" data-label="Every">
        {spell(j.every_seconds)}
      </td>
      <td class="n" data-label="Last run">
        {run ? (
          <span title={`${stamp(unix(run.started_at), tz)} ${tz}`}>{spell(now.value - unix(run.started_at))} ago</span>
        ) : (
          <span class="dim">not yet</span>
        )}
      </td>
      <td class="n" data-label="Took">
        {run?.duration_ms === undefined ? <span class="dim">–</span> : duration(run.duration_ms)}
      </td>
      <td class="n" data-label="Rows">
        {run?.rows === undefined ? <span class="dim">–</span> : count(run.rows)}
      </td>
      <td data-label="Result">
        {!run ? (
          <span class="dim">–</span>
        ) : run.error ? (
          <span class="warn">
            <Log text={run.error} max={300} />
          </span>
        ) : run.finished_at ? (
          "done"
        ) : (
          "running"
        )}
      </td>
    </tr>
  );
}
