/** Prompt templates: the sentences a label's name is put into before it is embedded. `{}` stands for the name. */
import { choice, either, list, value, type Option } from '../guard/options.ts';

/** Names of the built-in sets. */
export type TemplateName = 'plain' | 'clipseg' | 'imagenet80' | 'tcl9';

/** A built-in set, or templates of one's own. */
export type Templates = TemplateName | readonly string[];

/** The ensemble of sentences published with CLIP for ImageNet (Radford et al. 2021), in alphabetical order. */
const IMAGENET80: readonly string[] = `
  a bad photo of a {}. a bad photo of the {}. a black and white photo of a {}. a black and white photo of the {}.
  a blurry photo of a {}. a blurry photo of the {}. a bright photo of a {}. a bright photo of the {}. a cartoon {}.
  a close-up photo of a {}. a close-up photo of the {}. a cropped photo of a {}. a cropped photo of the {}.
  a dark photo of a {}. a dark photo of the {}. a doodle of a {}. a doodle of the {}. a drawing of a {}.
  a drawing of the {}. a embroidered {}. a good photo of a {}. a good photo of the {}. a jpeg corrupted photo of a {}.
  a jpeg corrupted photo of the {}. a low resolution photo of a {}. a low resolution photo of the {}. a origami {}.
  a painting of a {}. a painting of the {}. a photo of a clean {}. a photo of a cool {}. a photo of a dirty {}.
  a photo of a hard to see {}. a photo of a large {}. a photo of a nice {}. a photo of a small {}.
  a photo of a weird {}. a photo of a {}. a photo of many {}. a photo of my {}. a photo of one {}.
  a photo of the clean {}. a photo of the cool {}. a photo of the dirty {}. a photo of the hard to see {}.
  a photo of the large {}. a photo of the nice {}. a photo of the small {}. a photo of the weird {}.
  a photo of the {}. a pixelated photo of a {}. a pixelated photo of the {}. a plastic {}. a plushie {}.
  a rendering of a {}. a rendering of the {}. a rendition of a {}. a rendition of the {}. a sculpture of a {}.
  a sculpture of the {}. a sketch of a {}. a sketch of the {}. a tattoo of a {}. a tattoo of the {}. a toy {}.
  a {} in a video game. art of a {}. art of the {}. graffiti of a {}. graffiti of the {}. itap of a {}. itap of my {}.
  itap of the {}. the cartoon {}. the embroidered {}. the origami {}. the plastic {}. the plushie {}. the toy {}.
  the {} in a video game.`.match(/\S[^.]*\./g)!;

/** The sentences of TCL's evaluation (Cha et al. 2023): seven that CLIP's authors picked, and two of many things. */
const TCL9: readonly string[] = `
  itap of a {}. a bad photo of a {}. a origami {}. a photo of the large {}. a {} in a video game. art of the {}.
  a photo of the small {}. a photo of many {}. a photo of {}s.`.match(/\S[^.]*\./g)!;

const BUILT_IN: Readonly<Record<TemplateName, readonly string[]>> = {
  plain: ['{}'],
  clipseg: ['a photo of a {}.'],
  imagenet80: IMAGENET80,
  tcl9: TCL9,
};

/** The option for the sentences that names are put into. */
export function templatesOption(): Option<Templates> {
  const sentence = value<string>(
    'contain {}',
    (given) => typeof given === 'string',
    (given) => given.includes('{}'),
    { fromText: String, placeholder: 'text' },
  );
  const names = Object.keys(BUILT_IN) as TemplateName[];
  return either(`be "${names.join('", "')}" or a list of sentences that contain {}`, choice(names), list(sentence));
}

/** The sentences of a template set. */
export function resolveTemplates(templates: Templates): readonly string[] {
  return typeof templates === 'string' ? BUILT_IN[templates] : templates;
}

/** Puts a name into a template. */
export function fillTemplate(template: string, name: string): string {
  return template.replaceAll('{}', () => name);
}
