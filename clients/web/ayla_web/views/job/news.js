/** Rows of trials, and what events tell of them. */

/** @typedef {import("../../core/api.js").Schemas["Trial"]} Trial */
/** What the table shows of a trial. @typedef {Pick<Trial, "id" | "index" | "optimizer_index" | "label" | "seed" | "state" | "steps_done"> & {
 *   summary: Pick<NonNullable<Trial["summary"]>, "best_loss" | "best_step" | "final_loss" | "first_nonfinite_step" | "wall_seconds" | "notes" | "metrics"> | null }} Shown */
/** @typedef {{ data: Shown[], next_cursor: string | null }} Page */
/** @typedef {import("../../core/api.js").Schemas["StreamedTrial"]} News */

/** Metrics of whole parts, as columns of the table. @type {readonly (readonly [string, string])[]} */
export const METRICS = [["test_loss", "Test loss"], ["test_accuracy", "Test acc."], ["full_train_loss", "Train loss"], ["full_train_accuracy", "Train acc."]];

const NOTHING = { best_loss: null, best_step: null, final_loss: null, first_nonfinite_step: null, wall_seconds: NaN, notes: [], metrics: {} };

/**
 * Rows with what an event tells of their trials.
 *
 * @param {Page} page
 * @param {readonly News[]} news
 * @returns {Page}
 */
export function withNews(page, news) {
  const told = new Map(news.map((one) => [one.id, one]));
  return { ...page, data: page.data.map((row) => changed(row, told.get(row.id))) };
}

/** @param {Shown} row @param {News | undefined} news @returns {Shown} */
function changed(row, news) {
  // Answers can be newer than events that were sent before them.
  if (!news || news.steps_done < row.steps_done) return row;
  const before = row.summary ?? NOTHING;
  const metrics = { ...before.metrics };
  for (const [name] of METRICS) {
    const value = news.metrics?.[name];
    if (value !== undefined) metrics[name] = { ...(metrics[name] ?? { best: null, best_epoch: null }), final: value };
  }
  const { best_loss, best_step } = news;
  return { ...row, state: news.state, steps_done: news.steps_done, summary: { ...before, best_loss, best_step, final_loss: news.loss ?? before.final_loss, metrics } };
}
