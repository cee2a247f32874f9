/**
 * Captions in the manner of Conceptual 12M, labeled by hand before the rules of the extractor were last changed. They
 * were scored since, and never looked at: what the extractor gives of them is what it gives of captions that nobody
 * tuned it on. No rule, word list or weight is changed for an error in one of them.
 *
 * The rule of the labels is that of `labeled-captions.ts`.
 */
import type { LabeledCaption } from './labeled-captions.ts';

export const BLIND: readonly LabeledCaption[] = [
  ['The crew unloads boxes from a delivery van outside the warehouse', ['crew', 'boxes', 'delivery van', 'warehouse']],
  ['Hand knitted baby blanket in soft grey wool', ['hand knitted baby blanket', 'soft grey wool']],
  ['A fisherman repairs his nets on the quay in Essaouira, Morocco', ['fisherman', 'nets', 'quay']],
  [
    'Small bathroom with black hexagon floor tiles and a walk-in shower',
    ['small bathroom', 'black hexagon floor tiles', 'walk-in shower'],
  ],
  ['<PERSON> signs autographs for fans before the concert', ['autographs', 'fans', 'concert']],
  ['Rain drops on a window pane with blurred city lights', ['rain drops', 'window pane', 'blurred city lights']],
  [
    'Vegan chocolate brownies topped with sea salt | easy recipe',
    ['vegan chocolate brownies', 'sea salt', 'easy recipe'],
  ],
  ['The old lighthouse overlooks the harbor', ['old lighthouse', 'harbor']],
  ['Kids Wooden Play Kitchen With Accessories', ['kids wooden play kitchen', 'accessories']],
  ['Two hikers rest beside a waterfall in June', ['hikers', 'waterfall']],
  ['Close-up of a honey bee collecting pollen from a lavender flower', ['honey bee', 'pollen', 'lavender flower']],
  [
    '2018 Toyota Hilux double cab pickup truck parked in a showroom',
    ['toyota hilux double cab pickup truck', 'showroom'],
  ],
  [
    'A mother reads a picture book to her twin daughters on the sofa',
    ['mother', 'picture book', 'twin daughters', 'sofa'],
  ],
  ['Mountain biker jumps over a fallen tree trunk', ['mountain biker', 'fallen tree trunk']],
  [
    'White canvas sneakers with a rubber toe cap and red laces',
    ['white canvas sneakers', 'rubber toe cap', 'red laces'],
  ],
  ['How to paint kitchen cabinets without sanding', ['kitchen cabinets']],
  ['Traffic on a snowy highway near Denver, Colorado', ['traffic', 'snowy highway']],
  ['A goalkeeper dives to his left as the ball hits the net', ['goalkeeper', 'ball', 'net']],
  [
    'Seamless floral pattern with poppies, cornflowers and ladybugs',
    ['seamless floral pattern', 'poppies', 'cornflowers', 'ladybugs'],
  ],
  ['Elegant bride holding her bouquet poses in front of a vintage car', ['elegant bride', 'bouquet', 'vintage car']],
  ['Stainless steel water bottle with bamboo lid, 500 ml', ['stainless steel water bottle', 'bamboo lid']],
  ['Nurse takes the temperature of an elderly patient', ['nurse', 'temperature', 'elderly patient']],
  ['Ruins of a medieval castle on a hill above the Rhine', ['ruins', 'medieval castle', 'hill', 'rhine']],
  [
    'Crispy fried chicken wings served with blue cheese dip and celery sticks',
    ['crispy fried chicken wings', 'blue cheese dip', 'celery sticks'],
  ],
  [
    'Students protest against tuition fees outside the parliament building in London',
    ['students', 'tuition fees', 'parliament building'],
  ],
  ['A tiny hummingbird hovers near a red feeder', ['tiny hummingbird', 'red feeder']],
  ['Mid-century modern armchair with walnut legs', ['mid-century modern armchair', 'walnut legs']],
  ['Young couple walking hand in hand along a pier at sunset', ['young couple', 'hand', 'pier', 'sunset']],
  ['The chef sprinkles herbs over a bowl of tomato soup', ['chef', 'herbs', 'bowl', 'tomato soup']],
  ['Free printable birthday party invitation for girls', ['free printable birthday party invitation', 'girls']],
  ['Camels cross the dunes at dawn', ['camels', 'dunes']],
  [
    'Brick townhouse with a green front door and iron railings',
    ['brick townhouse', 'green front door', 'iron railings'],
  ],
  ['A construction worker in a yellow hard hat climbs a ladder', ['construction worker', 'yellow hard hat', 'ladder']],
  ["Girl's purple backpack with unicorn keychain", ['purple backpack', 'unicorn keychain']],
  [
    'Actress <PERSON> arrives at the awards ceremony in a sequined gown',
    ['actress', 'awards ceremony', 'sequined gown'],
  ],
  [
    'Cozy reading nook with a window seat, cushions and bookshelves',
    ['cozy reading nook', 'window seat', 'cushions', 'bookshelves'],
  ],
  ['Farmers harvest rice by hand in northern Vietnam', ['farmers', 'rice', 'hand']],
  ['Surfer waiting for a wave at Bondi Beach, Sydney', ['surfer', 'wave', 'bondi beach']],
  ['Black cast iron skillet on a gas stove', ['black cast iron skillet', 'gas stove']],
  ['Fog rolls over the hills behind the vineyard', ['fog', 'hills', 'vineyard']],
  ['Antique brass door knocker shaped like a lion head', ['antique brass door knocker', 'lion head']],
  ['The toddler stacks colorful blocks on the carpet', ['toddler', 'colorful blocks', 'carpet']],
  ['Outdoor patio furniture set with umbrella and fire pit', ['outdoor patio furniture set', 'umbrella', 'fire pit']],
  ['A pair of swans with their cygnets on a misty lake', ['swans', 'cygnets', 'misty lake']],
  [
    'Smoke billows from a burning building as firefighters spray water',
    ['smoke', 'burning building', 'firefighters', 'water'],
  ],
  ['Handmade silver earrings with turquoise stones', ['handmade silver earrings', 'turquoise stones']],
  ['Train crosses the viaduct in the Scottish Highlands', ['train', 'viaduct', 'scottish highlands']],
  [
    'Teenage boy with headphones plays a video game in his bedroom',
    ['teenage boy', 'headphones', 'video game', 'bedroom'],
  ],
  [
    'Sliced avocado on toast with poached eggs and chili flakes',
    ['sliced avocado', 'toast', 'poached eggs', 'chili flakes'],
  ],
  ['Businessman shakes hands with a client across the desk', ['businessman', 'hands', 'client', 'desk']],
  ['Waves crash against the rocks below the cliff', ['waves', 'rocks', 'cliff']],
  [
    'Boho style living room with rattan chairs, macrame wall hanging and potted plants',
    ['boho style living room', 'rattan chairs', 'macrame wall hanging', 'potted plants'],
  ],
  ['Police officers block the road after an accident', ['police officers', 'road', 'accident']],
  ['A grey tabby kitten curled up in a wicker basket', ['grey tabby kitten', 'wicker basket']],
  ['An artist paints a mural on the side of a bakery', ['artist', 'mural', 'bakery']],
  ['Top 10 hiking trails in Switzerland', ['hiking trails']],
  ['Pine cones, candles and ribbons decorate the mantel', ['pine cones', 'candles', 'ribbons', 'mantel']],
  ['The drummer plays on stage during a festival in August', ['drummer', 'stage', 'festival']],
  ['Replacement remote control for Samsung TV', ['replacement remote control', 'samsung tv']],
  ['Wild horses gallop through a shallow river', ['wild horses', 'shallow river']],
  ['Rows of empty wine glasses hang above the bar counter', ['empty wine glasses', 'bar counter']],
  ['A cyclist wearing a helmet waits at a red traffic light', ['cyclist', 'helmet', 'red traffic light']],
  ["The queen's guard marches past the palace gates", ['queen', 'guard', 'palace gates']],
  ['Leather strap watch with a navy dial and rose gold case', ['leather strap watch', 'navy dial', 'rose gold case']],
];
