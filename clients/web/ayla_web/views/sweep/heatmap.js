/** Heat map of one arm on a canvas: up to a million cells, of which the pointer or the arrow keys read one. */

import { cellAt, colourAt, colourScale, labelled, paint, shareOf, unpackCells, unpackCounts } from "../../charts/cells.js";
import { axisOf } from "../../charts/axis.js";
import { useWidth } from "../../charts/plot.js";
import { unit } from "../../charts/unit.js";
import { counted, number, short } from "../../core/format.js";
import { token } from "../../core/theme.js";
import { Name } from "../../parts/name.js";
import { html, useLayoutEffect, useMemo, useRef, useState } from "../../core/ui.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {import("../../charts/cells.js").ColourScale} ColourScale */

/** @typedef {{ arm: string, cells: Float32Array, counts: Uint32Array, best: Schemas["BestCell"] | null, leftOut: number }} Panel */

/** @param {Schemas["HeatMapAnswer"]} answer @returns {Panel[]} */
export const panelsOf = (answer) =>
  answer.panels.map((panel) => ({
    arm: panel.arm,
    cells: unpackCells(panel.packed_cells ?? ""),
    counts: unpackCounts(panel.packed_settings ?? ""),
    best: panel.best,
    leftOut: panel.left_out,
  }));

/** @typedef {{ column: number, row: number }} Cell */

/** Words at the vertical axis, and below the horizontal one, in the measures of charts. */
const LEFT = 64;
const BELOW = 48;

/** Cells are outlined, and crosses drawn, where each has so many pixels. */
const ROOMY = 12;

/**
 * @param {{ panel: Panel, x: Schemas["PlacesAlong"], y: Schemas["PlacesAlong"], scale: ColourScale | null, metric: string, theme: string,
 *   chosen: Cell | null, onChoose: (cell: Cell | null) => void, heading: string }} props chosen: whose settings are listed below
 */
