/**
 * Chooses the member that has probably read the beginning of the prompt before, as long as it does not have more to do
 * than others.
 *
 * Every prompt has an order of the members, by rendezvous hashing: each member's name is hashed together with the prompt's
 * prefix, and the highest value comes first; weights stretch the values so that each member is first for its share. A
 * member that comes or goes changes the order only where it is or becomes the first: the others' conversations stay.
 *
 * The prefix is taken at two lengths (`prompt-prefix.ts`). The longer one ends in the first user message: it stays the same
 * while a conversation grows, so all its turns go to the same member, and it differs between conversations that share a
 * system prompt, so these spread over all members. When that member has its fill, the shorter one decides among the
 * others: whatever is turned away of one system prompt goes where others of its kind went.
 *
 * Its fill is `LOAD_BOUND` times its fair share, by weight, of all tokens that the candidates work on, this request among
 * them. A request is taken by a member that is below it, so a member is over it by at most one request.
 */
import { type Candidate, type Choice, loadOf, type Work } from './choice.js';
import { hash, hashPrefix } from './prompt-prefix.js';

/** How much more than its fair share a member may have. */
export const LOAD_BOUND = 1.25;

export class PrefixAffinity implements Choice {
  choose<C extends Candidate>(candidates: readonly C[], { job, tokens }: Work): C {
    const { head, conversation } = hashPrefix(job);
    const home = findFirst(candidates, conversation);
    const fill = fillPerWeight(candidates, tokens);
    if (loadOf(home) < fill) return home;
    // Never empty: all of them together have less than the fills of all of them together.
    return findFirst(
      candidates.filter((candidate) => loadOf(candidate) < fill),
      head,
    );
  }
}

/** The most tokens that a member may have, for each unit of its weight, when it is to take a request. */
function fillPerWeight(candidates: readonly Candidate[], tokens: number): number {
  let outstanding = tokens;
  let weight = 0;
  for (const candidate of candidates) {
    outstanding += candidate.outstandingTokens;
    weight += candidate.weight;
  }
  return (LOAD_BOUND * outstanding) / weight;
}

/** The first in the order of a prefix. */
function findFirst<C extends Candidate>(candidates: readonly C[], prefix: number): C {
  return candidates.reduce((first, candidate) => (rank(candidate, prefix) > rank(first, prefix) ? candidate : first));
}

/** Higher comes first. With u evenly spread over 0 to 1, weight / -ln(u) is highest in proportion to the weights. */
function rank({ name, weight }: Candidate, prefix: number): number {
  const spread = (mix(hash(prefix, name)) + 0.5) / 2 ** 32;
  return weight / -Math.log(spread);
}

/** Spreads every bit over all 32 (the finalizer of MurmurHash3): FNV alone leaves names that differ at the end alike. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
