/** Numbers for the diagnosing parser: their form, and whether they fit. */
import { fail, failAtNext, type Scanner } from './scanner.js';

/** Reads a number, from its sign or first digit to after its last digit. */
export function scanNumber(scanner: Scanner): void {
  const start = scanner.index;
  if (next(scanner) === 0x2d /* - */) scanner.index += 1;
  scanInteger(scanner);
  if (next(scanner) === 0x2e /* . */) scanFraction(scanner);
  if (next(scanner) === 0x65 /* e */ || next(scanner) === 0x45 /* E */) scanExponent(scanner);
  const text = new TextDecoder().decode(scanner.bytes.subarray(start, scanner.index));
  if (!Number.isFinite(Number(text))) fail(scanner, 'number out of range');
}

function next(scanner: Scanner): number | undefined {
  return scanner.bytes[scanner.index];
}

function scanInteger(scanner: Scanner): void {
  const first = next(scanner);
  if (first === undefined) fail(scanner, 'EOF while parsing a value');
  scanner.index += 1;
  if (!isDigit(first)) fail(scanner, 'invalid number');
  if (first !== 0x30 /* 0 */) skipDigits(scanner);
  else if (isDigit(next(scanner))) failAtNext(scanner, 'invalid number');
}

function scanFraction(scanner: Scanner): void {
  scanner.index += 1;
  if (next(scanner) === undefined) failAtNext(scanner, 'EOF while parsing a value');
  if (!isDigit(next(scanner))) failAtNext(scanner, 'invalid number');
  skipDigits(scanner);
}

function scanExponent(scanner: Scanner): void {
  scanner.index += 1;
  if (next(scanner) === 0x2b /* + */ || next(scanner) === 0x2d /* - */) scanner.index += 1;
  const first = next(scanner);
  if (first === undefined) fail(scanner, 'EOF while parsing a value');
  scanner.index += 1;
  if (!isDigit(first)) fail(scanner, 'invalid number');
  skipDigits(scanner);
}

function skipDigits(scanner: Scanner): void {
  while (isDigit(next(scanner))) scanner.index += 1;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
