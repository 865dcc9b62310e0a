import { cut, pieces, plain } from "../format/text";

interface Props {
  text: string;
  max?: number; // characters shown; the rest is counted
  lines?: boolean; // newlines and tabs stay as they are
}

/** Log shows text from a log as text: isolated, with signs for what has no shape. */
export function Log({ text, max = 400, lines = false }: Props) {
  const { text: shown, more } = cut(text, max);
  return (
    <bdi class="log" title={text.length > 40 && !lines ? plain(cut(text, 1000).text) : undefined}>
      {pieces(shown, lines).map((p, i) =>
        p.sign ? (
          <span key={i} class="sign">
            {p.text}
          </span>
        ) : (
          p.text
        ),
      )}
      {more > 0 && <span class="sign">{` … ${more} more characters`}</span>}
    </bdi>
  );
}
