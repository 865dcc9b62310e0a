import { useRef, useState } from "preact/hooks";
import type { Meta } from "../api/client";
import { opWord } from "../format/word";
import { go, view } from "../state/router";
import { appliesTo, withFilter } from "../state/view";

/** AddFilter is the form behind "+ filter": field, operator and value, with the known values of closed sets. */
export function AddFilter({ meta }: { meta: Meta | undefined }) {
  const details = useRef<HTMLDetailsElement>(null);
  const [field, setField] = useState("");
  const v = view.value;
  if (v.page !== "overview" && v.page !== "events") return null;
  const fields = (meta?.fields ?? []).filter((f) => appliesTo(v.page, f.name) && f.name !== "route");
  const chosen = fields.find((f) => f.name === field) ?? fields[0];
  const known: Record<string, string[] | undefined> = {
    party: meta?.parties,
    how: meta?.hows,
    phase: meta?.phases,
    service: meta?.services.map((s) => s.name),
    exchange: ["true", "false"],
  };
  const values = chosen ? known[chosen.name] : undefined;
  const add = (e: SubmitEvent) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget as HTMLFormElement);
    const value = String(form.get("value") ?? "").trim();
    if (!chosen || !value) return;
    go(withFilter(view.value, { field: chosen.name, op: String(form.get("op")), value }));
    (e.currentTarget as HTMLFormElement).reset();
    if (details.current) details.current.open = false;
  };
  return (
    <details class="menu" ref={details}>
      <summary id="add-filter">+ filter</summary>
      <form class="sheet" onSubmit={add}>
        <label>
          Field
          <select name="field" value={chosen?.name ?? ""} onChange={(e) => setField(e.currentTarget.value)}>
            {fields.map((f) => (
              <option key={f.name} value={f.name}>
                {f.name.replace("_", " ")}
              </option>
            ))}
          </select>
        </label>
        <label>
          Test
          <select name="op">
            {(meta?.ops ?? ["eq", "ne"]).map((op) => (
              <option key={op} value={op}>
                {opWord(op)}
              </option>
            ))}
          </select>
        </label>
        <label for="filter-value">
          Value
          {values && values.length > 0 ? (
            <select id="filter-value" name="value">
              {values.map((x) => (
                <option key={x} value={x}>
                  {x}
                </option>
              ))}
            </select>
          ) : (
            <input id="filter-value" name="value" required maxLength={2000} autocomplete="off" spellcheck={false} />
          )}
        </label>
        {chosen && <p class="hint">{chosen.description}</p>}
        <button type="submit" class="primary">
          Add filter
        </button>
      </form>
    </details>
  );
}
