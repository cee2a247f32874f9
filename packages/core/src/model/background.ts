/** Value of a label map where no label won; labels are the indices below it. */
export const BACKGROUND = 255;
