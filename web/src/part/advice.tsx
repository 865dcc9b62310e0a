import { useState } from "preact/hooks";
import type { Advice } from "../api/client";
import { Log } from "./log";

/** AdviceList says what a log cannot show, and gives the lines for the server's configuration to copy. */
export function AdviceList({ items }: { items: Advice[] }) {
  return (
    <ul class="advice">
      {items.map((a) => (
        <li key={a.format}>
          <b>
            <Log text={a.format} max={80} />
          </b>{" "}
          hides <Log text={a.hides} max={400} />.{a.config && <Copyable text={a.config} />}
        </li>
      ))}
    </ul>
  );
}

/** Copyable is text to be put somewhere else. Without a secure connection the browser has no clipboard for pages. */
export function Copyable({ text }: { text: string }) {
  const [done, setDone] = useState(false);
  return (
    <div class="copyable">
      <code class="raw">
        <Log text={text} max={4000} lines />
      </code>
      {navigator.clipboard && (
        <button
          type="button"
          onClick={() => {
            navigator.clipboard.writeText(text).then(
              () => setDone(true),
              () => setDone(false),
            );
          }}
        >
          {done ? "Copied" : "Copy"}
        </button>
      )}
    </div>
  );
}
