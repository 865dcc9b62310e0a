// Requests to the API, typed by its contract, with everything that may go wrong turned into words.
import { signal } from "@preact/signals";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Summary = Schemas["Summary"];
export type Timeseries = Schemas["Timeseries"];
export type Heatmap = Schemas["Heatmap"];
export type Route = Schemas["Route"];
export type Client = Schemas["Client"];
export type HangupEvent = Schemas["Event"];
export type EventDetail = Schemas["EventDetail"];
export type Source = Schemas["Source"];
export type Job = Schemas["Job"];
export type Advice = Schemas["Advice"];
export type FormatDetection = Schemas["FormatDetection"];
export type FormatTest = Schemas["FormatTest"];
export type TestedRecord = Schemas["TestedRecord"];
export type Meta = Schemas["Meta"];
export type Range = Schemas["Range"];
export type ByParty = Schemas["ByParty"];

/** Why an answer is missing. Kind says whether asking again may help. */
export interface Trouble {
  kind: "unreachable" | "refused" | "failed";
  title: string;
  details: string[];
}

/** TroubleError carries a Trouble through a rejected promise. */
export class TroubleError extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.title);
  }
}

/** Whether the last request got no answer at all. The page says so at its top and goes on asking. */
export const unreachable = signal(false);

/** The typed client. Arrays are repeated parameters (`f=a&f=b`), as the contract has them. */
export const api = createClient<paths>({ baseUrl: "/" });

interface Reply<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** ask resolves to the body of a good answer, or rejects with a TroubleError or the DOMException of an abort. */
export async function ask<T>(request: Promise<Reply<T>>): Promise<T> {
  let reply: Reply<T>;
  try {
    reply = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    unreachable.value = true;
    throw new TroubleError({ kind: "unreachable", title: "Hangup does not answer", details: [] });
  }
  unreachable.value = false;
  if (reply.data !== undefined && reply.response.ok) return reply.data;
  throw new TroubleError(trouble(reply.response.status, reply.error));
}

/** trouble puts an RFC 9457 problem, or whatever else came instead of an answer, in words. */
export function trouble(status: number, body: unknown): Trouble {
  const kind = status >= 400 && status < 500 ? "refused" : "failed";
  const problem = typeof body === "object" && body !== null ? (body as Partial<Schemas["Problem"]>) : {};
  const details: string[] = [];
  if (problem.detail) details.push(problem.detail);
  for (const e of problem.errors ?? []) details.push(e.param ? `${e.param}: ${e.detail}` : e.detail);
  if (problem.request_id) details.push(`request ${problem.request_id}`);
  return { kind, title: problem.title || `The server answered ${status}`, details };
}
