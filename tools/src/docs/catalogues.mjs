import { errorsDocument } from './errors.mjs';
import { eventsDocument } from './events.mjs';

/** Documents that are made from the sources. */
export const catalogues = [
  { path: 'docs/errors.md', make: errorsDocument },
  { path: 'docs/events.md', make: eventsDocument },
];
