import { signal } from "@preact/signals";
import { shortcuts } from "../state/store";
import { Dialog } from "./dialog";

export const helpOpen = signal(false);

const keys: [string, string][] = [
  ["g o", "Overview"],
  ["g e", "Events"],
  ["g s", "Sources"],
  ["g f", "Formats"],
  ["[  ]", "Range earlier, later"],
  ["r", "Ask again now"],
  ["p", "Stop and start refreshing"],
  ["j  k", "Next, previous row"],
  ["Enter", "Open or filter by the row"],
  ["f", "Add a filter"],
  ["?", "This sheet"],
  ["Esc", "Close what is open"],
];

/** Help explains the words and the keys. */
export function Help() {
  if (!helpOpen.value) return null;
  return (
    <Dialog
      title="Help"
      class="help"
      close={() => {
        helpOpen.value = false;
      }}
    >
      <h3>Words</h3>
      <dl class="words">
        <dt>hang-up</dt>
        <dd>A request whose connection ended before the answer was complete.</dd>
        <dt>disconnect record</dt>
        <dd>
          What a log says of a disconnect. Access, error and application logs may all tell of one hang-up, which counts
          once; Sources counts the records.
        </dd>
        <dt>rate</dt>
        <dd>Hang-ups divided by requests. Connections closed between requests are in no rate.</dd>
        <dt>client, upstream, server</dt>
        <dd>
          Who went away: whoever sent the request, the server behind the proxy, or the program that logged. Unknown when
          the log does not say.
        </dd>
        <dt>interval</dt>
        <dd>Where the true rate lies with 95% confidence (Wilson). Few requests make it wide.</dd>
        <dt>excess</dt>
        <dd>Hang-ups above what the rate of all requests would give. Routes are ordered by it.</dd>
      </dl>
      <h3>Keys</h3>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="hint">
        In the charts: drag to zoom. On the heatmap: arrow keys move, Shift with arrows selects time, Enter zooms, Esc
        clears.
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={shortcuts.value}
          onChange={(e) => {
            shortcuts.value = e.currentTarget.checked;
          }}
        />
        Single keys act as above
      </label>
    </Dialog>
  );
}
