/**
 * Captions labeled by hand, in the styles of COCO, Conceptual Captions (3M and 12M), shops and agencies.
 *
 * The rule of the labels: every thing the caption names is one phrase, in lower case, with its adjectives, participles
 * and compound nouns; determiners, numbers, possessives and adverbs are left out; "X of Y" is two phrases; names count.
 * Nothing is written for views and kinds of picture ("front of", "close up", "illustration", "white background"),
 * dates, sizes, links, hashtags, file names and `<PERSON>`. A genitive is two phrases ("the farmer's tractor"), unless
 * it says for whom a thing is made ("women's shoes").
 *
 * The labels were written before the extractor. `TUNED` was looked at while it was written, `HELD_OUT` was not.
 */
export type LabeledCaption = readonly [caption: string, phrases: readonly string[]];

export const TUNED: readonly LabeledCaption[] = [
  ['A man riding a wave on top of a surfboard.', ['man', 'wave', 'surfboard']],
  ['Two dogs play with a frisbee in the grass', ['dogs', 'frisbee', 'grass']],
  [
    'a kitchen with a stove, a microwave and a white refrigerator',
    ['kitchen', 'stove', 'microwave', 'white refrigerator'],
  ],
  [
    'A black and white cat sleeping on a couch next to a remote control',
    ['black and white cat', 'couch', 'remote control'],
  ],
  [
    'Several people are standing around a large wooden table with wine glasses.',
    ['people', 'large wooden table', 'wine glasses'],
  ],
  ['The front of a red brick church with a clock tower', ['red brick church', 'clock tower']],
  ['A close up of a plate of food with broccoli', ['plate', 'food', 'broccoli']],
  ['A group of young children playing soccer on a field', ['young children', 'soccer', 'field']],
  ['An old rusty truck is parked in front of an abandoned house', ['old rusty truck', 'abandoned house']],
  [
    'a person holding a hot dog with mustard and ketchup in their hand',
    ['person', 'hot dog', 'mustard', 'ketchup', 'hand'],
  ],
  [
    "<PERSON> and <PERSON> at the premiere of 'Frozen' in Hollywood, November 2013",
    ['premiere', 'frozen', 'hollywood'],
  ],
  ['VINTAGE LEATHER HANDBAG WITH GOLD BUCKLE', ['vintage leather handbag', 'gold buckle']],
  ['Beautiful Sunset Over The Mountains Wallpaper', ['beautiful sunset', 'mountains wallpaper']],
  ["Women's Casual Long Sleeve Striped T-Shirt Dress", ['casual long sleeve striped t-shirt dress']],
  ["Men's Nike Air Max running shoes - size 10", ['nike air max running shoes']],
  [
    'illustration of a cute cartoon bear holding red balloons on white background',
    ['cute cartoon bear', 'red balloons'],
  ],
  ['Set of 4 hand-painted ceramic mugs', ['hand-painted ceramic mugs']],
  ['Check out this amazing DIY garden! https://www.pinterest.com/pin/123 #gardening #diy', ['amazing diy garden']],
  ['Photo of the Eiffel Tower at night, Paris, France', ['eiffel tower', 'paris', 'france']],
  [
    'aerial view of a sandy beach with turquoise water and palm trees',
    ['sandy beach', 'turquoise water', 'palm trees'],
  ],
  ["The bride's bouquet of white roses and eucalyptus", ['bride', 'bouquet', 'white roses', 'eucalyptus']],
  ["My daughter's first birthday cake", ['daughter', 'birthday cake']],
  ['a close - up of a green tree frog sitting on a leaf', ['green tree frog', 'leaf']],
  ['actor attends the premiere at theatre', ['actor', 'premiere', 'theatre']],
  ['football player celebrates after scoring a goal during the match', ['football player', 'goal', 'match']],
  ['silhouette of a woman jumping on the beach at sunset', ['woman', 'beach', 'sunset']],
  ['IMG_2034.JPG', []],
  ['2015 Ford Mustang GT in red, rear three-quarter view', ['ford mustang gt']],
  ['How to Make Homemade Chocolate Chip Cookies', ['homemade chocolate chip cookies']],
  ['5 bedroom detached house for sale in London', ['bedroom detached house', 'london']],
  ['A brightly lit Christmas tree stands beside the fireplace', ['lit christmas tree', 'fireplace']],
  ['Snow-covered peaks reflected in a calm lake', ['snow-covered peaks', 'calm lake']],
  ['the dog is wearing a blue collar and looking at the camera', ['dog', 'blue collar', 'camera']],
  ['A bowl filled with sliced bananas and strawberries.', ['bowl', 'sliced bananas', 'strawberries']],
  ['People walk through the market on a rainy day', ['people', 'market']],
  ['Black iPhone 7 case with floral pattern', ['black iphone case', 'floral pattern']],
  ['Stock vector seamless pattern with hand drawn leaves', ['hand drawn leaves']],
  ['A little girl in a pink princess costume blowing out candles', ['little girl', 'pink princess costume', 'candles']],
  ['Street art in Berlin', ['street art', 'berlin']],
  ['wooden chairs, tables & umbrellas outside the cafe', ['wooden chairs', 'tables', 'umbrellas', 'cafe']],
];

