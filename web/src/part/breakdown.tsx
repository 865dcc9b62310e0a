import { count, percent } from "../format/number";
import { Log } from "./log";

/** Bar is one line of a breakdown. */
export interface Bar {
  name: string;
  word: string;
  title: string;
  n: number;
  href: string;
  tone?: string; // class of its colour
}

/** Breakdown shows what a number is made of: bars with a share, each a link to the filter. */
export function Breakdown({ title, bars }: { title: string; bars: Bar[] }) {
  const sum = bars.reduce((s, b) => s + b.n, 0);
  const shown = bars.filter((b) => b.n > 0);
  return (
    <div class="breakdown">
      <h3>{title}</h3>
      {shown.length === 0 && <p class="blank">None.</p>}
      <ul>
        {shown.map((b) => (
          <li key={b.name}>
            <a href={b.href} data-go title={b.title}>
              <span class="bar-word">
                <Log text={b.word} max={60} />
              </span>
              <span class="bar-n">{count(b.n)}</span>
              <span class="bar-share">{percent(b.n / sum)}</span>
              <span class={`bar ${b.tone ?? ""}`} aria-hidden="true">
                <span style={{ width: `${(100 * b.n) / sum}%` }} />
              </span>
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
