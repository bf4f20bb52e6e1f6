/** Lists a page at a time: where a page begins, and where the next one does. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import type { CreationCursor, Page } from '../../accounts/page.js';
import { invalid } from './read-fields.js';

/** The most entries of one page, and how many there are when nobody says. */
export const PAGE_ENTRIES_MAX = 1000;
const PAGE_ENTRIES = 100;

/** The parameters of every list. */
export const pageParameters = {
  /** The `next` of the page before. */
  after: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'the `next` of the page before' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_ENTRIES_MAX })),
};
export const PageQuery = Type.Object(pageParameters, { title: 'PageQuery' });
export type PageQuery = Static<typeof PageQuery>;

/** One page of a list. */
export interface Listed<Item> {
  readonly items: readonly Item[];
  /** What the next page comes after; null when this is the last one. */
  readonly next: string | null;
}

/** Reads one entry more than the page has, to know whether there is another page. */
export async function readPage<Item, Cursor>(
  query: PageQuery,
  cursor: CursorForm<NoInfer<Item>, Cursor>,
  read: (page: Page<Cursor>) => Promise<Item[]>,
): Promise<Listed<Item>> {
  const limit = query.limit ?? PAGE_ENTRIES;
  const after = query.after === undefined ? undefined : cursor.read(query.after);
  const found = await read({ after, limit: limit + 1 });
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? cursor.write(last) : null };
}

/** How the place of an item in a list is written. */
export interface CursorForm<Item, Cursor> {
  write(item: Item): string;
  /** Throws an AdministrationError `invalid`. */
  read(text: string): Cursor;
}

/** For lists in the order of creation. */
export function creationCursor<Item>(
  createdOf: (item: Item) => { readonly id: string; readonly createdAt: number },
): CursorForm<Item, CreationCursor> {
  return {
    write(item) {
      const { createdAt, id } = createdOf(item);
      return `${createdAt}.${id}`;
    },
    read(text) {
      const [, createdAt, id] = /^(\d{1,15})\.(\w{1,64})$/.exec(text) ?? [];
      if (createdAt === undefined || id === undefined) throw wrongCursor();
      return { createdAt: Number(createdAt), id };
    },
  };
}

/** For lists in the order of numbers. */
export const numberCursor: CursorForm<{ readonly id: number }, number> = {
  write: ({ id }) => String(id),
  read(text) {
    if (!/^\d{1,15}$/.test(text)) throw wrongCursor();
    return Number(text);
  },
};

function wrongCursor() {
  return invalid('`after` must be the `next` of the page before.');
}
