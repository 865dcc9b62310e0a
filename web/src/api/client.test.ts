import { afterEach, expect, test } from "vitest";
import { ask, TroubleError, trouble, unreachable } from "./client";

afterEach(() => {
  unreachable.value = false;
});

test("a problem is put in words", () => {
  expect(
    trouble(400, {
      title: "Bad Request",
      detail: "The filter was not understood.",
      errors: [{ param: "f", detail: "field bogus does not exist" }, { detail: "more" }],
      request_id: "r1",
    }),
  ).toEqual({
    kind: "refused",
    title: "Bad Request",
    details: ["The filter was not understood.", "f: field bogus does not exist", "more", "request r1"],
  });
});

test.each([undefined, null, "", "<html>", 7])("an answer that is no problem: %j", (body) => {
  expect(trouble(502, body)).toEqual({ kind: "failed", title: "The server answered 502", details: [] });
});

test("no answer is told apart from a bad one", async () => {
  await expect(ask(Promise.reject(new TypeError("fetch failed")))).rejects.toBeInstanceOf(TroubleError);
  expect(unreachable.value).toBe(true);
  await expect(ask(Promise.resolve({ data: 1, response: new Response() }))).resolves.toBe(1);
  expect(unreachable.value).toBe(false);
});

test("an abort says nothing about the server", async () => {
  const abort = new DOMException("gone", "AbortError");
  await expect(ask(Promise.reject(abort))).rejects.toBe(abort);
  expect(unreachable.value).toBe(false);
});
