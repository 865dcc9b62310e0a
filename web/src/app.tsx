import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, ask, unreachable } from "./api/client";
import { Events } from "./page/events";
import { Formats } from "./page/formats";
import { Overview } from "./page/overview";
import { Sources } from "./page/sources";
import { Chips } from "./part/chips";
import { Header } from "./part/header";
import { Help } from "./part/help";
import { filtersOf, keyOf, rangeOf } from "./state/ask";
import { refresh } from "./state/clock";
import { useQuery } from "./state/query";
import { type Span, spanOf } from "./state/range";
import { view } from "./state/router";
import { hasRange } from "./state/view";

/** The range on the screen, for the keys that move it. */
export const answered = signal<Span | undefined>(undefined);

const titles = {
  overview: "Overview",
  events: "Events",
  sources: "Sources",
  formats: "Format tester",
  missing: "No such page",
};

/** startTitle keeps the title of the tab in step with the page. */
export function startTitle(): void {
  effect(() => {
    document.title = `${titles[view.value.page]} · Hangup`;
  });
}

/** App is the frame of all pages. It asks for the summary itself: the header needs its range on every page. */
export function App() {
  const v = view.value;
  const meta = useQuery("meta", (s) => ask(api.GET("/api/v1/meta", { signal: s })), false);
  const asked = { ...rangeOf(v), ...filtersOf(v, "overview"), compare: v.compare };
  const summary = useQuery(hasRange(v.page) ? keyOf("summary", asked) : "", (s) =>
    ask(api.GET("/api/v1/summary", { params: { query: asked }, signal: s })),
  );
  const range = summary.data?.range;
  useEffect(() => {
    answered.value = range && spanOf(range);
  }, [range]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header range={range} meta={meta.data} />
      <Banner />
      <main id="main" tabIndex={-1}>
        <h1 class="sr">{titles[v.page]}</h1>
        <Chips />
        {v.page === "overview" && <Overview summary={summary} />}
        {v.page === "events" && <Events />}
        {v.page === "sources" && <Sources />}
        {v.page === "formats" && <Formats />}
        {v.page === "missing" && (
          <p class="blank">
            There is no such page.{" "}
            <a href="/" data-go>
              To the overview
            </a>
          </p>
        )}
      </main>
      <Help />
    </>
  );
}

/** Banner says that no answer comes, and that the page goes on asking. */
function Banner() {
  return (
    <div aria-live="assertive">
      {unreachable.value && (
        <div class="banner">
          Hangup does not answer. What you see may be old; asking again every 5 s.
          <button type="button" onClick={refresh}>
            Ask now
          </button>
        </div>
      )}
    </div>
  );
}
