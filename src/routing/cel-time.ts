// A time is a Date, a duration its seconds as a number. The checker keeps durations and other numbers apart.

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** CEL's `timestamp("2026-01-02T03:04:05Z")`, and of seconds since 1970; undefined for what is no time. */
export function readTime(value: unknown): Date | undefined {
  if (typeof value === "number") return validTime(new Date(value * 1_000));
  return typeof value === "string" && isoTime.test(value) ? validTime(new Date(value)) : undefined;
}

function validTime(time: Date): Date | undefined {
  return Number.isNaN(time.getTime()) ? undefined : time;
}

const unitSeconds: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1, ms: 0.001, us: 0.000_001, ns: 1e-9 };
const wholeDuration = /^[+-]?(?:\d{1,15}(?:\.\d{1,9})?(?:h|ms|m|s|us|ns)){1,6}$/;
const durationPart = /(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g;

/** CEL's `duration("1h30m")` in seconds; undefined for what is no duration. */
export function readDuration(value: unknown): number | undefined {
  if (typeof value !== "string" || !wholeDuration.test(value)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of value.matchAll(durationPart))
    seconds += Number(amount) * (unitSeconds[unit ?? ""] ?? 0);
  return value.startsWith("-") ? -seconds : seconds;
}

/** A time and a duration; undefined for anything else, and beyond the times there are. */
export function addTime(time: unknown, seconds: unknown): Date | undefined {
  if (!(time instanceof Date) || typeof seconds !== "number") return undefined;
  return validTime(new Date(time.getTime() + seconds * 1_000));
}

/** A time less a time (a duration) or a duration (a time); undefined for anything else. */
export function subtractTime(left: unknown, right: unknown): Date | number | undefined {
  if (!(left instanceof Date)) return undefined;
  if (right instanceof Date) return (left.getTime() - right.getTime()) / 1_000;
  return typeof right === "number" ? addTime(left, -right) : undefined;
}

/** What a time's methods read, as CEL counts: months, days of the week (from Sunday) and of the month from 0. */
export const timeFields: Readonly<Record<string, (time: Date) => number>> = {
  getFullYear: (time) => time.getUTCFullYear(),
  getMonth: (time) => time.getUTCMonth(),
  getDayOfMonth: (time) => time.getUTCDate() - 1,
  getDate: (time) => time.getUTCDate(),
  getDayOfWeek: (time) => time.getUTCDay(),
  getHours: (time) => time.getUTCHours(),
  getMinutes: (time) => time.getUTCMinutes(),
  getSeconds: (time) => time.getUTCSeconds(),
  getMilliseconds: (time) => time.getUTCMilliseconds(),
};

/** A time as the clock on the wall shows it there: the same fields read in UTC. Throws RangeError for an unknown zone. */
export function wallClock(timeZone: string): (time: Date) => Date {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (time) => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
    const [year, month, day, hour, minute, second] = ["year", "month", "day", "hour", "minute", "second"].map(
      (part) => parts.get(part as Intl.DateTimeFormatPartTypes) ?? 0,
    ) as [number, number, number, number, number, number];
    return new Date(Date.UTC(year, month - 1, day, hour, minute, second, time.getUTCMilliseconds()));
  };
}
