import { cutText, storableText } from '@tenure/eventing';

const HIDDEN = '…';
/** Shorter ones would hide ordinary words. */
const SHORTEST = 4;
const LONGEST_REASON = 300;

export type Redact = {
  /** What an app said, for people: without our secrets, storable, in one line of at most a few hundred characters. */
  reason: (text: string) => string;
  /** The same text without our secrets. */
  text: (text: string) => string;
  /** Whether a text holds one of our secrets. */
  holds: (text: string) => boolean;
};

/** The ways in which an app that echoes a request may show a secret. */
const formsOf = (secret: string): string[] => {
  const base64 = Buffer.from(secret).toString('base64');
  return [
    secret,
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(secret).toString('base64url'),
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
  ];
};

/** Hides secrets of ours in what comes from outside (R96): some apps echo a request in their errors, its token too. */
export const redacting = (secrets: readonly string[]): Redact => {
  const forms = [...new Set(secrets.filter((secret) => secret.length >= SHORTEST).flatMap(formsOf))].sort(
    (one, other) => other.length - one.length,
  );
  const text = (given: string) => forms.reduce((shown, form) => shown.replaceAll(form, HIDDEN), given);
  return {
    text,
    holds: (given) => forms.some((form) => given.includes(form)),
    reason: (given) =>
      cutText(
        storableText(text(given))
          .replaceAll(/[\s\p{Cc}]+/gu, ' ')
          .trim(),
        LONGEST_REASON,
      ),
  };
};
