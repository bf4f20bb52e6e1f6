/** Reads a list to its end, page by page. */
import { type Listed, PAGE_ENTRIES_MAX, type PageQuery } from '../admin/input/page.js';

/** All items of a list. */
export async function listAll<Item>(read: (page: PageQuery) => Promise<Listed<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | null | undefined;
  do {
    const page = await read({ limit: PAGE_ENTRIES_MAX, ...(after === undefined || after === null ? {} : { after }) });
    items.push(...page.items);
    after = page.next;
  } while (after !== null);
  return items;
}
