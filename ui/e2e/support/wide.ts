import type { Page } from 'playwright-core';

/**
 * What a reader cannot get at without scrolling sideways, or not at all: a page wider than its window, and text
 * that ends beyond the window or is cut there. Text cut with an ellipsis is a choice, and so is a table, or a row of tabs,
 * that scrolls by itself and is reached by keys.
 */
export function beyond(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const found: string[] = [];
    if (document.documentElement.scrollWidth > width) {
      found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    }
    const excused = (element: Element): boolean => {
      for (let one: Element | null = element; one; one = one.parentElement) {
        const style = getComputedStyle(one);
        if (style.textOverflow === 'ellipsis' && style.overflowX !== 'visible') return true;
        const scrolls = /auto|scroll/u.test(style.overflowX) && one.scrollWidth > one.clientWidth;
        if (scrolls && ((one as HTMLElement).tabIndex >= 0 || one.matches('[role="tablist"]'))) return true;
        // For screen readers alone.
        if (style.clipPath !== 'none' && one.clientWidth <= 1) return true;
      }
      return false;
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node && found.length < 8; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.textContent?.trim() || !element?.checkVisibility({ visibilityProperty: true })) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      if (box.width === 0 || box.right <= width + 1 || excused(element)) continue;
      found.push(`“${node.textContent.trim().slice(0, 60)}” ends at ${Math.round(box.right)}`);
    }
    return found;
  });
}
