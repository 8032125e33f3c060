export * from './cursor.ts';
export * from './history.ts';
export * from './instant.ts';
export * from './list-page.ts';
export * from './include.ts';
export * from './search-words.ts';
