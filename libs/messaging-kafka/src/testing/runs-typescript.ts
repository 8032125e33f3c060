const hooks = new URL('./typescript-hooks.mjs', import.meta.url).href;

/** Arguments with which Node runs our sources in a process of their own, as jest does in its own: a test of several processes needs no build. */
export const runsTypescript: readonly string[] = [
  '--conditions=@tenure/source',
  '--import',
  `data:text/javascript,import{register}from'node:module';register('${hooks}')`,
];
