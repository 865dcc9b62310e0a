import { useRef, useState } from "preact/hooks";
import { inOrder } from "../state/ask";

/**
 * useHeld keeps the order of rows while the pointer or the focus is in their table, so that nothing moves under the eye;
 * the figures in the rows go on changing. The answer to another question comes in its own order: key names the question
 * that the rows answer, stale that they answer the one before. Spread props on the table's box.
 */
export function useHeld<T>(key: string, stale: boolean, fresh: T[], id: (x: T) => string) {
  const [held, hold] = useState(false);
  const last = useRef<{ key: string; order: string[] }>({ key: "", order: [] });
  const rows = held && last.current.key === key ? inOrder(last.current.order, fresh, id) : fresh;
  last.current = { key: stale ? "" : key, order: rows.map(id) };
  return {
    rows,
    props: {
      onPointerEnter: () => hold(true),
      onPointerLeave: (e: PointerEvent) => hold((e.currentTarget as Element).contains(document.activeElement)),
      onFocusIn: () => hold(true),
      onFocusOut: (e: FocusEvent) => {
        const box = e.currentTarget as Element;
        if (!(e.relatedTarget instanceof Node && box.contains(e.relatedTarget))) hold(box.matches(":hover"));
      },
    },
  };
}
