/** The words of the benchmark: plain English sentences, drawn anew for every request so that no prompt repeats another. */

const SENTENCES = [
  'The ferry left the harbour an hour late because fog had covered the lighthouse.',
  'My grandmother kept every letter in a tin box under the kitchen stairs.',
  'Engineers had rebuilt the old railway bridge twice before the flood took it.',
  'A small dog followed the postman from door to door all through the winter.',
  'The baker opened at four in the morning and sold out before sunrise.',
  'Nobody in the village could explain the blue light above the quarry.',
  'She learned to repair clocks by taking apart the one in the town hall.',
  'The expedition carried enough flour, salt and lamp oil for ninety days.',
  'Rain fell on the tin roof so loudly that the teacher stopped her lesson.',
  'He had never seen the sea, yet he drew ships on every page of his notebook.',
  'The orchestra lost its conductor a week before the most important concert.',
  'Farmers on the eastern slope planted barley where their fathers grew grapes.',
  'An astronomer rented the attic room and slept only during the day.',
  'The market smelled of oranges, wet wool and roasted chestnuts.',
  'Two brothers argued for years about the fence between their gardens.',
  'The night train stopped at a station that was not on any timetable.',
  'A retired pilot taught the children how to read the clouds.',
  'The library burned down, but the catalogue was found in a cellar.',
  'Every spring the river moved a little closer to the churchyard wall.',
  'The apprentice mixed the wrong pigments and made a green nobody knew.',
  'Snow closed the mountain pass while the doctor was still on the other side.',
  'The radio operator wrote down a message that made no sense until Tuesday.',
  'Her uncle grew tomatoes on the balcony of a very tall building.',
  'The museum bought a chair in which no one was allowed to sit.',
  'Three students built a boat from bottles and crossed the lake at dawn.',
  'The tailor measured the stranger twice and still could not believe it.',
  'A bridge of rope was the only way to reach the weather station.',
  'The chess club met in the back room of a shop that sold umbrellas.',
  'After the harvest the whole valley came to repair the widow\u2019s roof.',
  'The painter refused to sell the portrait of the woman with the lantern.',
  'An old map showed a well in the middle of the parking lot.',
  'The cook had worked on whaling ships and feared nothing except thunder.',
  'The mayor promised a new school, a new road and a warmer winter.',
  'Bees had moved into the bell tower and nobody dared to ring the hour.',
  'The translator noticed that one page of the treaty had been replaced.',
  'A girl sold lemonade to the soldiers who guarded the empty palace.',
  'The glass factory closed, and the furnace went cold after eighty years.',
  'His sister sent postcards from cities that he could not find on a globe.',
  'The gardener buried the key beneath the third rose on the left.',
  'On the last day of the fair the carousel began to turn by itself.',
  'The surveyor walked the border for a month and found it had a gap.',
  'Wild horses came down to drink when the moon was thin.',
  'The inventor demonstrated a machine that folded paper into birds.',
  'The lighthouse keeper counted the passing ships with beans in a jar.',
  'A violin without strings hung above the fireplace of the inn.',
  'The twins were born on either side of midnight and had two birthdays.',
  'The diver found a piano, perfectly upright, at the bottom of the bay.',
  'When the power failed, the street became quiet enough to hear the owls.',
] as const;

const INSTRUCTION =
  'Continue these notes as one long and detailed story with many events, and tell what happened to everyone in it.';

const SENTENCES_PER_PROMPT = 5;

/**
 * The prompt with this number: about 128 tokens for a small English tokenizer, the chat template included. The same
 * number gives the same text; numbers below a few hundred thousand practically never give the same text twice.
 */
export function writePrompt(number: number): string {
  const random = createRandom(number);
  const left: string[] = [...SENTENCES];
  const drawn: string[] = [];
  while (drawn.length < SENTENCES_PER_PROMPT) {
    drawn.push(...left.splice(Math.floor(random() * left.length), 1));
  }
  return `${drawn.join(' ')} ${INSTRUCTION}`;
}

/** A small deterministic generator (splitmix32): the benchmark must ask the same of every contender. */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
