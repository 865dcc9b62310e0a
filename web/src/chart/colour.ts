// Colours of the canvases come from the style sheet, so that both schemes have one place.

/** css reads a custom property of the page. */
export function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** ramp returns n colours from one #rrggbb to another. */
export function ramp(from: string, to: string, n: number): string[] {
  const a = channels(from);
  const b = channels(to);
  return Array.from({ length: n }, (_, i) => {
    const t = n > 1 ? i / (n - 1) : 1;
    const mixed = a.map((x, c) => Math.round(x + ((b[c] as number) - x) * t));
    return `rgb(${mixed.join(" ")})`;
  });
}

function channels(hex: string): number[] {
  return [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16) || 0);
}
