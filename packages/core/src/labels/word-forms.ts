/**
 * English forms of a label, from the whole text to its last words: what stands in front is taken off step by step, and
 * a plural has its singulars. No dictionary: a table of words decides which form is a word, so that forms that are none
 * do no harm.
 */

/** A form of a text, and whether a description was taken off it: a color, a material, a size, an age. */
export interface WordForm {
  readonly form: string;
  readonly described: boolean;
  readonly plural: boolean;
}

const PICTURE = /^(?:an? |the )?(?:photo|photograph|picture|image|view) of /;
const ARTICLE = /^(?:an?|the|some|any|my|your|his|her|our|their|this|that|these|those|(?:a )?(?:pair|piece) of) /;

/** Words that leave a thing what it is. Those that make another thing of it ("toy car") are not among them. */
const DESCRIPTIONS: ReadonlySet<string> = new Set(
  [
    'black white gray grey red green blue yellow orange brown pink purple beige turquoise violet golden silver',
    'colorful colored colourful coloured light dark bright pale wooden wood metal metallic steel iron plastic glass',
    'leather stone brick concrete cardboard cotton woolen woollen wool silk velvet ceramic marble wicker straw',
    'big large huge small little tiny tall short long wide narrow thick thin round new old young modern antique',
  ].flatMap((line) => line.split(' ')),
);

/** A text as words are compared: lower case, one space between words, no accents, hyphens or final punctuation. */
export function plainText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .replace(/[ .,;:!?]+$/, '')
    .trim();
}

/**
 * Forms of a text, the whole first: each without what stands in front of the one before, and after each its singulars.
 *
 * @param text - from {@link plainText}
 */
export function* wordForms(text: string): Generator<WordForm> {
  let form = text.replace(PICTURE, '');
  let described = false;
  if (form !== text) yield { form: text, described, plural: false };
  for (;;) {
    yield { form, described, plural: false };
    for (const singular of singulars(form)) yield { form: singular, described, plural: true };
    const space = form.indexOf(' ');
    if (space < 0) return;
    const rest = form.replace(ARTICLE, '');
    if (rest === form && !DESCRIPTIONS.has(form.slice(0, space))) return;
    described ||= rest === form;
    form = rest === form ? form.slice(space + 1) : rest;
  }
}

/** Endings of plurals, and those of the singulars they may have. */
const PLURALS: readonly (readonly [ending: RegExp, singulars: readonly string[]])[] = [
  [/ies$/, ['y', 'ie']],
  [/ves$/, ['f', 'fe', 've']],
  [/men$/, ['man']],
  [/(?<=[sxzo]|ch|sh)es$/, ['', 'e']],
  [/(?<=[^s])s$/, ['']],
];

/** What a text may be the plural of, likeliest first. */
function singulars(text: string): string[] {
  const rule = PLURALS.find(([ending]) => ending.test(text));
  return rule === undefined ? [] : rule[1].map((singular) => text.replace(rule[0], singular));
}