export function HeatMap({ panel, x, y, scale, metric, theme, chosen, onChoose, heading }) {
  const [box, pixels] = useWidth();
  const size = unit();
  const width = pixels / size;
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [read, setRead] = useState(/** @type {Cell | null} */ (null));
  const [columns, rows] = [x.values.length, y.values.length];
  const wide = Math.max(60, width - LEFT - 8);
  const high = Math.round(Math.min(560, Math.max(180, rows === 1 ? 60 : wide * Math.min(0.8, Math.max(0.45, rows / columns)))));
  useLayoutEffect(() => {
    if (canvas.current && width) draw(canvas.current, panel, columns, rows, scale, wide * size, high * size);
  }, [panel, scale, theme, wide, high, pixels]);

  const best = panel.best && { column: nearest(x.values, panel.best.x), row: nearest(y.values, panel.best.y) };
  const frame = (/** @type {Cell} */ { column, row }) => ({ x: LEFT + (wide * column) / columns, y: (high * (rows - 1 - row)) / rows, width: wide / columns, height: high / rows });
  /** @param {PointerEvent | MouseEvent} event */
  const under = (event) => {
    const area = canvas.current?.getBoundingClientRect();
    return area ? cellAt((event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height, columns, rows) : null;
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const step = STEPS[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (read) onChoose(same(read, chosen) ? null : read);
    } else if (event.key === "Escape") onChoose(null);
    else if (event.key === "Home" && best) setRead(best);
    else if (step) {
      event.preventDefault();
      const from = read ?? chosen ?? best ?? { column: 0, row: 0 };
      const far = event.shiftKey ? 10 : 1;
      setRead({ column: within(from.column + step[0] * far, columns), row: within(from.row + step[1] * far, rows) });
    }
  };
  const told = read && inWords(panel, x, y, read, columns, metric);
  const label = `Heat map ${heading ? `of ${heading} ` : ""}over ${x.path} and ${y.path}, ${columns} × ${rows} cells. ${panel.best ? `Best ${number(panel.best.value, 4)} at ${x.path} ${short(panel.best.x)}, ${y.path} ${short(panel.best.y)}.` : "No cell has a value."} Arrow keys read cells, Home goes to the best, Enter lists a cell's settings.`;
  return html`<figure class="heatmap">
    ${(heading || panel.leftOut > 0) && html`<figcaption>${heading && html`<strong><${Name} text=${heading} /></strong>`}${panel.leftOut > 0 && html`<span class="sub">${counted(panel.leftOut, "setting")} left out: no result yet on some seed</span>`}</figcaption>`}
    <div class="heatmap-box" ref=${box} tabindex="0" role="group" aria-roledescription="heat map" aria-label=${label} onKeyDown=${onKeyDown}
      onPointerMove=${(/** @type {PointerEvent} */ event) => setRead(under(event))} onPointerLeave=${() => setRead(null)}
      onClick=${(/** @type {MouseEvent} */ event) => { const cell = under(event); if (cell) onChoose(same(cell, chosen) ? null : cell); }}>
      ${width > 0 && html`<canvas ref=${canvas} class="cells" style=${{ left: `${LEFT * size}px`, width: `${wide * size}px`, height: `${high * size}px` }}></canvas>
        <svg width=${pixels} height=${(high + BELOW) * size} viewBox=${`0 0 ${width} ${high + BELOW}`} aria-hidden="true">
          ${labelled(rows, Math.max(2, Math.floor(high / 26))).map((row) => { const at = frame({ column: 0, row }); return html`<text key=${`y${row}`} x=${LEFT - 7} y=${at.y + at.height / 2} dy="0.33em" text-anchor="end">${short(y.values[row])}</text>`; })}
          ${labelled(columns, Math.max(2, Math.floor(wide / 58))).map((column) => { const at = frame({ column, row: 0 }); return html`<text key=${`x${column}`} x=${at.x + at.width / 2} y=${high + 16} text-anchor="middle">${short(x.values[column])}</text>`; })}
          <text class="name" x=${LEFT + wide / 2} y=${high + 38} text-anchor="middle">${x.path}${x.binned ? " (bins)" : ""}</text>
          <text class="name" transform=${`translate(12 ${high / 2}) rotate(-90)`} text-anchor="middle">${y.path}${y.binned ? " (bins)" : ""}</text>
          ${best && html`<${Marked} frame=${frame(best)} kind="best" />`}
          ${chosen && chosen.column < columns && chosen.row < rows && html`<${Marked} frame=${frame(chosen)} kind="chosen" />`}
          ${read && html`<${Marked} frame=${frame(read)} kind="read" />`}
        </svg>`}
      ${told && read && html`<${Readout} told=${told} frame=${frame(read)} width=${width} size=${size} />`}
    </div>
    <p class="unseen" aria-live="polite">${told ? told.join(", ") : ""}</p>
  </figure>`;
}

/** @type {Record<string, readonly [number, number]>} */
const STEPS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** @param {number} place @param {number} count */
const within = (place, count) => Math.min(count - 1, Math.max(0, place));

/** @param {Cell | null} one @param {Cell | null} other */
const same = (one, other) => one !== null && other !== null && one.column === other.column && one.row === other.row;

/** @param {readonly (number | null)[]} values @param {number} value @returns {number} place of the value that is closest */
function nearest(values, value) {
  let found = 0;
  for (const [place, one] of values.entries()) if (Math.abs((one ?? Infinity) - value) < Math.abs((values[found] ?? Infinity) - value)) found = place;
  return found;
}

/** Frame of a cell; around one that is too small a ring. @param {{ frame: { x: number, y: number, width: number, height: number }, kind: string }} props */
const Marked = ({ frame, kind }) =>
  frame.width < 8 || frame.height < 8
    ? html`<circle class=${`cell-mark ${kind}`} cx=${frame.x + frame.width / 2} cy=${frame.y + frame.height / 2} r=${kind === "read" ? 5 : 8} />`
    : html`<rect class=${`cell-mark ${kind}`} x=${frame.x} y=${frame.y} width=${frame.width} height=${frame.height} />`;

/** @param {{ told: string[], frame: { x: number, y: number, width: number, height: number }, width: number, size: number }} props size: pixels for one of the measures */
const Readout = ({ told, frame, width, size }) => {
  const isRight = frame.x > width / 2;
  const top = Math.max(0, frame.y - 4) * size;
  const aside = isRight ? { right: `${(width - frame.x + 12) * size}px` } : { left: `${(frame.x + frame.width + 12) * size}px` };
  return html`<div class="readout" aria-hidden="true" style=${{ top: `${top}px`, ...aside }}>
    ${told.map((line, place) => html`<div key=${place} class=${place === 0 ? "" : "sub"}>${line}</div>`)}
  </div>`;
};

/** @param {Panel} panel @param {Schemas["PlacesAlong"]} x @param {Schemas["PlacesAlong"]} y @param {Cell} cell @param {number} columns @param {string} metric @returns {string[]} */
function inWords(panel, x, y, { column, row }, columns, metric) {
  const place = row * columns + column;
  const [value, settings] = [panel.cells[place] ?? NaN, panel.counts[place] ?? 0];
  const result = Number.isFinite(value) ? `${metric} ${number(value, 5)}` : settings ? "diverged" : "no setting with a result";
  return [result, along(x, column), along(y, row), counted(settings, "setting")];
}

/** @param {Schemas["PlacesAlong"]} places @param {number} place */
const along = ({ path, values, edges }, place) => (edges ? `${path} ${short(edges[place])} to ${short(edges[place + 1])}` : `${path} ${short(values[place], 4)}`);

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Panel} panel
 * @param {number} columns
 * @param {number} rows
 * @param {ColourScale | null} scale
 * @param {number} wide in CSS pixels
 * @param {number} high
 */
