import { useEffect } from "preact/hooks";
import { api, ask, type FormatDetection } from "../api/client";
import { percent, plural } from "../format/number";
import { stamp, unix } from "../format/time";
import { AdviceList } from "../part/advice";
import { Log } from "../part/log";
import { Panel, TroubleBox } from "../part/panel";
import { useQuery } from "../state/query";
import { change, view } from "../state/router";
import { asked, busy, edit, result, test } from "../state/tester";
import { Tested } from "./tested";

/** Formats is the format tester: lines are pasted or taken from a source, and each is shown as Hangup reads it. */
export function Formats() {
  const source = view.value.source;
  // The address may name a source whose lines are wanted.
  useEffect(() => {
    if (asked.peek().source !== source) {
      edit({ source });
      result.value = {};
    }
    const { text } = asked.peek();
    if (source || (text && !result.peek().test)) test();
  }, [source]);
  const { detection, test: tested, trouble } = result.value;
  return (
    <>
      <Form />
      <TroubleBox trouble={trouble} />
      {detection && <Found d={detection} />}
      {tested && <Tested t={tested} />}
    </>
  );
}

/** Form takes the lines, and how to read them where that shall not be found out. */
function Form() {
  const { text, source, format, layout, timezone } = asked.value;
  const sources = useQuery("sources", (signal) => ask(api.GET("/api/v1/sources", { signal })), false);
  const formats = useQuery("formats", (signal) => ask(api.GET("/api/v1/formats", { signal })), false);
  const submit = (e: Event) => {
    e.preventDefault();
    test();
  };
  return (
    <Panel title="Which format is it?" note="Nothing is stored">
      <form class="tester" onSubmit={submit}>
        <label>
          Lines from
          <select
            value={source}
            onChange={(e) => {
              result.value = {};
              change({ source: e.currentTarget.value }, true);
            }}
          >
            <option value="">the box below</option>
            {sources.data?.items.map((s) => (
              <option key={s.id} value={s.id} disabled={s.state === "stopped"}>
                {s.path}
              </option>
            ))}
          </select>
        </label>
        {source ? (
          <p class="hint">Its first and newest lines are read, with secrets taken out.</p>
        ) : (
          <label>
            Lines of a log
            <textarea
              rows={8}
              spellcheck={false}
              placeholder="Paste some lines as they stand in the log"
              value={text}
              onInput={(e) => edit({ text: e.currentTarget.value })}
              onKeyDown={(e) => {
                if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) submit(e);
              }}
            />
          </label>
        )}
        <details open={format !== "" || layout !== "" || timezone !== ""}>
          <summary>Read them by …</summary>
          <div class="tester-more">
            <label>
              Format
              <input
                list="formats"
                maxLength={200}
                placeholder="detected"
                value={format}
                onInput={(e) => edit({ format: e.currentTarget.value.trim() })}
              />
            </label>
            <datalist id="formats">
              {formats.data?.items.map((f) => (
                <option key={f.name} value={f.name}>
                  {f.summary}
                </option>
              ))}
            </datalist>
            <label class="grow">
              Layout: the format string of the server's configuration
              <input
                maxLength={8192}
                spellcheck={false}
                placeholder={"log_format main '$remote_addr [$time_local] \"$request\" $status …';"}
                value={layout}
                onInput={(e) => edit({ layout: e.currentTarget.value })}
              />
            </label>
            <label>
              Time zone
              <input
                maxLength={64}
                placeholder="UTC"
                value={timezone}
                onInput={(e) => edit({ timezone: e.currentTarget.value.trim() })}
              />
            </label>
          </div>
        </details>
        <p class="actions">
          <button type="submit" class="primary" disabled={!source && text.trim() === ""}>
            {busy.value ? "Testing…" : "Test the lines"}
          </button>
          {!source && <span class="hint">or Ctrl+Enter</span>}
        </p>
      </form>
    </Panel>
  );
}

/** Found says what the lines are, how sure that is, and what else they could be. */
function Found({ d }: { d: FormatDetection }) {
  const v = view.value;
  const ties = d.others.filter((o) => o.tie);
  const next = d.others.find((o) => !o.tie);
  const when =
    d.times.first &&
    d.times.last &&
    `${stamp(unix(d.times.first), v.tz)} to ${stamp(unix(d.times.last), v.tz)} ${v.tz}`;
  const zones = {
    stated: "with their zone",
    assumed: `without a zone: ${d.times.assumed ?? "UTC"} was taken. Set timezone for the source if that is not it.`,
    mixed: `some without a zone: ${d.times.assumed ?? "UTC"} was taken for these`,
    none: "no record has a time: records count when they are read",
  };
  return (
    <Panel
      title="What they are"
      note={plural(d.lines, "line") + (d.truncated ? " looked at, there are more" : " looked at")}
      stale={busy.value}
    >
      {d.name ? (
        <p class="sentence">
          <Log text={d.name} max={200} />, {percent(d.confidence)} sure
        </p>
      ) : (
        <p class="sentence">No format that Hangup knows fits these lines</p>
      )}
      <dl class="facts">
        {d.envelope && (
          <div>
            <dt>around them</dt>
            <dd>
              <Log text={d.envelope} max={80} />
            </dd>
          </div>
        )}
        {d.formats.map((f) => (
          <div key={f.format}>
            <dt>{percent(f.share)} of the lines</dt>
            <dd>
              <b>
                <Log text={f.format} max={80} />
              </b>
              : <Log text={f.summary ?? ""} max={200} />
              {f.layout && (
                <code class="raw">
                  <Log text={f.layout} max={2000} />
                </code>
              )}
            </dd>
          </div>
        ))}
        {ties.length > 0 && (
          <div>
            <dt>a tie</dt>
            <dd>
              <Log text={ties.map((o) => o.format).join(", ")} max={400} />: these read as many of the lines. If it is
              one of them, name it as the source's format.
            </dd>
          </div>
        )}
        {next && (
          <div>
            <dt>{d.name ? "runner-up" : "nearest"}</dt>
            <dd>
              <Log text={next.format} max={80} />, which reads {percent(next.share)} of the lines
            </dd>
          </div>
        )}
        {d.name && (
          <>
            <div>
              <dt>times</dt>
              <dd>
                {zones[d.times.zone]}
                {when && <small> ({when})</small>}
              </dd>
            </div>
            <div>
              <dt>durations</dt>
              <dd>
                {d.durations.records === 0
                  ? "none: how long clients wait cannot be told, and no timers can be found"
                  : `${plural(d.durations.records, "record")}${d.durations.tick_ms === undefined ? "" : `, in steps of ${step(d.durations.tick_ms)}`}`}
              </dd>
            </div>
          </>
        )}
      </dl>
      {d.advice.length > 0 && (
        <>
          <h3>To see more</h3>
          <AdviceList items={d.advice} />
        </>
      )}
    </Panel>
  );
}

/** step writes a power of ten of a millisecond. */
function step(ms: number): string {
  if (ms >= 1000) return `${ms / 1000} s`;
  if (ms >= 1) return `${ms} ms`;
  return ms >= 0.001 ? `${Math.round(ms * 1e3)} µs` : `${Math.round(ms * 1e6)} ns`;
}
