import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Props {
  title: string;
  class?: string;
  close: () => void;
  children: ComponentChildren;
}

/**
 * Dialog shows its children above the page until Esc, its button or a click beside it closes it. The browser keeps the
 * focus inside meanwhile and gives it back afterwards.
 */
export function Dialog({ title, class: more = "", close, children }: Props) {
  const id = useId();
  const box = useRef<HTMLDialogElement>(null);
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    const dialog = box.current as HTMLDialogElement;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc is the browser's own way to close a dialog
    <dialog
      ref={box}
      class={more}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        latest.current();
      }}
      onClick={(e) => e.target === e.currentTarget && latest.current()}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="square" aria-label="Close" onClick={() => latest.current()}>
            <span aria-hidden="true">×</span>
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
