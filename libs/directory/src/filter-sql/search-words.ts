/** The words of a change, given to the view as a list of texts. */
export const wordsColumn = (words: string): string =>
  `array_to_tsvector(array(select jsonb_array_elements_text(${words})))`;

export const wordsIndex = (table: string, name: string): string =>
  `create index if not exists ${name} on ${table} using gin (words) with (gin_pending_list_limit = 512)`;
