import type { Meta, Range } from "../api/client";
import { view } from "../state/router";
import { dark, nextTheme } from "../state/store";
import { hasRange, hrefOf, type Page } from "../state/view";
import { AddFilter } from "./filter";
import { helpOpen } from "./help";
import { RangePicker } from "./range";
import { ServicePicker } from "./service";

const pages: { page: Page; text: string }[] = [
  { page: "overview", text: "Overview" },
  { page: "events", text: "Events" },
  { page: "sources", text: "Sources" },
  { page: "formats", text: "Formats" },
];

/** Header holds the way to the pages, the range, and the settings of this browser. */
export function Header({ range, meta }: { range: Range | undefined; meta: Meta | undefined }) {
  const v = view.value;
  return (
    <header class="top">
      <a class="brand" href={hrefOf({ ...v, page: "overview", filters: [], event: "", source: "" })} data-go>
        <img src="/favicon.svg" alt="" width="20" height="20" />
        <span>Hangup</span>
      </a>
      <nav aria-label="Pages">
        {pages.map((p) => (
          <a
            key={p.page}
            href={hrefOf({ ...v, page: p.page, event: "", source: "" })}
            data-go
            aria-current={v.page === p.page ? "page" : undefined}
          >
            {p.text}
          </a>
        ))}
      </nav>
      <div class="grow" />
      {hasRange(v.page) && <ServicePicker meta={meta} />}
      <AddFilter meta={meta} />
      {hasRange(v.page) && <RangePicker range={range} />}
      <div class="tools">
        <button
          type="button"
          class="square"
          onClick={nextTheme}
          aria-label={dark.value ? "Light colours" : "Dark colours"}
        >
          <span aria-hidden="true">◐</span>
        </button>
        <button
          type="button"
          class="square"
          aria-label="Help"
          title="Help ( ? )"
          onClick={() => {
            helpOpen.value = true;
          }}
        >
          <span aria-hidden="true">?</span>
        </button>
      </div>
    </header>
  );
}
