/** Plots of few points as SVG: axes with round numbers, and what the caller draws between them. */

import { Name } from "../parts/name.js";
import { unit } from "./unit.js";
import { html, useId, useLayoutEffect, useRef, useState } from "../core/ui.js";

/** @typedef {import("./axis.js").Axis} Axis @typedef {import("../core/ui.js").Children} Children */

/**
 * The area between the axes, in pixels.
 *
 * @typedef {{ x: (value: number) => number, y: (value: number) => number, left: number, top: number, width: number,
 *   height: number }} Area
 */

/** Width of a letter of a tick, and height of a line, in pixels. */
const LETTER = 6.6;
const LINE = 15;

/** @returns {[{ current: any }, number]} a reference for an element, and how wide that is */
export function useWidth() {
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return undefined;
    const look = () => setWidth(Math.floor(box.clientWidth));
    look();
    const observer = new ResizeObserver(look);
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}

/**
 * A plot. What it shows is said by ``label``, and stands in a table beside it where it is read rather than seen.
 *
 * @param {{ x: Axis, y: Axis, label: string, xName: string, yName?: string, height?: number, left?: number,
 *   yTicks?: boolean, children: (area: Area) => Children, onMove?: (at: { x: number, y: number } | null) => void }} props
 *   height: of the area, in pixels; left: least width for the words at the vertical axis; onMove: values under the pointer
 */
export function Plot({ x, y, label, xName, yName = "", height = 220, left: least = 44, yTicks = true, children, onMove }) {
  const [box, pixels] = useWidth();
  const scale = unit();
  const width = pixels / scale;
  const names = wrapped(xName, Math.max(12, width / LETTER));
  const clip = useId();
  const left = yTicks ? Math.max(least, 16 + (yName ? 18 : 0) + LETTER * Math.max(0, ...y.ticks.map(({ text }) => text.length))) : least;
  const wide = Math.max(40, width - left - 14);
  const top = 10;
  /** @type {Area} */
  const area = { x: (value) => left + x.of(value) * wide, y: (value) => top + (1 - y.of(value)) * height, left, top, width: wide, height };
  const tall = height + top + 44 + LINE * (names.length - 1);
  const every = Math.max(1, Math.ceil(x.ticks.length / Math.max(2, wide / 58)));
  /** @param {PointerEvent} event */
  const move = (event) => {
    const frame = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    const share = ((event.clientX - frame.left) / scale - left) / wide;
    onMove?.(share < 0 || share > 1 ? null : { x: x.value(share), y: y.value(1 - ((event.clientY - frame.top) / scale - top) / height) });
  };
  return html`<div class="plot" ref=${box}>
    ${width > 0 && html`<svg width=${pixels} height=${tall * scale} viewBox=${`0 0 ${width} ${tall}`} role="img" aria-label=${label}
      onPointerMove=${onMove && move} onPointerLeave=${onMove && (() => onMove(null))}>
      <clipPath id=${clip}><rect x=${left - 7} y=${top - 7} width=${wide + 14} height=${height + 14} /></clipPath>
      ${yTicks && y.ticks.map(({ at, text }) => html`<g key=${`y${at}`}>
        <line class="grid" x1=${left} x2=${left + wide} y1=${area.y(at)} y2=${area.y(at)} />
        <text x=${left - 8} y=${area.y(at)} dy="0.33em" text-anchor="end">${text}</text>
      </g>`)}
      ${x.ticks.map(({ at, text }, place) => html`<g key=${`x${at}`}>
        <line class="grid" x1=${area.x(at)} x2=${area.x(at)} y1=${top} y2=${top + height} />
        ${place % every === 0 && html`<text x=${area.x(at)} y=${top + height + 17} text-anchor="middle">${text}</text>`}
      </g>`)}
      <line class="edge" x1=${left} x2=${left + wide} y1=${top + height} y2=${top + height} />
      ${names.map((line, place) => html`<text key=${place} class="name" x=${names.length > 1 ? width / 2 : left + wide / 2} y=${top + height + 37 + LINE * place} text-anchor="middle">${line}</text>`)}
      ${yName && html`<text class="name" transform=${`translate(13 ${top + height / 2}) rotate(-90)`} text-anchor="middle">${yName}</text>`}
      <g clip-path=${`url(#${clip})`}>${children(area)}</g>
    </svg>`}
  </div>`;
}

