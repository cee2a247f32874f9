/** Parts of the page, found by their selectors. */

/** The first element within `parent` that a selector finds. */
export function find<Kind extends Element>(parent: ParentNode, selector: string, kind: new () => Kind): Kind {
  const found = parent.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`internal: the page has no ${selector}`);
}

/** A copy of what a template holds. */
export function copyOf(selector: string): HTMLElement {
  const copy = document.importNode(find(document, selector, HTMLTemplateElement).content, true);
  return find(copy, '*', HTMLElement);
}

/** A CSS color. */
export function css(color: readonly number[]): string {
  return `rgb(${color.join(' ')})`;
}
