import { expect, test } from "vitest";
import { cut, pieces, plain } from "./text";

const signs = (s: string) =>
  pieces(s)
    .filter((p) => p.sign)
    .map((p) => p.text);

test.each([
  ["\u0000", ["NUL"]],
  ["\u001b[31m", ["ESC"]],
  ["a\nb\tc\r", ["LF", "TAB", "CR"]],
  ["\u007f", ["DEL"]],
  ["\u009b", ["U+009B"]],
  ["\u202e\u2066\u2069\u200f", ["RLO", "LRI", "PDI", "RLM"]],
  ["\u200b\u2060\ufeff\u00ad", ["ZWSP", "WJ", "BOM", "SHY"]],
  ["\ud800x\udfff", ["U+D800", "U+DFFF"]],
  ["\u{e0041}", ["U+E0041"]],
  ["\u3164", ["U+3164"]],
])("%j has the signs %j", (text, want) => expect(signs(text)).toEqual(want));

test("ordinary text of any script has none", () => {
  for (const s of ["/a/b?x=1", "größe", "שלום", "مرحبا", "日本語", "🙂", "é̂"]) expect(signs(s)).toEqual([]);
});

test("nothing is lost or added", () => {
  const s = "a\u202eb<img src=x>\u0000c";
  expect(pieces(s)).toEqual([
    { text: "a", sign: false },
    { text: "RLO", sign: true },
    { text: "b<img src=x>", sign: false },
    { text: "NUL", sign: true },
    { text: "c", sign: false },
  ]);
  expect(plain(s)).toBe("a‹RLO›b<img src=x>‹NUL›c");
});

test("a record keeps its lines", () => {
  expect(pieces("a\n\tb\u0000", true)).toEqual([
    { text: "a\n\tb", sign: false },
    { text: "NUL", sign: true },
  ]);
});

test("cut", () => {
  expect(cut("abc", 3)).toEqual({ text: "abc", more: 0 });
  expect(cut("abcdef", 3)).toEqual({ text: "abc", more: 3 });
  expect(cut("ab🙂c", 3)).toEqual({ text: "ab", more: 3 });
});