/** @param {Area} area @param {readonly (readonly [number, number | null])[]} points gaps where there is no value @returns {string} */
export function linePath(area, points) {
  let isOpen = false;
  return points
    .map(([x, y]) => {
      const isKnown = y !== null && Number.isFinite(area.y(y)) && Number.isFinite(area.x(x));
      const text = isKnown ? `${isOpen ? "L" : "M"}${area.x(x).toFixed(1)} ${area.y(/** @type {number} */ (y)).toFixed(1)}` : "";
      isOpen = isKnown;
      return text;
    })
    .join("");
}

/** Words in lines of at most so many letters. @param {string} text @param {number} most @returns {string[]} */
export function wrapped(text, most) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A line that is level from each point to the next, and from the last to the end. @param {Area} area @param {readonly number[]} xs @param {readonly number[]} ys @param {number} end */
export function stairs(area, xs, ys, end) {
  let text = "";
  for (const [place, x] of xs.entries()) {
    const y = area.y(/** @type {number} */ (ys[place])).toFixed(1);
    text += place ? `H${area.x(x).toFixed(1)}V${y}` : `M${area.x(x).toFixed(1)} ${y}`;
  }
  return text ? `${text}H${area.x(end).toFixed(1)}` : "";
}

/** @param {Area} area @param {readonly { x: number, low: number | null, high: number | null }[]} points @returns {string} area between low and high */
export function bandPath(area, points) {
  const known = points.filter(({ low, high }) => low !== null && high !== null && Number.isFinite(area.y(low)) && Number.isFinite(area.y(high)));
  if (!known.length) return "";
  const at = (/** @type {number} */ x, /** @type {number | null} */ y) => `${area.x(x).toFixed(1)} ${area.y(/** @type {number} */ (y)).toFixed(1)}`;
  const there = known.map(({ x, high }) => at(x, high));
  const back = known.toReversed().map(({ x, low }) => at(x, low));
  return `M${[...there, ...back].join("L")}Z`;
}

/**
 * A mark of a look, at a point.
 *
 * @param {{ d: string, x: number, y: number, size?: number, colour: string, hollow?: boolean, title?: string }} props
 */
export const Mark = ({ d, x, y, size = 4, colour, hollow = false, title }) => html`<path class="mark" d=${d}
  transform=${`translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${size})`} fill=${hollow ? "var(--ground)" : colour} stroke=${colour}
  vector-effect="non-scaling-stroke">${title && html`<title>${title}</title>`}</path>`;

/**
 * The names of lines with their colour, dash and mark.
 *
 * @param {{ items: readonly { name: string, look: import("./palette.js").Look, note?: string }[], marks: Record<string, string> }} props
 */
export const Key = ({ items, marks }) => html`<ul class="key">
  ${items.map(({ name, look, note }) => html`<li key=${name}>
    <svg class="swatch" viewBox="0 0 28 10" aria-hidden="true"><line x1="0" x2="28" y1="5" y2="5" stroke=${look.colour} stroke-width="2"
      stroke-dasharray=${look.dash.map((one) => one * 2).join(" ")} /><path d=${marks[look.marker]} transform="translate(14 5) scale(3.4)"
      fill=${look.hollow ? "var(--ground)" : look.colour} stroke=${look.colour} vector-effect="non-scaling-stroke" /></svg>
    <span><${Name} text=${name} /></span>${note && html`<span class="sub"> ${note}</span>`}
  </li>`)}
</ul>`;
