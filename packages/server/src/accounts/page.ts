/** Long lists are read a page at a time, so that no answer grows with what the store holds. */

/** Which part of a list. */
export interface Page<Cursor> {
  /** The last one of the page before; absent for the first page. */
  readonly after?: Cursor | undefined;
  /** The most that is returned; from 1 up. */
  readonly limit: number;
}

/** Where in a list that is ordered by time of creation, oldest first. */
export interface CreationCursor {
  /** Epoch ms. */
  readonly createdAt: number;
  /** Tells those of the same millisecond apart. */
  readonly id: string;
}
