import type { ComponentChildren } from "preact";
import { change } from "../state/router";

/** Column is the head of a table's column; sort is the order that a click on it asks for. */
export interface Column<S extends string = string> {
  text: string;
  title?: string;
  class?: string;
  sort?: S;
}

interface Props<S extends string> {
  label: string;
  columns: Column<S>[];
  sorted?: { by: S; set: (s: S) => void };
  class?: string;
  children: ComponentChildren;
}

/** Table is a table in a box of its own that scrolls when it is too wide; on a narrow screen rows become cards. */
export function Table<S extends string>({ label, columns, sorted, class: more = "", children }: Props<S>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keys
    <section class="scroll" tabIndex={0} aria-label={label}>
      <table class={`cards ${more}`}>
        <thead>
          <tr>
            {columns.map((c) => (
              <th
                key={c.text}
                scope="col"
                class={c.class}
                aria-sort={
                  sorted && c.sort === sorted.by ? (c.sort.startsWith("-") ? "descending" : "ascending") : undefined
                }
              >
                {sorted && c.sort ? (
                  <button type="button" title={c.title} onClick={() => sorted.set(c.sort as S)}>
                    {c.text}
                  </button>
                ) : (
                  <span title={c.title}>{c.text}</span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

/** More shows the rest of a list of which only the first are shown, and the way back. */
export function More({ shown, total, all }: { shown: number; total: number; all: boolean }) {
  if (!all && total <= shown) return null;
  return (
    <p class="more">
      <button type="button" class="quiet" onClick={() => change({ all: !all }, true)}>
        {all ? "Show the first ten" : `Show more of ${total}`}
      </button>
    </p>
  );
}
