const DELIMITER = /[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/;
const TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D|$)/;
const DAY = /^(\d{1,2})(?:\D|$)/;
const YEAR = /^(\d{2,4})(?:\D|$)/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * Reads a cookie date with the tolerance that RFC 6265bis §5.1.1 prescribes, which is neither
 * that of `Date.parse` nor that of HTTP dates.
 *
 * @returns seconds since 1970, or `undefined` when it is not a date
 *
 * @example
 * ```ts
 * parseCookieDate('Wed, 09-Jun-21 10:18:14 GMT'); // 1623233894
 * ```
 */
export function parseCookieDate(text: string): number | undefined {
  let time: number[] | undefined;
  let day: number | undefined;
  let month: number | undefined;
  let year: number | undefined;
  for (const token of text.split(DELIMITER)) {
    const found = time === undefined && TIME.exec(token);
    if (found) time = found.slice(1).map(Number);
    else if (day === undefined && DAY.test(token)) day = parseInt(token, 10);
    else if (month === undefined && isMonth(token)) month = MONTHS.indexOf(token.slice(0, 3).toLowerCase());
    else if (year === undefined && YEAR.test(token)) year = parseInt(token, 10);
  }
  if (time === undefined || day === undefined || month === undefined || year === undefined) return undefined;
  if (year >= 70 && year <= 99) year += 1900;
  else if (year <= 69) year += 2000;
  const [hour = 0, minute = 0, second = 0] = time;
  if (year < 1601 || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(Date.UTC(year, month, day, hour, minute, second));
  // 31 February and day 0 roll over into another month.
  return date.getUTCDate() === day && date.getUTCMonth() === month ? date.getTime() / 1000 : undefined;
}

function isMonth(token: string): boolean {
  return MONTHS.includes(token.slice(0, 3).toLowerCase());
}
