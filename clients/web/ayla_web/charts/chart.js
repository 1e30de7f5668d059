/** Line chart over steps or epochs: a median line for each arm, its quartile band, and ✖ where trials diverged. */

import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/ui.js";
import { short } from "../core/format.js";
import { token } from "../core/theme.js";
import uPlot from "../lib/uplot.js";
import { MARKS } from "./looks.js";
import { aligned, isPositive, linearBelow, nearest, valueRange, widened } from "./series.js";

/** @typedef {import("./series.js").Line} Line */

/**
 * @typedef {{ lines: readonly Line[], xName: string, yName: string, xLog: boolean, yLog: boolean, label: string,
 *   theme: string, height?: number, zoom?: readonly [number, number] | null,
 *   onZoom?: (range: [number, number] | null) => void }} ChartProps
 */

const FONT_REM = 0.75;

/** Keys that show less or more of the axis, and how many times as much. @type {Record<string, number>} */
const ZOOMS = { "+": 0.5, "=": 0.5, "-": 2 };

/** @param {ChartProps} props */
export function Chart(props) {
  const { lines, label, height = 300 } = props;
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const plot = useRef(/** @type {uPlot | null} */ (null));
  const newest = useRef(props);
  newest.current = props;
  const [cursor, setCursor] = useState(/** @type {{ at: number, left: number } | null} */ (null));
  const shape = JSON.stringify([props.xLog, props.yLog, props.xName, props.yName, props.theme, height, props.zoom, lines.map((line) => [line.key, line.look]), isPositive(lines), lines.map((line) => line.low.length > 0)]);

  useLayoutEffect(() => {
    if (!box.current) return undefined;
    const made = new uPlot(options(newest, box.current.clientWidth, setCursor), aligned(newest.current.lines, newest.current.xLog), box.current);
    plot.current = made;
    const resized = new ResizeObserver(() => box.current && box.current.clientWidth !== made.width && made.setSize({ width: box.current.clientWidth, height: newest.current.height ?? 300 }));
    resized.observe(box.current);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => {
    const now = plot.current;
    if (!now) return;
    const kept = newest.current.zoom;
    now.setData(aligned(lines, newest.current.xLog), !kept);
    if (kept) now.redraw(true, false);
  }, [lines]);

  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const now = plot.current;
    const times = event.ctrlKey || event.metaKey ? undefined : ZOOMS[event.key]; // with these the browser zooms
    const { min, max } = now?.scales["x"] ?? {};
    if (times && now && props.onZoom && min != null && max != null) {
      event.preventDefault();
      const all = /** @type {[number, number]} */ ([now.data[0][0], now.data[0].at(-1)]);
      props.onZoom(widened([min, max], cursor?.at ?? (props.xLog ? Math.sqrt(min * max) : (min + max) / 2), times, all, props.xLog));
      return;
    }
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!now || !step) return;
    event.preventDefault();
    const last = (now.data[0]?.length ?? 1) - 1;
    const at = Math.min(last, Math.max(0, (now.cursor.idx ?? (step > 0 ? -1 : last + 1)) + step * (event.shiftKey ? 10 : 1)));
    now.setCursor({ left: now.valToPos(/** @type {number} */ (now.data[0][at]), "x"), top: 10 });
  };

  const read = cursor && readAt(lines, cursor.at);
  const points = lines.reduce((sum, line) => sum + line.x.length, 0);
  return html`<div class="chart" data-points=${points} data-last=${Math.max(...lines.map((line) => line.x.at(-1) ?? 0))} tabindex="0" role="group" aria-roledescription="chart" aria-label=${`${label}. Arrow keys read it point by point${props.onZoom ? ", plus and minus zoom" : ""}.`} onKeyDown=${onKeyDown}>
    <div class="chart-body" ref=${box} style=${{ height: `${height}px` }}></div>
    ${cursor && read && html`<${Readout} rows=${read} at=${cursor.at} left=${cursor.left} width=${box.current?.clientWidth ?? 0} name=${props.xName} />`}
    <p class="unseen" aria-live="polite">${cursor && read && inWords(read, props.xName, cursor.at)}</p>
  </div>`;
}

