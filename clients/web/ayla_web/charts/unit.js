/** How large things are drawn: base.css makes letters larger on very wide screens, and charts grow with them. */

/** Size of letters that the measures of charts are made for, in pixels. */
const USUAL = 15;

/** Pixels of the screen for one of a chart's measures. */
export const unit = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL;
