const pattern = /^P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Milliseconds of an ISO 8601 duration of days and smaller units. Throws for anything else. */
export function isoDurationMs(text: string): number {
  const [, days, hours, minutes, seconds] = pattern.exec(text) ?? [];
  if ([days, hours, minutes, seconds].every((part) => part === undefined)) {
    throw new Error(`"${text}" is no ISO 8601 duration, as PT1S`);
  }
  const amount = (part: string | undefined) => Number(part ?? 0);
  return Math.round((((amount(days) * 24 + amount(hours)) * 60 + amount(minutes)) * 60 + amount(seconds)) * 1000);
}