/** Lines whose values are shown at once. */
const MOST_READ = 14;

/** @typedef {{ line: Line, place: number }} Reading place: of the line's point that is the closest */

/** @param {readonly Line[]} lines @param {number} at @returns {Reading[]} */
const readAt = (lines, at) => lines.map((line) => ({ line, place: nearest(line.x, at) })).filter(({ line, place }) => place >= 0 && line.median[place] !== undefined).slice(0, MOST_READ);

/** What is read aloud: in a place that is there before its text is, and in one sentence. @param {Reading[]} rows @param {string} name @param {number} at */
const inWords = (rows, name, at) => `${name} ${short(at, 7)}: ${rows.map(({ line, place }) => `${line.label} ${short(line.median[place], 3)}`).join(", ")}`;

/** The values of all lines at the cursor, to be seen. @param {{ rows: Reading[], at: number, left: number, width: number, name: string }} props */
function Readout({ rows, at, left, width, name }) {
  const isRight = left > width / 2;
  return html`<div class="readout" aria-hidden="true" style=${isRight ? { right: `${width - left + 14}px` } : { left: `${left + 14}px` }}>
    <div class="sub">${name} ${short(at, 7)}</div>
    <table>${rows.map(({ line, place }) => html`<tr key=${line.key}>
      <td><${Swatch} look=${line.look} /></td><td class="cell-text">${line.label}</td><td class="num">${short(line.median[place], 5)}</td>
    </tr>`)}</table>
  </div>`;
}

/** Line and mark of an arm, as the chart draws them. @param {{ look: import("./looks.js").Look }} props */
export const Swatch = ({ look }) => html`<svg class="swatch" viewBox="0 0 30 12" aria-hidden="true">
  <line x1="0" y1="6" x2="30" y2="6" stroke=${look.colour} stroke-width="2" stroke-dasharray=${look.dash.map((part) => part * 2).join(" ") || "none"} />
  <path d=${MARKS[look.marker]} transform="translate(15 6) scale(3.6)" fill=${look.hollow ? "var(--ground)" : look.colour} stroke=${look.colour} stroke-width="0.35" />
</svg>`;

/**
 * @param {{ current: ChartProps }} newest
 * @param {number} width
 * @param {(cursor: { at: number, left: number } | null) => void} setCursor
 * @returns {uPlot.Options}
 */
function options(newest, width, setCursor) {
  const { lines, xLog, yLog, xName, yName, height = 300, zoom } = newest.current;
  const pixels = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const font = `${FONT_REM * pixels}px ${token("--sans")}`;
  const symmetric = yLog && !isPositive(lines);
  /** @type {uPlot.Axis} */
  const axis = { stroke: token("--muted"), font, labelFont: font, grid: { stroke: token("--grid"), width: 1 }, ticks: { stroke: token("--line-strong"), width: 1, size: 4 }, values: (_, values) => values.map((value) => (value === null ? "" : short(value, 4))) };
  const onlyPowers = { ...axis.grid, filter: (/** @type {uPlot} */ _, /** @type {number[]} */ splits) => splits.map((split) => (Number.isInteger(Math.log10(Math.abs(split || 1))) ? split : null)) };
  return {
    width,
    height,
    padding: [pixels * 0.6, pixels * 1.2, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: false, distr: xLog ? 3 : 1, range: (_, low, high) => (zoom ? [zoom[0], zoom[1]] : low === high ? [low - 1, high + 1] : [low, high]) },
      y: { distr: symmetric ? 4 : yLog ? 3 : 1, range: () => valueRange(newest.current.lines, yLog && !symmetric), ...(symmetric ? { asinh: linearBelow(lines) } : {}) },
    },
    axes: [
      { ...axis, ...(xLog ? { grid: onlyPowers, filter: roundOnes } : {}), label: xName, labelSize: pixels * 1.3, size: pixels * 1.9 },
      { ...axis, ...(yLog ? { grid: onlyPowers, filter: roundOnes } : {}), label: yName, labelSize: pixels * 1.5, size: pixels * 3.7 },
    ],
    cursor: { y: false, points: { size: 6 }, drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => () => (newest.current.onZoom?.(null), null) } },
    series: [{}, ...lines.flatMap(series)],
    bands: lines.flatMap((line, place) => (line.low.length ? [{ series: /** @type {[number, number]} */ ([3 * place + 3, 3 * place + 2]), fill: `${line.look.colour}2b` }] : [])),
    hooks: {
      draw: [(plot) => drawMarks(plot, newest.current)],
      setCursor: [(plot) => {
        const { idx, left } = plot.cursor;
        const at = idx === null || idx === undefined ? null : plot.data[0][idx];
        setCursor(at === null || at === undefined || left === undefined || left < 0 ? null : { at, left: left + plot.bbox.left / devicePixelRatio });
      }],
      setSelect: [(plot) => {
        if (plot.select.width < 4) return;
        const [from, to] = [plot.posToVal(plot.select.left, "x"), plot.posToVal(plot.select.left + plot.select.width, "x")];
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        newest.current.onZoom?.([from, to]);
      }],
    },
  };
}

