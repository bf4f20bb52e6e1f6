/** Counts what this process parses. */

/** How often JSON is parsed meanwhile. */
export async function countParsed(run: () => Promise<unknown>): Promise<number> {
  const { parse } = JSON;
  let count = 0;
  JSON.parse = (...values) => {
    count += 1;
    return parse(...values);
  };
  try {
    await run();
  } finally {
    JSON.parse = parse;
  }
  return count;
}
