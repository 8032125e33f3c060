import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const built = (root, path) => import(pathToFileURL(join(root, path)).href);

/** The product's own embedded PostgreSQL, as built: the same settings and durability as `npm start` has. Adopts the one that runs on these files. */
export const embeddedPostgres = async (root, dataDir) =>
  (await built(root, 'libs/database/dist/index.js')).startEmbeddedPostgres({ dataDir });

/** Drops views of a stopped system, so that it builds them again when it starts. */
export const dropViews = async (root, url, views) => {
  const { openDatabase } = await built(root, 'libs/database/dist/index.js');
  const { dropView } = await built(root, 'libs/eventing/dist/index.js');
  const database = await openDatabase({ url, applicationName: 'bench' });
  try {
    for (const { schema, name } of views) await dropView(database, schema, { name });
  } finally {
    await database.close();
  }
};