/**
 * Places on a logarithmic axis that are named: powers of ten, and over few of them twice and five times these.
 *
 * @param {uPlot} _
 * @param {number[]} splits
 * @returns {(number | null)[]}
 */
function roundOnes(_, splits) {
  const sizes = splits.map(Math.abs).filter(Boolean);
  const isShort = Math.max(...sizes) < 1000 * Math.min(...sizes);
  return splits.map((split) => {
    const mantissa = Number((Math.abs(split) / 10 ** Math.floor(Math.log10(Math.abs(split) || 1))).toPrecision(6));
    return split === 0 || mantissa === 1 || (isShort && (mantissa === 2 || mantissa === 5)) ? split : null;
  });
}

/** @param {Line} line @returns {uPlot.Series[]} the median, and both ends of its band */
const series = (line) => {
  const edge = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: true };
  return [
    { label: line.label, stroke: line.look.colour, width: 1.75, dash: line.look.dash.map((part) => part * 1.75), points: { show: false }, spanGaps: true },
    { ...edge },
    { ...edge },
  ];
};

/** @param {uPlot} plot @param {ChartProps} props */
function drawMarks(plot, { lines }) {
  const context = plot.ctx;
  const { left, top, width, height } = plot.bbox;
  context.save();
  context.beginPath();
  context.rect(left - 8, top - 8, width + 16, height + 16);
  context.clip();
  for (const line of lines) {
    const last = line.median.findLastIndex((value) => value !== null);
    if (last >= 0 && !line.ends.some((end) => end.x === line.x[last])) drawMark(plot, line, line.look.marker, /** @type {number} */ (line.x[last]), /** @type {number} */ (line.median[last]), 4);
    for (const end of line.ends) if (end.value !== null) drawMark(plot, line, "X", end.x, end.value, 5);
  }
  context.restore();
}

/** @param {uPlot} plot @param {Line} line @param {string} marker @param {number} x @param {number} y @param {number} size in CSS pixels */
function drawMark(plot, line, marker, x, y, size) {
  const { left, top, width, height } = plot.bbox;
  const [across, up] = [plot.valToPos(x, "x", true), plot.valToPos(y, "y", true)];
  if (!Number.isFinite(across) || across < left - 1 || across > left + width + 1) return;
  const within = Number.isFinite(up) ? Math.min(top + height, Math.max(top, up)) : top; // what is beyond the scale stands at its edge
  const context = plot.ctx;
  context.save();
  context.translate(across, within);
  context.scale(size * devicePixelRatio, size * devicePixelRatio);
  context.fillStyle = line.look.hollow ? token("--ground") : line.look.colour;
  context.strokeStyle = marker === "X" ? token("--ground") : line.look.colour;
  context.lineWidth = marker === "X" ? 0.12 : 0.3;
  const outline = new Path2D(MARKS[marker]);
  context.fill(outline);
  context.stroke(outline);
  context.restore();
}
