/** The rules that the hosted API has for schemas of functions with `strict: true` (contract section 8.2). */
import type { Tool } from '../chat/tool.js';
import { invalidRequest } from '../errors/named-errors.js';
import { shorten } from '../text.js';

/**
 * Checks that all functions are strict if one is, and the schemas of strict ones.
 *
 * @throws ApiError invalid_request for the first rule that is broken.
 */
export function checkStrictTools(tools: readonly Tool[]): void {
  if (!tools.some(isStrict)) return;
  for (const [index, tool] of tools.entries()) {
    if (!isStrict(tool))
      throw invalidRequest(`tools.${index}.function.strict must be true for all functions or for none`);
    const fault = findFault(tool.function.parameters ?? {}, '#');
    if (fault !== undefined) throw invalidRequest(`tools.${index}.function.parameters in strict mode: ${fault}`);
  }
}

function isStrict(tool: Tool): boolean {
  return tool.function.strict === true;
}

/** What strict mode does not know. */
const FORBIDDEN = ['minLength', 'maxLength', 'minItems', 'maxItems'] as const;

const FORMATS: readonly unknown[] = ['email', 'hostname', 'ipv4', 'ipv6', 'uuid'];

/** The first thing in a schema, or in one inside of it, that strict mode does not allow. */
function findFault(schema: unknown, path: string): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const known = schema as Record<string, unknown>;
  const keyword = FORBIDDEN.find((name) => known[name] !== undefined);
  if (keyword !== undefined) return `\`${keyword}\` is not supported at ${path}`;
  if (known.format !== undefined && !FORMATS.includes(known.format))
    return `this \`format\` is not supported at ${path}`;
  return findObjectFault(known, path) ?? findInnerFault(known, path);
}

function findObjectFault({ properties, required, additionalProperties }: Record<string, unknown>, path: string) {
  if (typeof properties !== 'object' || properties === null) return undefined;
  const names = Array.isArray(required) ? required : [];
  const missing = Object.keys(properties).find((name) => !names.includes(name));
  if (missing !== undefined) return `the property '${shorten(missing)}' must be in \`required\` at ${path}`;
  return additionalProperties === false ? undefined : `\`additionalProperties\` must be false at ${path}`;
}

/** Keywords with schemas by name, with a list of schemas, and with one schema. */
function findInnerFault(schema: Record<string, unknown>, path: string): string | undefined {
  const groups = ['properties', '$defs', '$def', 'definitions', 'anyOf', 'allOf', 'oneOf'];
  const inner = groups.flatMap((keyword) =>
    Object.entries(schema[keyword] ?? {}).map(([key, value]) => [`${path}/${keyword}/${key}`, value] as const),
  );
  for (const [place, value] of [...inner, [`${path}/items`, schema.items] as const]) {
    const fault = findFault(value, place);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
