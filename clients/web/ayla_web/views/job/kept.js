/** What a job keeps of its trials, by its spec. */

/** @typedef {Pick<import("./view.js").Job, "resolved">} Specified */

/** Whether any number of a job has an axis in its place. @param {Specified} job */
export const hasAxes = ({ resolved }) => resolved.search != null;

/** Whether it keeps the trajectories of all its trials. @param {Specified} job */
export const keepsAll = ({ resolved }) => (resolved.record.trajectories ?? "all") === "all";

/** Whether the service has a curve of each of its settings. @param {Specified} job */
export const keepsCurves = (job) => keepsAll(job) && !hasAxes(job);
