// What the format tester tests, and what came of it: it stays while one looks at other pages, and is not in the address, as
// pasted lines are nobody else's.
import { signal } from "@preact/signals";
import { api, ask, type FormatDetection, type FormatTest, type Trouble, TroubleError } from "../api/client";

/** Asked is what the form holds. With a source its lines are taken, else the text. */
export interface Asked {
  text: string;
  source: string;
  format: string;
  layout: string;
  timezone: string;
}

/** Result is the answer to the last test. */
export interface Result {
  detection?: FormatDetection;
  test?: FormatTest;
  trouble?: Trouble;
}

export const asked = signal<Asked>({ text: "", source: "", format: "", layout: "", timezone: "" });
export const result = signal<Result>({});
export const busy = signal(false);

let control: AbortController | undefined;

/** edit changes parts of the form. */
export function edit(part: Partial<Asked>): void {
  asked.value = { ...asked.value, ...part };
}

/** pasteLines puts lines in the form, the oldest first, to be tested when the page is shown. */
export function pasteLines(newestFirst: string[]): void {
  asked.value = { text: newestFirst.toReversed().join("\n"), source: "", format: "", layout: "", timezone: "" };
  result.value = {};
}

/** test asks what the lines are. A later test ends an earlier one. */
export async function test(): Promise<void> {
  control?.abort();
  const mine = new AbortController();
  control = mine;
  const { text, source, format, layout, timezone } = asked.value;
  const lines = { ...(source ? { source } : { text }), ...(timezone && { timezone }) };
  busy.value = true;
  try {
    const [detection, test] = await Promise.all([
      ask(api.POST("/api/v1/formats/detect", { body: lines, signal: mine.signal })),
      ask(
        api.POST("/api/v1/formats/test", {
          body: { ...lines, ...(format && { format }), ...(layout && { layout }) },
          signal: mine.signal,
        }),
      ),
    ]);
    if (control === mine) result.value = { detection, test };
  } catch (cause) {
    if (control !== mine || mine.signal.aborted) return;
    result.value = {
      trouble:
        cause instanceof TroubleError
          ? cause.trouble
          : { kind: "failed", title: "The answer could not be read", details: [String(cause)] },
    };
  } finally {
    if (control === mine) busy.value = false;
  }
}