export const HELD_OUT: readonly LabeledCaption[] = [
  ['a red car parked on the street', ['red car', 'street']],
  ['A woman in a yellow raincoat walks her dog along the beach.', ['woman', 'yellow raincoat', 'dog', 'beach']],
  ['Three zebras grazing in a grassy field near a fence', ['zebras', 'grassy field', 'fence']],
  ['A bathroom with a toilet, sink and a large mirror', ['bathroom', 'toilet', 'sink', 'large mirror']],
  ['A brown and white cow standing next to a wooden fence', ['brown and white cow', 'wooden fence']],
  ['A young boy is brushing his teeth with a green toothbrush.', ['young boy', 'teeth', 'green toothbrush']],
  ['Two men sitting on a park bench reading newspapers', ['men', 'park bench', 'newspapers']],
  ['A laptop, a coffee mug and a cell phone on top of a desk', ['laptop', 'coffee mug', 'cell phone', 'desk']],
  ['The back of a yellow school bus with its lights on', ['yellow school bus', 'lights']],
  ['a bunch of bananas hanging from a tree', ['bananas', 'tree']],
  [
    'A pizza with pepperoni, olives, and melted cheese on a metal pan',
    ['pizza', 'pepperoni', 'olives', 'melted cheese', 'metal pan'],
  ],
  ['An elephant sprays water from its trunk onto a crowd of tourists.', ['elephant', 'water', 'trunk', 'tourists']],
  [
    '<PERSON> wearing a black leather jacket and ripped jeans at the airport',
    ['black leather jacket', 'ripped jeans', 'airport'],
  ],
  ['Portrait of <PERSON>, oil on canvas, 1889', ['oil', 'canvas']],
  ['WHITE CERAMIC VASE WITH DRIED FLOWERS ON A SHELF', ['white ceramic vase', 'dried flowers', 'shelf']],
  ['Rustic Wooden Dining Table With Bench And Four Chairs', ['rustic wooden dining table', 'bench', 'chairs']],
  ['Cute Golden Retriever Puppy Playing In The Snow', ['cute golden retriever puppy', 'snow']],
  ["Ladies' waterproof hiking boots, brown suede, size 38", ['waterproof hiking boots', 'brown suede']],
  ['Pack of 6 stainless-steel spoons', ['stainless-steel spoons']],
  [
    'vector illustration of a smiling sun with sunglasses isolated on a white background',
    ['smiling sun', 'sunglasses'],
  ],
  ['Download the free app! www.example.com/app?id=3 #free #app', ['free app']],
  [
    'View of the Golden Gate Bridge from Baker Beach, San Francisco',
    ['golden gate bridge', 'baker beach', 'san francisco'],
  ],
  ['aerial shot of a winding river through a dense green forest', ['winding river', 'dense green forest']],
  ["The farmer's tractor in a muddy field", ['farmer', 'tractor', 'muddy field']],
  ["Our neighbour's cat on the roof of the garage", ['neighbour', 'cat', 'roof', 'garage']],
  ['a close - up of fresh raspberries in a wooden bowl', ['fresh raspberries', 'wooden bowl']],
  [
    'politician speaks during a press conference at the headquarters',
    ['politician', 'press conference', 'headquarters'],
  ],
  ['happy family having breakfast together in the kitchen', ['happy family', 'breakfast', 'kitchen']],
  ['silhouettes of palm trees against an orange sky', ['palm trees', 'orange sky']],
  ['DSC00123', []],
  ['1967 Chevrolet Camaro convertible, side view', ['chevrolet camaro convertible']],
  ['How to grow tomatoes in a small greenhouse', ['tomatoes', 'small greenhouse']],
  ['Modern apartment with sea view in Barcelona', ['modern apartment', 'barcelona']],
  ['Ice-covered branches of an old oak tree at dawn', ['ice-covered branches', 'old oak tree']],
  ["Fireworks light up the sky over the harbour on New Year's Eve", ['fireworks', 'sky', 'harbour']],
  ['A tray of freshly baked bread, croissants & muffins', ['tray', 'baked bread', 'croissants', 'muffins']],
  ['Samsung Galaxy S9 phone with cracked screen', ['samsung galaxy s9 phone', 'cracked screen']],
  [
    'Very tall buildings and a narrow pedestrian street in Tokyo at night',
    ['tall buildings', 'narrow pedestrian street', 'tokyo'],
  ],
  ['Tattooed bartender pouring a cocktail into a martini glass', ['tattooed bartender', 'cocktail', 'martini glass']],
  [
    'a horse-drawn carriage with tourists passes the cathedral in the old town',
    ['horse-drawn carriage', 'tourists', 'cathedral', 'old town'],
  ],
  ['She painted the living room walls light grey', ['living room walls']],
  ['Best 25+ Modern bathroom ideas on Pinterest', []],
];
