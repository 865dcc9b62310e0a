import type { Meta } from "../api/client";
import { go, view } from "../state/router";
import { withFilter } from "../state/view";

/** ServicePicker narrows everything to one service. With a single service there is nothing to choose. */
export function ServicePicker({ meta }: { meta: Meta | undefined }) {
  const v = view.value;
  const services = meta?.services ?? [];
  if (services.length < 2) return null;
  const now = v.filters.find((f) => f.field === "service" && f.op === "eq")?.value ?? "";
  return (
    <label class="service">
      <span class="sr">Service</span>
      <select
        value={now}
        onChange={(e) => {
          const value = e.currentTarget.value;
          if (value) go(withFilter(view.value, { field: "service", op: "eq", value }));
          else go({ ...view.value, filters: view.value.filters.filter((f) => f.field !== "service"), event: "" });
        }}
      >
        <option value="">All services</option>
        {services.map((s) => (
          <option key={s.name} value={s.name}>
            {s.name}
          </option>
        ))}
      </select>
    </label>
  );
}
