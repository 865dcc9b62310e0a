// The clock of the page: every five seconds the open questions are asked again, as long as somebody may be looking.
import { computed, effect, signal } from "@preact/signals";
import { unreachable } from "../api/client";
import { view } from "./router";
import { isLive } from "./view";

const period = 5_000;

/** Grows each time that all questions are to be asked again. */
export const tick = signal(0);

/** Whether the person has stopped the refreshing. */
export const paused = signal(false);

const visible = signal(true);

/** Whether the page refreshes by itself now. Without an answer it goes on asking even when paused. */
export const running = computed(() => visible.value && (unreachable.value || (!paused.value && isLive(view.value))));

/** Unix seconds, moved on with each tick: for "4 s ago" and the like. */
export const now = signal(Date.now() / 1000);

/** refresh asks everything again at once. */
export function refresh(): void {
  now.value = Date.now() / 1000;
  tick.value += 1;
}

/** startClock lets the clock run while the tab is visible. */
export function startClock(): void {
  const look = () => {
    visible.value = document.visibilityState === "visible";
    if (running.peek()) refresh();
  };
  document.addEventListener("visibilitychange", look);
  look();
  effect(() => {
    if (!running.value) return;
    const timer = setInterval(refresh, period);
    return () => clearInterval(timer);
  });
}
