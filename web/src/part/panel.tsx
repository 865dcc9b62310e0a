import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Trouble } from "../api/client";
import { Log } from "./log";

interface Props {
  title: string;
  note?: ComponentChildren;
  stale?: boolean;
  class?: string;
  children: ComponentChildren;
}

/** Panel is a titled part of a page. While it shows the answer to an older question it is dimmed and marked busy. */
export function Panel({ title, note, stale = false, class: more = "", children }: Props) {
  const id = useId();
  return (
    <section class={`panel ${more}`} aria-labelledby={id} aria-busy={stale}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {note && <div class="note">{note}</div>}
      </div>
      {children}
    </section>
  );
}

/** Blank says in words why there is nothing to show. */
export function Blank({ children }: { children: ComponentChildren }) {
  return <p class="blank">{children}</p>;
}

/** TroubleBox shows why an answer is missing. */
export function TroubleBox({ trouble }: { trouble: Trouble | undefined }) {
  if (!trouble || trouble.kind === "unreachable") return null; // the banner at the top says that for the whole page
  return (
    <div class="trouble" role="alert">
      <strong>{trouble.title}</strong>
      {trouble.details.map((d) => (
        <p key={d}>
          <Log text={d} />
        </p>
      ))}
      {trouble.kind === "refused" && (
        <p>
          <a href="/" data-go>
            Start again without filters and range
          </a>
        </p>
      )}
    </div>
  );
}
