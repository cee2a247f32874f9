/** Pictures as raw RGB, for tests that feed exact pixels. */
import sharp from 'sharp';

/** Decodes a picture to interleaved RGB bytes at its own size. */
export async function decodePixels(
  picture: string | Uint8Array,
): Promise<{ data: Uint8Array; width: number; height: number }> {
  const { data, info } = await sharp(picture)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), width: info.width, height: info.height };
}
