/** Finds prices and peak hours that have the right form and cannot be meant. */
import type { PriceSettings } from '../catalog/model-entry.js';
import { NANO_PER_UNIT, toMoney } from '../ledger/money.js';
import { findPeakHoursProblem } from '../ledger/peak-hours.js';
import type { Settings } from './settings.js';

/** One sentence for each; empty when everything makes sense. */
export function findBillingProblems({ billing, models }: Settings): string[] {
  const problem = findPeakHoursProblem(billing.peak);
  const inexact = models.flatMap(({ price }, index) =>
    price === undefined ? [] : findInexactRates(price, `models[${index}].price`),
  );
  return [
    ...inexact.map((path) => `\`${path}\` has more than nine decimal places, which cannot be charged exactly`),
    ...(problem === undefined ? [] : [`\`billing.peak\`: ${problem}`]),
  ];
}

/** The paths of rates that no whole number of nano-units is. */
function findInexactRates({ peak, ...rates }: PriceSettings, path: string): string[] {
  const inexact = Object.entries(rates).filter(([, rate]) => Number(toMoney(rate)) / Number(NANO_PER_UNIT) !== rate);
  return [
    ...inexact.map(([name]) => `${path}.${name}`),
    ...(peak === undefined ? [] : findInexactRates(peak, `${path}.peak`)),
  ];
}
