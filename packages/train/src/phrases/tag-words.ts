/** Words that say more than their tags: lists for `retag.ts`, by hand. */
import { words } from './word-lists.ts';

/** Names that the tagger takes for nouns in lower case. */
export const NAMES = words(`
  christmas diwali easter halloween hanukkah ramadan thanksgiving xmas`);

/** Third-person verbs that are hardly ever the plural of a noun. */
export const S_VERBS = words(`
  accepts adds adorns appears applies approaches arrives asks attempts attends awaits balances becomes begins begs
  berths billows bows breaks brings browses builds burns buys carries celebrates chases chats cheers chooses claims
  cleans clears climbs closes collects comes competes contains cooks crashes crawls creates cries curls decorates
  delivers demonstrates dines directs discusses dives docks eats embraces emerges enjoys enters erupts examines exits
  explains explores feeds ferries fetches fills fixes flies flutters follows gallops gathers gazes gets gives glides
  glows goes grabs grazes greets grows hangs has helps hides holds hovers hunts includes inspects instructs involves
  is joins juggles keeps kneels knits laughs lays leans leaps learns leaves lets lies listens lives looms loses loves
  makes meets mixes nears observes offers opens overlooks overtakes owns parades participates pauses peeks peers
  performs plays poses pours practices prays prepares pretends provides raises reads receives recites reclines
  reflects relaxes releases remains repairs replaces represents reveals rises roams rushes says searches seeks seems
  sells sends serves shakes shines shoots shouts sings sinks sips sits skis sleeps slices slumbers smashes sniffs
  snowboards soars speaks spends splashes sprinkles sprints squats stares stays steers stirs stops streams stretches
  strolls struggles surrounds swims takes talks teaches tells tends throws tows travels tries turns unloads unveils
  uses waits walks wanders wants warms washes wears weighs welcomes wins wipes wishes works wraps writes yawns yells`);

/** Third-person verbs that are plurals as well ("a dog runs", "ski runs"): verbs behind who or what can act. */
export const ACTIONS = words(`
  answers attacks barks bats battles bends bites blocks blows boards bounces bounds braves brushes calls casts catches
  checks chops covers crosses cuts dances digs displays draws dresses drinks drives drops eyes faces falls fights
  fires fishes flips floats guards guides hands harvests heads hikes hits hugs hunts jogs jumps kicks kisses knocks
  lands leads lifts lights loads looks marches moves needs paddles paints parks passes perches photographs picks
  pitches places plants points presents pulls punches pushes races rests returns rides rollerblades rolls rows runs
  sails scales scores shares shops shovels shows signs skateboards skates sketches slides smells smiles smokes spins
  sprays spreads stacks stands starts steps strikes studies surfs sweeps swings tackles tastes tests touches tours
  trains views visits wades wakeboards watches waters waves weaves winds wrestles`);

/** Who or what can act, beside words in -er, -or, -ist and -man. */
export const ACTORS = words(`
  adult animal ape athlete avalanche baby bear bee bird boy bride bull calf captain cat celebrity chef chick child
  clerk clown coach couple cow crew crowd cub dad daughter deer dog dolphin duck eagle earthquake elephant employee
  family fan father fish fox frog girl goalie goat goose groom group guest guide guy hawk hen horse host hurricane
  insect judge kid king kitten lady lamb lion lizard maid man mascot mechanic model mom monk monkey mother mouse mum
  nurse official owl parent parrot passerby patient penguin person pet pig pilot politician pony pope priest prince
  princess pup puppy queen rabbit rat referee robot scout seal shark sheep snake son spider squirrel staff storm
  student surgeon swan team teen thief tiger tornado turtle uncle vet veteran victim volunteer whale wife wolf woman
  youth zebra`);

