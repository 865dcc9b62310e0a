// The words for what the API names, one sentence each where a person may wonder.

/** parties in the order in which they are shown. */
export const parties = ["client", "upstream", "server", "unknown"] as const;
export type Party = (typeof parties)[number];

const partyTitles: Record<string, string> = {
  client: "Whoever sent the request went away",
  upstream: "The server behind the proxy went away",
  server: "The program that logged closed the connection itself",
  unknown: "The log does not say who went away",
};

const hows: Record<string, [string, string]> = {
  broken_pipe: ["broken pipe", "Writing to a connection that the other end had closed (EPIPE)"],
  reset: ["reset", "The other end or a device between threw the connection away (ECONNRESET)"],
  aborted: ["aborted", "The connection was aborted before or while it was used (ECONNABORTED)"],
  closed: ["closed", "Closed early in an orderly way, or the log does not say how"],
  timeout: ["timed out", "A timer ended the wait (ETIMEDOUT or the program's own)"],
  unknown: ["unknown", "The log does not say how"],
};

const phases: Record<string, [string, string]> = {
  request: ["sending the request", "The request was still arriving"],
  waiting: ["waiting", "The request was in, no answer had begun"],
  response: ["receiving the answer", "The answer was under way"],
  idle: ["idle", "Between requests: in no rate"],
  unknown: ["unknown", "The log does not say when"],
};

/** partyTitle explains a party. */
export const partyTitle = (party: string): string => partyTitles[party] ?? "";

/** howWord is how a connection ended, in words; an unknown name is shown as it is. */
export const howWord = (how: string): string => hows[how]?.[0] ?? how;
export const howTitle = (how: string): string => hows[how]?.[1] ?? "";

/** phaseWord is where in the exchange the connection ended, in words. */
export const phaseWord = (phase: string): string => phases[phase]?.[0] ?? phase;
export const phaseTitle = (phase: string): string => phases[phase]?.[1] ?? "";

const ops: Record<string, string> = {
  eq: "is",
  ne: "is not",
  in: "is one of",
  nin: "is none of",
  prefix: "begins with",
  re: "matches",
  cidr: "is in",
  gte: "is at least",
  lt: "is below",
};

/** opWord is a filter's operator in words. */
export const opWord = (op: string): string => ops[op] ?? op;
