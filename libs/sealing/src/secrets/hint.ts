const SHOWN = 4;
const LONG_ENOUGH = 16;

/** How a secret is recognised by who knows it: `…4f2a`. Of a short one nothing is shown, for four characters would be too much of it. */
export const hintOf = (secret: string) => `…${secret.length >= LONG_ENOUGH ? secret.slice(-SHOWN) : ''}`;
