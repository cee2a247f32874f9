/** Closed lists of words the chunker needs beside the tags. What a user may want to change is in `exclusions.ts`. */

/** The words of a text. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter(Boolean));
}

/** Possessive pronouns. */
export const POSSESSIVES = words('my your his her its our their whose');

/** Before "of" these name an amount, a part or a kind of picture of what follows, and are no thing of their own. */
export const PART_WORDS = words(`
  amount array assortment back beginning bit body bottom bunch chart close-up closeup clipart cluster collage
  collection concept corner couple crop crowd crowds depiction diagram display dozen dozens drawing duo edge edges
  end example exterior front graphic group groups half handful head heap icon icons illustration illustrations image
  images inside interior kind kinds layers lot lots lots macro middle mixture mix number outline outside overview
  pack package pair pairs part parts pattern patterns photo photograph photographs photos picture pictures piece
  pieces pile portion portrait portraits print range rear rendering representation rest row rows scene scenes section
  selection series set sets shot shots side sides silhouette silhouettes sketch snapshot sort stack style symbol
  thousands trio hundreds top type types variety vector version video view views`);

/** Adjectives that say how many or which one, not what it looks like. */
export const QUANTIFIERS = words(`
  all another any average best both certain different each either enough entire every few fewer first former fourth
  fifth last latest least less main many more most much multiple neither next numerous only other others own possible
  previous same second several single some special specific such third top total various whole`);

/** Adverbs that would otherwise be read as adjectives before a noun. */
export const DEGREES = words(`
  again almost also always as away ever even here just more most never not now only quite rather really so still such
  then there together too very well`);

/** Owners that say for whom a thing is made ("women's shoes"). */
export const WEARERS = words(`
  adult adults babies baby boy boys children childrens gentlemen girl girls kid kids ladies lady man men mens teens
  toddler toddlers unisex woman women womens`);

/** Participles in -ing that say how a thing looks or what it does: "a winding river", not "people riding horses". */
export const DESCRIBING = words(`
  amazing barking blazing blooming blossoming boiling breathtaking bubbling burning charming climbing crashing
  crawling crumbling crying dancing decaying dripping exciting exploding fading falling fighting floating flowering
  flowing flying folding galloping glistening glittering glowing grazing growing hanging howling inspiring
  interesting jumping laughing leading lounging matching melting missing moving outstanding overlooking peeling
  playing relaxing reclining rising roaring rolling rotating rushing rusting screaming setting shimmering shining
  sitting sleeping sliding smiling smoking soaring sparkling spinning spreading sprouting standing steaming striking
  striving stunning surrounding swaying swimming swinging swirling thriving towering trailing twinkling twisting
  walking waving weeping welcoming wilting winding working yawning`);

/** Gerunds that say what a thing is for: "dining table". They need one of {@link PURPOSE_HEADS} behind them. */
export const PURPOSES = words(`
  baking bathing bowling boxing breakfasting building camping carving changing chopping climbing coloring colouring
  cooking cutting cycling dancing digging dining dipping drawing dressing drinking driving farming filing filling
  fishing flying frying gaming gardening hiking hunting ironing jogging jumping knitting landing laughing living
  loading measuring meeting mixing moving nesting packing painting parking playing plotting polling printing racing
  reading recording recycling riding rocking rolling rowing running sailing serving sewing shaving shipping shopping
  sitting skating sleeping sparkling spinning sporting steering storing surfing swimming teaching training vending
  waiting walking washing watering wedding weighing welding working wrapping writing`);

/** Heads that {@link PURPOSES} stand before. */
export const PURPOSE_HEADS = words(`
  area areas bag bags basket bed bike bin blade blades board boards boat boats book books boot boots bottle bowl
  bowls box boxes cabinet can cap car cars center center ceremony chair chairs clothes club desk dish dishes dress
  dresses equipment frame game games gear glass glasses glove gloves goggles gown gowns hall hat helmet hut jacket
  jackets kit lane lens lot lots machine machines mat material needle needles pad paper pan pans partner path pen
  pens pin pins platform poles pool pools quarters rack rail ring rink rod rods room rooms school set shed sheet
  shelf shirt shirts shoe shoes shorts shop skirt sneakers station stick sticks stone strap street studio suit suits
  supplies table tables tank tape tent tool tools top tops track tracks trail tray trousers trunks tub vehicle vessel
  water wheel wheels yarn yard`);

/** Past tenses and participles that do not end in -ed. */
export const IRREGULAR_PAST = words(`
  ate beaten became bent bitten blown born bought bound broken brought built burnt burst came caught chosen clad
  crept cut drank drawn drew driven drunk eaten fallen fed fell felt flew flown forgotten fought found froze frozen
  gave given grew grown heard held hidden hung kept knelt knit known laid lain leapt led left lent let lit lost made
  met mown overgrown paid put ran ridden rode rose said sang sat saw seen sent sewn shaken shaved shone shorn shot
  shown shrunk slept slid sold spent split spoken spread spun stole stolen stood struck stuck sung sunk swept swollen
  swum swung taken taught thrown told took torn went woke won wore worn wound wove woven written wrote`);

/** Of {@link IRREGULAR_PAST}, those that stand before nouns: "a broken window". */
export const IRREGULAR_PARTICIPLES = words(`
  beaten bent bitten blown broken built burnt chosen cut drawn driven drunk eaten fallen forgotten frozen given grown
  hidden hung knit known lit lost made mown overgrown ridden shaved shorn shrunk spun spread split stolen sunk
  swollen taken thrown torn worn wound woven written`);

/** Participles that form one idea with the noun before them: "snow covered peaks". */
export const COMPOUNDING = words(`
  assorted baked based beaded bound brushed built carved coated colored coloured covered crafted cut decorated drawn
  embroidered engraved eyed filled framed frosted glazed grilled grown haired infused inspired knit knitted laced
  lined made mounted operated painted plated polished powered printed quilted roasted rimmed roofed shaped sewn
  smoked stained stitched striped studded stuffed textured themed tiled tipped topped trimmed walled washed wooded
  woven wrapped`);

/** Plurals without -s. */
const PLURALS: ReadonlyMap<string, string> = new Map(
  `people person, men man, women woman, children child, feet foot, teeth tooth, mice mouse, geese goose, leaves leaf,
   knives knife, wolves wolf, loaves loaf, shelves shelf, scarves scarf, halves half, calves calf, police police,
   oxen ox, fishermen fisherman, firefighters firefighter, cookies cookie, movies movie, zombies zombie, ties tie,
   pies pie, shoes shoe, buses bus, lenses lens, houses house, horses horse, roses rose, vases vase, noses nose,
   dresses dress, boxes box, potatoes potato, tomatoes tomato, heroes hero`
    .split(',')
    .map((pair) => pair.trim().split(' ') as [string, string]),
);

const UNINFLECTED = words('cattle deer police sheep');

/** A noun without its plural ending: a key to compare by, not always a word. */
export function singularOf(noun: string): string {
  const irregular = PLURALS.get(noun);
  if (irregular !== undefined) return irregular;
  if (noun.length < 4 || !noun.endsWith('s') || /(?:ss|us|is)$/.test(noun)) return noun;
  if (noun.endsWith('ies')) return `${noun.slice(0, -3)}y`;
  if (/(?:ch|sh|x|ss|zz)es$/.test(noun)) return noun.slice(0, -2);
  return noun.slice(0, -1);
}

/** True for a plural noun, by its spelling. */
export function isPlural(noun: string): boolean {
  return singularOf(noun) !== noun || UNINFLECTED.has(noun);
}
