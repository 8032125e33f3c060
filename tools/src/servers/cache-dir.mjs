import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where downloaded servers are kept between runs. */
export const cacheDir = () =>
  process.env.TENURE_CACHE_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tenure');
