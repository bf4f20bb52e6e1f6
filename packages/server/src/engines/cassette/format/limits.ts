/** How large cassettes and what they hold may be. */

const MEBIBYTE = 1024 * 1024;

/** The longest body of a request or an answer that is recorded, in bytes; an exchange with a longer one is left out. */
export const BODY_BYTES_MAX = 32 * MEBIBYTE;
/** The most bytes of exchanges that are under way at the same time; one that goes beyond is left out. */
export const IN_FLIGHT_BYTES_MAX = 256 * MEBIBYTE;
/** Where recording stops unless another size is said, in bytes. */
export const FILE_BYTES_DEFAULT = 256 * MEBIBYTE;
/** The largest cassette that is written or replayed, in bytes. */
export const FILE_BYTES_MAX = 1024 * MEBIBYTE;
/** The longest line, in bytes: two bodies, of which every byte can take six as JSON. */
export const LINE_BYTES_MAX = 2 * 6 * BODY_BYTES_MAX + MEBIBYTE;
/** The longest time that an exchange can take, in ms: one day. */
export const DURATION_MAX_MS = 86_400_000;
