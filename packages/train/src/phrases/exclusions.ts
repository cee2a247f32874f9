/** Phrases that name nothing a mask could cover: the list, its file format, and its filter. */
import { SynsegError } from '@synseg/core';
import { checkKind, commaSeparated, either, list, messageOf, readTextFile, text } from '@synseg/core/guards';

/**
 * The default list in the format of its file: print it, change it, and pass it back.
 *
 * An entry without a mark is looked for anywhere in a phrase, as in the paper, so it must be a string that no word for
 * a thing contains: "top" would exclude "laptop" too. Where there is no such string, the entry has a mark.
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { DEFAULT_EXCLUSIONS_TEXT, readExclusions } from '@synseg/train';
 * const file = join(tmpdir(), `exclusions-${process.pid}.txt`);
 * await writeFile(file, `${DEFAULT_EXCLUSIONS_TEXT}\nsky\n`);
 * console.assert((await readExclusions(file)).includes('sky'));
 * ```
 */
export const DEFAULT_EXCLUSIONS_TEXT = `
# Phrases with any of these are dropped. An entry a line, or several between commas; # begins a comment.
#   background   anywhere in the phrase: "white background", "backgrounds"
#   = top        the whole phrase: "top", but neither "laptop" nor "tank top"
#   * view       the phrase's last word: "view", "sea view", but neither "viewfinder" nor "view finder"

# Pictures as such
background, backdrop, foreground, reflection, illustration, vector, clipart, clip art, close-up, closeup
closeups, photograph, snapshot, screenshot, silhouette, thumbnail, panorama, perspective, viewpoint, aerial
copy space
* photo, photos, image, images, picture, pictures, portrait, portraits, view, views, shot, shots, scene, scenes
* angle, angles, version, rendering, footage, detail, details, resolution, video, videos, format
= stock, hd, display

# Directions and parts of anything
southwest, southeast, northwest, northeast
* side, sides
= north, south, east, west, front, back, rear, top, bottom, middle, center, center, edge, corner, end, inside
= outside, interior, exterior, left, right, distance, direction, position, half, part, parts, piece, pieces
= rest, row, rows, line, lines

# Amounts and kinds
* group, groups, bunch, lot, lots, kind, kinds, type, types, style, styles, variety, collection
* edition, series, size, sizes, number, amount, color, colors, colour, colours
= set, sets, pair, pairs, example, length, shape, shapes

# Colors without a thing; "orange" is a fruit as well
= red, blue, green, yellow, black, white, black and white, gray, grey, pink, purple, brown, beige

# Times
monday, tuesday, wednesday, thursday, friday, saturday, sunday, january, february, september, october
november, december
* april, june, july, august
* day, days, night, nights, morning, afternoon, evening, week, weekend, month, year, years, season, time, times
* century, anniversary, eve, hour, hours, minute, minutes, moment
= march, may, summer, winter, spring, autumn, fall, dawn, dusk, today, past, future

# Places by name; names that are also things, such as turkey and china, are left out
* africa, america, antarctica, asia, australia, europe, caribbean, mediterranean, scandinavia, afghanistan, albania
* algeria, angola, argentina, armenia, austria, azerbaijan, bahamas, bangladesh, barbados, belarus, belgium, belize
* bhutan, bolivia, bosnia, botswana, brazil, britain, bulgaria, cambodia, cameroon, canada, colombia, croatia, cuba
* cyprus, denmark, ecuador, egypt, england, estonia, ethiopia, fiji, finland, france, germany, ghana, greece
* greenland, guatemala, haiti, honduras, hungary, iceland, india, indonesia, iran, iraq, ireland, israel, italy
* jamaica, japan, kazakhstan, kenya, korea, kosovo, kuwait, laos, latvia, lebanon, libya, lithuania, luxembourg
* madagascar, malawi, malaysia, maldives, mali, malta, mauritius, mexico, moldova, monaco, mongolia, montenegro
* morocco, mozambique, myanmar, namibia, nepal, netherlands, nicaragua, nigeria, norway, oman, pakistan, palestine
* panama, paraguay, peru, philippines, poland, portugal, qatar, romania, russia, rwanda, scotland, senegal, serbia
* seychelles, singapore, slovakia, slovenia, somalia, spain, sudan, sweden, switzerland, syria, taiwan, tanzania
* thailand, tibet, tunisia, uganda, ukraine, uruguay, uzbekistan, venezuela, vietnam, wales, yemen, zambia, zimbabwe
* new zealand, south africa, sri lanka, costa rica, puerto rico, saudi arabia, united states, united kingdom
* united arab emirates, czech republic, dominican republic, hong kong, usa, uk, u.s., u.s.a., alabama, alaska
* arizona, arkansas, california, colorado, connecticut, delaware, florida, hawaii, idaho, illinois, indiana, iowa
* kansas, kentucky, louisiana, maryland, massachusetts, michigan, minnesota, mississippi, missouri, montana
* nebraska, nevada, ohio, oklahoma, oregon, pennsylvania, tennessee, texas, utah, vermont, virginia, wisconsin
* wyoming, new hampshire, new jersey, new mexico, new york, north carolina, south carolina, north dakota
* south dakota, rhode island, alberta, ontario, quebec, manitoba, nova scotia, british columbia, queensland
* tasmania, new south wales, andalusia, bavaria, brittany, catalonia, cornwall, dalmatia, devon, kerala, normandy
* patagonia, provence, rajasthan, sardinia, sicily, siberia, tuscany, yorkshire, bali, crete, ibiza, madeira
* mallorca, santorini, tenerife, zanzibar, amsterdam, ankara, antwerp, athens, auckland, baghdad, baku, bangkok
* barcelona, beijing, beirut, belfast, belgrade, berlin, bogota, bologna, bratislava, brisbane, bristol, brooklyn
* bruges, brussels, bucharest, budapest, cairo, calcutta, canberra, cardiff, casablanca, copenhagen, damascus, delhi
* dhaka, doha, dubai, dublin, dubrovnik, edinburgh, essaouira, frankfurt, geneva, glasgow, hamburg, hanoi, havana
* helsinki, hiroshima, hollywood, honolulu, istanbul, jaipur, jakarta, jerusalem, johannesburg, kabul, karachi
* kathmandu, kiev, kolkata, krakow, kyiv, kyoto, lagos, lisbon, liverpool, ljubljana, london, lyon, madrid
* manchester, manhattan, manila, marrakech, marrakesh, marseille, mecca, melbourne, milan, montreal, moscow, mumbai
* munich, nairobi, naples, osaka, oslo, oxford, paris, prague, reykjavik, riga, rome, rotterdam, salzburg, santiago
* sarajevo, seoul, seville, shanghai, sofia, stockholm, sydney, taipei, tallinn, tehran, tokyo, toronto, toulouse
* valencia, vancouver, varanasi, venice, vienna, vilnius, warsaw, zagreb, zurich, abu dhabi, buenos aires, cape town
* ho chi minh city, kuala lumpur, mexico city, new delhi, rio de janeiro, sao paulo, st petersburg, tel aviv
* atlanta, baltimore, boston, chicago, cincinnati, cleveland, dallas, denver, detroit, houston, indianapolis
* jacksonville, memphis, miami, milwaukee, minneapolis, nashville, new orleans, orlando, philadelphia, pittsburgh
* sacramento, seattle, tampa, tucson, washington, salt lake city, st louis, las vegas, los angeles, new york city
* san antonio, san diego, san francisco, san jose, washington dc

# Nobody and nothing in particular
something, anything, everything, nothing, someone, anyone, everyone, somebody, everybody, nobody
* thing, things, stuff, one, ones, location, way
= item, items, product, products, place, places, area, spot, world, country, name, names, title

# Ideas and doings
inspiration
* concept, idea, ideas, design, designs, tips, tutorial, review, reviews, look, pose, action, use
* process, progress, quality, story, experience, life
= love, fun, work, job, help, support, attention, conversation, discussion, memory, history, success
= development, fashion, news, info, information, guide, list, event, events, project

# Shops and sites
copyright, shutterstock, istock, getty, pinterest, facebook, instagram, twitter, youtube, royalty free
free shipping, website, download
* sale, price, offer, courtesy, credit
= amazon, etsy, ebay, blog, page, post, link, click
`;

