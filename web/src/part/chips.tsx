import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, ask } from "../api/client";
import { opWord } from "../format/word";
import { view } from "../state/router";
import { appliesTo, type Filter, filterText, hasRange, hrefOf, withoutFilter } from "../state/view";
import { Log } from "./log";

const names = signal<Record<string, string>>({});

/** nameRoutes remembers what routes are called, so that a filter by id can be shown by name. */
export function nameRoutes(routes: { id: string; method: string; template: string }[]): void {
  const fresh = routes.filter((r) => r.id && names.value[r.id] === undefined);
  if (fresh.length === 0) return;
  const more = Object.fromEntries(fresh.map((r) => [r.id, `${r.method} ${r.template}`.trim()]));
  names.value = { ...names.value, ...more };
}

/** Chips shows the filters, each with a link that takes it away. */
export function Chips() {
  const v = view.value;
  if (v.filters.length === 0 || !hasRange(v.page)) return null;
  return (
    <ul class="chips" aria-label="Filters">
      {v.filters.map((f, i) => (
        <Chip key={filterText(f)} filter={f} href={hrefOf(withoutFilter(v, i))} used={appliesTo(v.page, f.field)} />
      ))}
      {v.filters.length > 1 && (
        <li>
          <a class="quiet" href={hrefOf({ ...v, filters: [], event: "" })} data-go>
            Clear all
          </a>
        </li>
      )}
    </ul>
  );
}

function Chip({ filter, href, used }: { filter: Filter; href: string; used: boolean }) {
  const id = filter.field === "route" && filter.op === "eq" ? filter.value : "";
  const name = id ? names.value[id] : undefined;
  useEffect(() => {
    if (!id || names.peek()[id] !== undefined) return;
    ask(api.GET("/api/v1/routes/{id}", { params: { path: { id } } })).then(
      (d) => nameRoutes([d.route]),
      () => undefined, // the chip goes on showing the id; the page itself says what is wrong
    );
  }, [id]);
  const value = name ?? (filter.op === "in" || filter.op === "nin" ? filter.value.replaceAll("|", ", ") : filter.value);
  return (
    <li class={used ? "chip" : "chip unused"}>
      <span class="chip-text">
        {filter.field.replace("_", " ")} {opWord(filter.op)} <Log text={value} max={80} />
        {!used && <em> (events only)</em>}
      </span>
      <a href={href} data-go>
        <span aria-hidden="true">×</span>
        <span class="sr">Remove the filter on {filter.field}</span>
      </a>
    </li>
  );
}
