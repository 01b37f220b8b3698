const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day";
const MONTH = `(?<month>${MONTHS.join("|")})`;
const TIME = "(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})";

/** The three forms a recipient must accept (RFC 9110 §5.6.7): IMF-fixdate, RFC 850 and asctime. */
const HTTP_DATES = [
  new RegExp(`^${DAY}, (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAY}, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT$`),
  new RegExp(`^${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * Seconds to wait according to a Retry-After header (RFC 9110 §10.2.3: delta-seconds or an HTTP-date), between 0 and
 * `maxSeconds`. Undefined when the value is malformed: a receiver's typo must not change the schedule.
 * `nowMs` is the Unix time in milliseconds that a date is compared with.
 */
export function parseRetryAfter(value: string, nowMs: number, maxSeconds: number): number | undefined {
  const text = value.trim();
  if (/^\d+$/.test(text)) return Math.min(maxSeconds, Number(text));
  const dateMs = parseHttpDate(text, nowMs);
  if (dateMs === undefined) return undefined;
  return Math.min(maxSeconds, Math.max(0, Math.ceil((dateMs - nowMs) / 1000)));
}

function parseHttpDate(text: string, nowMs: number): number | undefined {
  for (const form of HTTP_DATES) {
    const fields = form.exec(text)?.groups;
    if (fields === undefined) continue;
    const month = MONTHS.indexOf(fields["month"] ?? "");
    const [day, hour, minute, second] = [fields["day"], fields["hour"], fields["minute"], fields["second"]].map(Number);
    if (day === undefined || hour === undefined || minute === undefined || second === undefined) return undefined;
    // 60 is a leap second (RFC 9110 §5.6.7 allows it); Date.UTC rolls it over.
    if (hour > 23 || minute > 59 || second > 60) return undefined;
    const year = fullYear(fields["year"] ?? "", nowMs);
    const midnight = new Date(Date.UTC(year, month, day));
    // Date.UTC turns 31 February into March and year 99 into 1999; a date that does not survive the trip is malformed.
    if (midnight.getUTCFullYear() !== year || midnight.getUTCDate() !== day) return undefined;
    return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
  }
  return undefined;
}

/** A two-digit year more than 50 years ahead means the past century with the same digits (RFC 9110 §5.6.7). */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