/** Entries of the default list. */
export const DEFAULT_EXCLUSIONS: readonly string[] = parseExclusions(DEFAULT_EXCLUSIONS_TEXT);

/**
 * The entries of an exclusion list's text.
 *
 * @param lines - an entry a line, or several between commas, which share the line's mark; `#` begins a comment
 *
 * @example
 * ```ts
 * import { parseExclusions } from '@synseg/train';
 * const entries = parseExclusions('# views\nbackground\n= Top, front  # not "laptop"');
 * console.assert(entries.join() === 'background,= top,= front');
 * ```
 */
export function parseExclusions(lines: string): string[] {
  checkKind('read exclusions', 'text', lines, typeof lines === 'string', 'be a text');
  const entries = lines.split('\n').flatMap((line) => {
    const [, mark = '', list = ''] = /^([=*]?)(.*)/.exec(line.replace(/(?:^|\s)#.*/, '').trim()) ?? [];
    return commaSeparated(list).map((entry) => normalize(mark + entry));
  });
  return [...new Set(entries)];
}

/**
 * Reads an exclusion list: a text file in the format of {@link DEFAULT_EXCLUSIONS_TEXT}.
 *
 * @throws SynsegError `DATASET_FORMAT` when the file cannot be read
 */
export async function readExclusions(file: string): Promise<string[]> {
  checkKind('read exclusions', 'file', file, typeof file === 'string' && file !== '', 'be a path');
  try {
    return parseExclusions(await readTextFile(file));
  } catch (cause) {
    const got = `"${file}" (${messageOf(cause)})`;
    const message = `Cannot extract phrases: exclude must be a readable text file, got ${got}`;
    throw new SynsegError('DATASET_FORMAT', message, { cause });
  }
}

/** Option of what to drop, the paper's Algorithm 2. */
export const EXCLUDE = either('be a list of strings, the path of one, or "none"', text(), list(text(), { least: 0 }));

type Exclude = string | readonly string[] | undefined;

/** The entries of {@link EXCLUDE}; undefined for the default. @throws SynsegError as {@link readExclusions} */
export async function exclusionsOf(exclude: Exclude): Promise<readonly string[] | undefined> {
  const file = exclusionsFile(exclude);
  if (file !== undefined) return readExclusions(file);
  return typeof exclude === 'string' ? [] : exclude;
}

/** The file that {@link EXCLUDE} names; undefined for 'none' and for a list. */
export function exclusionsFile(exclude: Exclude): string | undefined {
  return typeof exclude === 'string' && exclude !== 'none' ? exclude : undefined;
}

/** Tests phrases against a list. */
export class ExclusionFilter {
  readonly #whole = new Set<string>();
  readonly #heads = new Set<string>();
  readonly #anywhere: string[] = [];

  /** @throws TypeError when an entry is no text, or names nothing */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const plain = typeof entry === 'string' ? normalize(entry) : '';
      const word = plain.replace(/^[=*] /, '');
      checkKind('exclude phrases', 'exclude', entry, !/^[=*]?$/.test(word), 'hold non-empty strings');
      if (plain.startsWith('= ')) this.#whole.add(word);
      else if (plain.startsWith('* ')) this.#heads.add(word);
      else this.#anywhere.push(word);
    }
  }

  /** The entry that drops this phrase; undefined when it stays. */
  find(phrase: string): string | undefined {
    if (this.#whole.has(phrase)) return `= ${phrase}`;
    for (let start = 0; ;) {
      const tail = phrase.slice(start);
      if (this.#heads.has(tail)) return `* ${tail}`;
      const space = phrase.indexOf(' ', start);
      if (space < 0) break;
      start = space + 1;
    }
    return this.#anywhere.find((entry) => phrase.includes(entry));
  }
}

/** "=Top " → "= top". */
function normalize(entry: string): string {
  const plain = entry.trim().toLowerCase().replace(/\s+/g, ' ');
  return plain.replace(/^([=*]) ?/, '$1 ').trim();
}