function draw(canvas, panel, columns, rows, scale, wide, high) {
  const dense = devicePixelRatio || 1;
  // No cell is lost where there are more cells than pixels: the browser makes the picture smaller then.
  canvas.width = Math.max(Math.round(wide * dense), columns);
  canvas.height = Math.max(Math.round(high * dense), rows);
  const picture = new ImageData(columns, rows);
  paint(new Uint32Array(picture.data.buffer), panel.cells, panel.counts, columns, scale, token("--cell-empty") || "#eeeeee");
  const small = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  /** @type {CanvasRenderingContext2D} */ (small.getContext("2d")).putImageData(picture, 0, 0);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  const [across, up] = [canvas.width / columns, canvas.height / rows];
  if (Math.min(across, up) >= ROOMY * dense) crosses(context, panel, columns, rows, across, up);
}

/** A cross on each cell that diverged, so that not its colour alone says so. @param {CanvasRenderingContext2D} context @param {Panel} panel @param {number} columns @param {number} rows @param {number} across @param {number} up */
function crosses(context, panel, columns, rows, across, up) {
  const size = Math.min(across, up) * 0.18;
  context.strokeStyle = "#ffffff";
  context.lineWidth = Math.max(1.5, size / 4);
  context.beginPath();
  for (let place = 0; place < panel.cells.length; place += 1) {
    if (Number.isFinite(panel.cells[place]) || !panel.counts[place]) continue;
    const [x, y] = [((place % columns) + 0.5) * across, (rows - 0.5 - Math.floor(place / columns)) * up];
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x - size, y + size);
    context.lineTo(x + size, y - size);
  }
  context.stroke();
}

/** What the colours mean. @param {{ scale: ColourScale, metric: string }} props */
export function Legend({ scale, metric }) {
  const axis = useMemo(() => axisOf([scale.low, scale.high], { scale: scale.isLog ? "log" : "linear", pad: 0, ticks: 4 }), [scale]);
  const stops = Array.from({ length: 17 }, (_, place) => place / 16);
  return html`<div class="legend">
    <svg viewBox="0 0 300 34" width=${300 * unit()} height=${34 * unit()} role="img" aria-label=${`Colours from ${number(scale.low, 3)}, dark, to ${number(scale.high, 3)}, bright${scale.isLog ? ", on a logarithmic scale" : ""}`}>
      <linearGradient id="viridis">${stops.map((share) => html`<stop key=${share} offset=${share} stop-color=${colourAt(Math.min(0.999, share))} />`)}</linearGradient>
      <rect x="4" y="0" width="280" height="13" fill="url(#viridis)" />
      ${scale.isCut && html`<path d="M284 0L296 6.5L284 13Z" fill=${colourAt(0.999)} />`}
      ${axis.ticks.map(({ at, text }) => html`<g key=${at}><line class="tick" x1=${4 + 280 * shareOf(scale, at)} x2=${4 + 280 * shareOf(scale, at)} y1="13" y2="17" /><text x=${4 + 280 * shareOf(scale, at)} y="30" text-anchor="middle">${text}</text></g>`)}
    </svg>
    <ul class="key"><li>${metric}</li><li><span class="box best" aria-hidden="true"></span>best</li><li><span class="box diverged" aria-hidden="true">✖</span>diverged</li><li><span class="box empty" aria-hidden="true"></span>no result</li></ul>
  </div>`;
}

export { colourScale };
