/** The fixed text around the names and arguments of calls: one description of it, which is written, enforced and read. */
import type { Grammar } from '../grammar/grammar.js';
import { marker, type Node, oneOf, optional, repeat, sequence, text } from '../grammar/node.js';
import { whiteSpace } from '../grammar/write/white-space.js';

/** A piece of markup: a text as it is, or one of the following. */
export type MarkupPart =
  | string
  /** A text that is a token of its own where the vocabulary has one for it. */
  | { readonly kind: 'marker'; readonly text: string }
  /** White space of any kind that JSON has, or none. */
  | { readonly kind: 'space'; readonly usual: string }
  /** What some models make up to tell calls apart. It is read over. */
  | { readonly kind: 'id' }
  /** What may be left out; `isUsual` says whether it is written. */
  | { readonly kind: 'optional'; readonly markup: Markup; readonly isUsual: boolean };

export type Markup = readonly MarkupPart[];

/** Letters and digits of the id of a call, in the forms that have one. */
export const CALL_ID_LENGTH = 9;

export const SPACE: MarkupPart = { kind: 'space', usual: '' };
export const BLANK: MarkupPart = { kind: 'space', usual: ' ' };
export const LINE: MarkupPart = { kind: 'space', usual: '\n' };
export const CALL_ID: MarkupPart = { kind: 'id' };

export function mark(markerText: string): MarkupPart {
  return { kind: 'marker', text: markerText };
}

/** May be there, and usually is not. */
export function rarely(...markup: Markup): MarkupPart {
  return { kind: 'optional', markup, isUsual: false };
}

/** A colon in JSON: with a space behind it, or without. */
export const COLON: Markup = [':', { kind: 'optional', markup: [' '], isUsual: true }];

/** The text that models usually write. */
export function writeMarkup(markup: Markup): string {
  return markup.map(writePart).join('');
}

function writePart(part: MarkupPart): string {
  if (typeof part === 'string') return part;
  switch (part.kind) {
    case 'marker':
      return part.text;
    case 'space':
      return part.usual;
    case 'id':
      return '0'.repeat(CALL_ID_LENGTH);
    case 'optional':
      return part.isUsual ? writeMarkup(part.markup) : '';
  }
}

/** All that models may write, as a piece of a grammar. */
export function markupNode(grammar: Grammar, markup: Markup): Node {
  return sequence(...markup.map((part) => partNode(grammar, part)));
}

function partNode(grammar: Grammar, part: MarkupPart): Node {
  if (typeof part === 'string') return text(part);
  switch (part.kind) {
    case 'marker':
      return marker(part.text);
    case 'space':
      return whiteSpace(grammar);
    case 'id':
      return repeat(oneOf([0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a]), CALL_ID_LENGTH, CALL_ID_LENGTH);
    case 'optional':
      return optional(markupNode(grammar, part.markup));
  }
}

/** The same as the source of a regular expression. */
export function markupPattern(markup: Markup): string {
  return markup.map(partPattern).join('');
}

function partPattern(part: MarkupPart): string {
  if (typeof part === 'string') return escapeForRegExp(part);
  switch (part.kind) {
    case 'marker':
      return escapeForRegExp(part.text);
    case 'space':
      return '\\s*';
    case 'id':
      return '[a-zA-Z0-9]*';
    case 'optional':
      return `(?:${markupPattern(part.markup)})?`;
  }
}

function escapeForRegExp(plain: string): string {
  return plain.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** The texts of the markers. */
export function markersIn(markup: Markup): string[] {
  return markup.flatMap((part) => {
    if (typeof part === 'string') return [];
    if (part.kind === 'marker') return [part.text];
    return part.kind === 'optional' ? markersIn(part.markup) : [];
  });
}