/** Plain verbs that are seldom a noun behind a plural. */
export const BASE_VERBS = words(`
  adorn appear arrive ask attend await battle become blow board browse build burn buy carry catch celebrate chase chat
  cheer climb collect come compete cook cover cross crowd cry dance dangle decorate demonstrate dine discuss dive
  drink drive eat embrace enjoy enter face fall feed fight fill flank float flock flow fly follow gather gaze get give
  go graze greet grow hang harvest head help hike hit hold hug join jump keep kick kiss knit lay lead lean leap leave
  lie lift line listen live load look lounge make march meet mingle move nest observe offer open overlook pack paint
  parade park participate pass patrol perch perform pick play point pose pour pray prepare protest pull push race
  reach read receive recline reflect relax remain rest return ride rise roam roll row run rush sail seek sell serve
  shake share shine shop show sing sit ski sleep smile soar speak spread sprout stack stand stare start stay stop
  stream stretch stroll surround swim swing take talk throw touch tour tower train try turn unload visit wait walk
  wander warm wash watch wave wear welcome wish work wrap write`);

/** Tagged as nouns at times ("mist moves around"), but never the name of a thing. */
export const ALWAYS_VERBS = words(`
  arrives attends celebrates check click dating enjoys features gets goes hangs holding looking looks makes moves
  observing performs poses reading smiles speaks takes talks testing waits walks watching wearing wears`);

/** Nouns wherever they stand. */
export const ALWAYS_NOUNS = words(`
  bears bike biker bikes cardboard convertible crosswalk curry denim dirt gravel hardwood home jersey metal net
  plastic pops ramp shed shore skateboarder sole stone straw tattoo tattoos trick tricks world yards`);

/** Tagged as verbs at times ("autumn leaves on a plate"). */
export const MOSTLY_NOUNS = words(`
  bears drawing drawings flowers handle leaves lift lights living painting paintings plants shelves shower sink
  stitch vending watches waves`);

/** Nouns behind an article, an adjective or a preposition where no noun follows: "the back of a chair". */
export const NOUN_READINGS = words(`
  alert back best black blue bottom brown center centre closeup cold contrast crowd curry custom detail drawing
  drawings east edge exterior fair final front future gold gray green grey handle home indoor inside interior leaves
  left light middle mine north open orange original outdoors outside past pink pops preparing purple red right setting
  shower silver south square sunset top well west white wild yellow`);

/** Tagged as nouns at times, but adjectives before a noun. */
export const PLAIN_ADJECTIVES = words(`
  bearded big bridal chemical christian dark detached downhill exterior fractal giant half hooded indie japanese
  kaleidoscopic large lost muddy official shallow skinned small smiling stuffed upright wet young`);

/** Colors, which are things only in "the white" and "a bright red". */
export const COLORS = words(`
  beige black blue brown gold gray green grey orange pink purple red silver tan turquoise violet white yellow`);

/** Things in -ing. Any other such word behind a noun is a verb, whatever its tag: "man standing". */
export const THINGS_IN_ING = words(`
  awning bedding blessing bowling building carving casing ceiling clothing coating covering crossing cutting decking
  drawing dressing drilling dwelling earring engraving etching evening farthing fencing filling flooring frosting
  gathering glazing greeting handwriting herring icing king knitting landing lighting lightning lining marking meeting
  molding morning moulding offering opening outing packaging painting parking piping plating plumbing printing pudding
  quilting railing recording rigging ring roofing rooting scaffolding seasoning seating seedling setting sibling
  siding sling spring stocking string stuffing swing tattooing thing topping training tubing turning upholstering
  viking wedding wing wiring wrapping writing`);

/** Things of two words of which the first is tagged as an adjective or a verb. */
export const COMPOUNDS: ReadonlySet<string> = new Set(
  `bay horse, cross stitch, dining room, dining table, drinking water, living area, living room, living rooms,
   master bedroom, opening ceremony, parking lot, rocking chair, running shoes, sewing machine, shopping bag,
   shopping mall,
   sitting room, swimming pool, vending machines, vintage car, vintage cars, walking stick, washing machine,
   wedding dress`
    .split(',')
    .map((pair) => pair.trim()),
);
