import { type Moment, isInCalendar } from './moment.ts';

/** Active Directory's dates: steps of a hundred nanoseconds since 1601, too many for a number to hold exactly. */
const stepsPerMillisecond = 10_000n;
const epoch = BigInt(Date.UTC(1601, 0, 1));

/** `null` for what is no whole number, and beyond the years 1 to 9999, as in 9223372036854775807, "never". */
export const momentOfFileTime = (text: string): Moment | null => {
  if (!/^-?\d{1,19}$/.test(text)) return null;
  const steps = BigInt(text);
  const withinSecond = ((steps % 10_000_000n) + 10_000_000n) % 10_000_000n;
  const instant = Number((steps - withinSecond) / stepsPerMillisecond + epoch);
  const fraction = String(withinSecond).padStart(7, '0');
  return isInCalendar(instant) ? { instant, fraction, zoned: true } : null;
};

export const fileTimeOf = ({ instant, fraction }: Moment): string =>
  String((BigInt(instant) - epoch) * stepsPerMillisecond + BigInt(fraction.slice(0, 7)));
