import { unsupported } from '../fault.js';
import type { Filter } from '../runtime.js';
import { LIST_FILTERS } from './lists.js';
import { NUMBER_FILTERS } from './numbers.js';
import { SELECTING_FILTERS } from './selecting.js';
import { TEXT_FILTERS } from './texts.js';
import { VALUE_FILTERS } from './values.js';

const leftOut = (name: string): [string, Filter] => [
  name,
  () => {
    throw unsupported(`the filter ${name}`);
  },
];

/** Jinja's filters by their names. Some are found and refused: chance, and what is made for people or web pages. */
export const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ...Object.entries({ ...LIST_FILTERS, ...NUMBER_FILTERS, ...SELECTING_FILTERS, ...TEXT_FILTERS, ...VALUE_FILTERS }),
  ...['random', 'pprint', 'urlize', 'striptags', 'filesizeformat'].map(leftOut),
]);
