import { describe, expect, test } from "vitest";
import { clock, day, fromField, span, stamp, toField, zoneName } from "./time";

const t = Date.UTC(2026, 10, 23, 23, 30, 5) / 1000;

test("times in their zone", () => {
  expect(clock(t, "UTC")).toBe("23:30");
  expect(clock(t, "Asia/Kolkata", true)).toBe("05:00:05");
  expect(day(t, "Asia/Kolkata")).toBe("24 Nov");
  expect(stamp(t, "America/New_York")).toBe("23 Nov 2026 18:30:05");
  expect(clock(Date.UTC(2026, 0, 1) / 1000, "UTC", true)).toBe("00:00:00");
});

test("span names a day once when it can", () => {
  expect(span(t, t + 600, "UTC")).toBe("23 Nov 23:30 – 23:40");
  expect(span(t, t + 3600, "UTC")).toBe("23 Nov 23:30 – 24 Nov 00:30");
});

test("zoneName", () => {
  expect(["UTC", "America/New_York", "Europe/Berlin"].map(zoneName)).toEqual(["UTC", "New York", "Berlin"]);
});

describe("fields of date and time", () => {
  test.each(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe"])(
    "come back in %s",
    (tz) => {
      for (let x = Date.UTC(2026, 0, 1) / 1000; x < Date.UTC(2027, 0, 1) / 1000; x += 86400 * 13 + 3 * 3600)
        expect(fromField(toField(x, tz), tz)).toBe(x);
    },
  );
  test("an hour that the clock change skips", () => {
    // 29 March 2026, Berlin: 02:30 does not exist; it is read as 03:30 summer time.
    expect(fromField("2026-03-29T02:30", "Europe/Berlin")).toBe(Date.UTC(2026, 2, 29, 1, 30) / 1000);
  });
  test("an hour that comes twice: the first", () => {
    expect(fromField("2026-10-25T02:30", "Europe/Berlin")).toBe(Date.UTC(2026, 9, 25, 0, 30) / 1000);
  });
  test("no time", () => {
    expect(fromField("", "UTC")).toBeNaN();
  });
});
