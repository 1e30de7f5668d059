/** Rows of which only those on the screen are in the document: lists of ten thousand scroll like short ones. */

import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/ui.js";

/** Rows above and below the screen that are there already. */
const MARGIN = 12;

/**
 * @template T
 * @param {{ rows: readonly T[], rowHeight: number, render: (row: T, place: number) => import("../core/ui.js").Node,
 *   onNearEnd?: () => void, onShown?: (first: number, end: number) => void, label: string }} props rowHeight: in rem;
 *   onNearEnd: the last rows are close; onShown: which rows are in the document
 */
export function VirtualRows({ rows, rowHeight, render, onNearEnd, onShown, label }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [range, setRange] = useState({ first: 0, end: 40 });
  const height = rowHeight * rem();

  useLayoutEffect(() => {
    const look = () => {
      if (!box.current) return;
      const top = -box.current.getBoundingClientRect().top;
      const first = Math.max(0, Math.floor(top / height) - MARGIN);
      const end = Math.ceil((top + innerHeight) / height) + MARGIN;
      setRange((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [height]);

  const end = Math.min(range.end, rows.length);
  const first = Math.min(range.first, Math.max(0, end - 1));
  useEffect(() => {
    if (range.end >= rows.length) onNearEnd?.();
    onShown?.(first, end);
  }, [first, end, rows]);

  return html`<div ref=${box} role="rowgroup" aria-label=${label} class="virtual" style=${{ height: `${rows.length * height}px`, position: "relative" }}>
    <div role="none" style=${{ position: "absolute", insetInline: 0, top: `${first * height}px` }}>
      ${rows.slice(first, end).map((row, place) => render(row, first + place))}
    </div>
  </div>`;
}

const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
