/** Rows of which only those on the screen are in the document: lists of ten thousand scroll like short ones. */

import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/ui.js";

/** Rows above and below the screen that are there already. */
const MARGIN = 12;

/**
 * @template T
 * @typedef {{ rows: readonly T[], rowHeight: number, render: (row: T, place: number) => import("../core/ui.js").Node,
 *   onNearEnd?: () => void, onShown?: (first: number, end: number) => void }} RowsProps rowHeight: in rem;
 *   onNearEnd: the last rows are close; onShown: which rows are in the document
 */

/**
 * @template T
 * @param {RowsProps<T> & { label: string }} props
 */
export function VirtualRows({ rows, rowHeight, render, label, ...props }) {
  const height = rowHeight * rem();
  const [box, first, end] = useRowsInView({ rows, height, ...props });
  return html`<div ref=${box} role="rowgroup" aria-label=${label} class="virtual" style=${{ height: `${rows.length * height}px`, position: "relative" }}>
    <div role="none" style=${{ position: "absolute", insetInline: 0, top: `${first * height}px` }}>
      ${rows.slice(first, end).map((row, place) => render(row, first + place))}
    </div>
  </div>`;
}

/**
 * The body of a table that scrolls in a box of its own, of the class ``rows-box``.
 *
 * @template T
 * @param {RowsProps<T>} props
 */
export function VirtualBody({ rows, rowHeight, render, ...props }) {
  const height = rowHeight * rem();
  const [body, first, end] = useRowsInView({ rows, height, ...props });
  const space = (/** @type {number} */ count) => count > 0 && html`<tr aria-hidden="true" style=${{ height: `${count * height}px` }}></tr>`;
  return html`<tbody ref=${body}>${space(first)}${rows.slice(first, end).map((row, place) => render(row, first + place))}${space(rows.length - end)}</tbody>`;
}

/**
 * The first row in view and the one behind the last, with some around them.
 *
 * @template T
 * @param {Omit<RowsProps<T>, "rowHeight" | "render"> & { height: number }} props height: of a row, in pixels
 * @returns {[{ current: HTMLElement | null }, number, number]} a reference for what has all rows, and both places
 */
function useRowsInView({ rows, height, onNearEnd, onShown }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [range, setRange] = useState({ first: 0, end: 40 });

  useLayoutEffect(() => {
    const look = () => {
      if (!box.current) return;
      const frame = box.current.closest(".rows-box")?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight };
      const { top } = box.current.getBoundingClientRect();
      const first = Math.max(0, Math.floor((frame.top - top) / height) - MARGIN);
      const end = Math.ceil((frame.bottom - top) / height) + MARGIN;
      setRange((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    look();
    const how = { passive: true, capture: true }; // a box that scrolls tells nobody above it
    addEventListener("scroll", look, how);
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look, how);
      removeEventListener("resize", look);
    };
  }, [height, rows.length]);

  const end = Math.min(range.end, rows.length);
  const first = Math.min(range.first, Math.max(0, end - 1));
  useEffect(() => {
    if (range.end >= rows.length) onNearEnd?.();
    onShown?.(first, end);
  }, [first, end, rows]);
  return [box, first, end];
}

const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
