// One question to the API, asked again when its key changes and with every tick of the clock.
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Trouble, TroubleError } from "../api/client";
import { tick } from "./clock";

/** Answer is what is known now. Data stay while a newer answer is on its way; stale says that they answer an older key. */
export interface Answer<T> {
  data: T | undefined;
  trouble: Trouble | undefined;
  stale: boolean;
}

/**
 * useQuery asks load whenever key changes, and again with each tick while fresh is true or there was no good answer yet. One request at a time: a new
 * key ends the request for the old one, a tick is left out while one is under way. An empty key asks nothing.
 */
export function useQuery<T>(key: string, load: (signal: AbortSignal) => Promise<T>, fresh = true): Answer<T> {
  const [state, set] = useState<{ key: string; data?: T; trouble?: Trouble }>({ key: "" });
  const latest = useRef({ key, load, fresh, busy: false, done: "" });
  Object.assign(latest.current, { key, load, fresh });

  const run = useRef((control: AbortController) => {
    const asked = latest.current.key;
    latest.current.busy = true;
    latest.current
      .load(control.signal)
      .then((data) => {
        if (control.signal.aborted) return;
        latest.current.done = asked;
        set({ key: asked, data });
      })
      .catch((cause: unknown) => {
        if (control.signal.aborted) return;
        const trouble: Trouble =
          cause instanceof TroubleError
            ? cause.trouble
            : { kind: "failed", title: "The answer could not be read", details: [String(cause)] };
        // What is on the screen stays there when the server is away for a while, but not when the question changed.
        set((old) => (old.key === asked && old.data !== undefined ? { ...old, trouble } : { key: asked, trouble }));
      })
      .finally(() => {
        if (!control.signal.aborted) latest.current.busy = false;
      });
  });

  const control = useRef<AbortController | undefined>(undefined);
  useEffect(() => {
    control.current = new AbortController();
    const mine = control.current;
    if (key) run.current(mine);
    return () => mine.abort();
  }, [key]);

  const first = useRef(true);
  useSignalEffect(() => {
    tick.value;
    if (first.current) {
      first.current = false;
      return;
    }
    const { key, fresh, busy, done } = latest.current;
    if (key && (fresh || done !== key) && !busy && control.current && !control.current.signal.aborted)
      run.current(control.current);
  });

  return { data: key ? state.data : undefined, trouble: state.trouble, stale: state.key !== key };
}
