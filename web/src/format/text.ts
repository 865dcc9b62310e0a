// Text from logs. Attackers write it: it is shown as text nodes only, isolated from the direction of the text around
// it, and what has no shape of its own is given one, so that a path can neither hide nor rearrange what one reads.

/** Piece is a run of text; sign says that it stands for characters that cannot be shown. */
export interface Piece {
  text: string;
  sign: boolean;
}

const controls =
  "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(
    " ",
  );

// Characters without a shape, or that change the order of others, by the short names of the Unicode charts.
const named: Record<number, string> = {
  127: "DEL",
  173: "SHY",
  847: "CGJ",
  1564: "ALM",
  6158: "MVS",
  8203: "ZWSP",
  8204: "ZWNJ",
  8205: "ZWJ",
  8206: "LRM",
  8207: "RLM",
  8232: "LS",
  8233: "PS",
  8234: "LRE",
  8235: "RLE",
  8236: "PDF",
  8237: "LRO",
  8238: "RLO",
  8288: "WJ",
  8294: "LRI",
  8295: "RLI",
  8296: "FSI",
  8297: "PDI",
  65279: "BOM",
};

function sign(code: number): string | null {
  if (code < 0x20) return controls[code] as string;
  const name = named[code];
  if (name) return name;
  const blank =
    (code >= 0x80 && code < 0xa0) || // C1 controls
    (code >= 0x115f && code <= 0x1160) || // Hangul fillers
    (code >= 0x17b4 && code <= 0x17b5) ||
    (code >= 0x2061 && code <= 0x206f) ||
    code === 0x3164 ||
    code === 0xffa0 ||
    (code >= 0xd800 && code <= 0xdfff) || // half a pair
    (code >= 0xfff0 && code <= 0xfffb) ||
    (code >= 0xe0000 && code <= 0xe0fff);
  return blank ? `U+${code.toString(16).toUpperCase().padStart(4, "0")}` : null;
}

/** pieces splits text into runs that can be shown and signs for what cannot. With lines, newlines and tabs stay. */
export function pieces(text: string, lines = false): Piece[] {
  const out: Piece[] = [];
  let run = "";
  for (const ch of text) {
    const s = lines && (ch === "\n" || ch === "\t") ? null : sign(ch.codePointAt(0) as number);
    if (s === null) {
      run += ch;
      continue;
    }
    if (run) out.push({ text: run, sign: false });
    run = "";
    out.push({ text: s, sign: true });
  }
  if (run) out.push({ text: run, sign: false });
  return out;
}

/** plain writes text with its signs in one string, for titles and labels. */
export function plain(text: string): string {
  return pieces(text)
    .map((p) => (p.sign ? `‹${p.text}›` : p.text))
    .join("");
}

/** cut shortens text to n characters and tells how many are missing. It does not split a pair of surrogates. */
export function cut(text: string, n: number): { text: string; more: number } {
  if (text.length <= n) return { text, more: 0 };
  const end = /[\ud800-\udbff]/.test(text[n - 1] ?? "") ? n - 1 : n;
  return { text: text.slice(0, end), more: text.length - end };
}
