/** Takes out of a grammar what could never be completed, so that a model cannot get stuck in it. */

import { ROOT } from './grammar.js';
import { choice, isNever, NEVER, type Node, repeat, sequence } from './node.js';

/** The rules that `root` needs, with `root` among them, without alternatives that no finite text completes. */
export function pruneGrammar(rules: ReadonlyMap<string, Node>, root: Node): Map<string, Node> {
  const productive = findProductive(rules);
  const kept = new Map<string, Node>([[ROOT, prune(root, productive)]]);
  // A map hands out what is added to it while it is walked.
  for (const node of kept.values()) {
    for (const name of rulesIn(node)) if (!kept.has(name)) kept.set(name, prune(rules.get(name)!, productive));
  }
  return kept;
}

/** The rules that match some finite text: found by adding those that are made of such ones until none is left. */
function findProductive(rules: ReadonlyMap<string, Node>): Set<string> {
  const productive = new Set<string>();
  const users = new Map<string, string[]>();
  for (const [name, node] of rules) {
    for (const used of rulesIn(node)) users.set(used, [...(users.get(used) ?? []), name]);
  }
  const queue = [...rules.keys()];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (productive.has(name) || !isProductive(rules.get(name)!, productive)) continue;
    productive.add(name);
    queue.push(...(users.get(name) ?? []));
  }
  return productive;
}

function isProductive(node: Node, productive: ReadonlySet<string>): boolean {
  switch (node.kind) {
    case 'rule':
      return productive.has(node.name);
    case 'sequence':
      return node.nodes.every((part) => isProductive(part, productive));
    case 'choice':
      return node.nodes.some((part) => isProductive(part, productive));
    case 'repeat':
      return node.min === 0 || isProductive(node.node, productive);
    default:
      return true;
  }
}

function prune(node: Node, productive: ReadonlySet<string>): Node {
  switch (node.kind) {
    case 'rule':
      return productive.has(node.name) ? node : NEVER;
    case 'sequence':
      return sequence(...node.nodes.map((part) => prune(part, productive)));
    case 'choice':
      return choice(...node.nodes.map((part) => prune(part, productive)).filter((part) => !isNever(part)));
    case 'repeat':
      return repeat(prune(node.node, productive), node.min, node.max);
    default:
      return node;
  }
}

/** The names of the rules that a node refers to. */
export function rulesIn(node: Node): string[] {
  switch (node.kind) {
    case 'rule':
      return [node.name];
    case 'sequence':
    case 'choice':
      return node.nodes.flatMap(rulesIn);
    case 'repeat':
      return rulesIn(node.node);
    default:
      return [];
  }
}
