/**
 * Chooses the member that has probably read the beginning of the prompt before, as long as it does not have much more to
 * do than others.
 *
 * Every prompt has an order of the members, by rendezvous hashing: each member's name is hashed together with the prompt's
 * prefix, and the highest value comes first; weights stretch the values so that each member is first for its share. A
 * member that comes or goes changes the order only where it is or becomes the first: the others' conversations stay.
 *
 * How long the prefix is decides what stays together (`prompt-prefix.ts`). It is as long as the prompt has parts that do
 * not change: it ends in the first user message. So it stays the same while a conversation grows, whose turns all go to
 * the same member; and it differs between conversations that share a system prompt, which spread over all members, where
 * each has read that prompt soon. Of the first user message only the opening counts: questions about one long text stay
 * together. Users of one account differ by the scope, since no cache is shared between them.
 *
 * A member takes a request while it has less than `LOAD_BOUND` times its fair share, by weight, of the tokens that all
 * candidates work on, and room for `SPARE_REQUESTS` like this; else the next one in the order does. The spare requests
 * matter where little is to do: without them two conversations that meet on a member part, and read everything anew to
 * save a moment (measured in docs/benchmarks/prefix-affinity.md).
 */
import { type Candidate, type Choice, loadOf, type Work } from './choice.js';
import { hash, hashPrefix } from './prompt-prefix.js';

/** How much more than its fair share a member may have. */
export const LOAD_BOUND = 1.25;
/** Requests of the size of the one in question that a member may have beyond that. */
export const SPARE_REQUESTS = 2;

export class PrefixAffinity implements Choice {
  choose<C extends Candidate>(candidates: readonly C[], { job, tokens }: Work): C {
    const prefix = hashPrefix(job);
    const share = fairShare(candidates, tokens);
    const hasRoom = (candidate: Candidate) =>
      loadOf(candidate) < LOAD_BOUND * share + (SPARE_REQUESTS * tokens) / candidate.weight;
    const home = findFirst(candidates, prefix);
    if (hasRoom(home)) return home;
    // Never empty: not all of them can have more than the fair share of all of them.
    return findFirst(candidates.filter(hasRoom), prefix);
  }
}

/** The tokens that each would have for a unit of its weight if all had as much, with the request in question. */
function fairShare(candidates: readonly Candidate[], tokens: number): number {
  let outstanding = tokens;
  let weight = 0;
  for (const candidate of candidates) {
    outstanding += candidate.outstandingTokens;
    weight += candidate.weight;
  }
  return outstanding / weight;
}

/** The first in the order of a prefix. */
function findFirst<C extends Candidate>(candidates: readonly C[], prefix: number): C {
  let first: C | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    const rank = rankOf(candidate, prefix);
    if (rank <= highest) continue;
    first = candidate;
    highest = rank;
  }
  return first as C;
}

/** Higher comes first. With u evenly spread over 0 to 1, weight / -ln(u) is highest in proportion to the weights. */
function rankOf({ name, weight }: Candidate, prefix: number): number {
  const spread = (mix(hash(prefix, name)) + 0.5) / 2 ** 32;
  return weight / -Math.log(spread);
}

/** Spreads every bit over all 32 (the finalizer of MurmurHash3): FNV alone leaves names that differ at the end alike. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
