/** Server-Sent Events as the HTML standard defines them, from pieces of text that end anywhere. */

/** @typedef {{ event: string, data: string, id: string }} Message */

export class EventParser {
  /** @param {(message: Message) => void} onMessage @param {(milliseconds: number) => void} [onRetry] */
  constructor(onMessage, onRetry = () => {}) {
    this.onMessage = onMessage;
    this.onRetry = onRetry;
    this.rest = "";
    this.event = "";
    /** @type {string[]} */
    this.data = [];
    /** Id of the last event; a stream that is asked for again begins after it. */
    this.lastId = "";
    this.id = "";
  }

  /** @param {string} text */
  feed(text) {
    this.rest += text;
    // A carriage return at the very end may be the first half of a line end.
    const held = this.rest.endsWith("\r") ? 1 : 0;
    const lines = this.rest.slice(0, this.rest.length - held).split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + this.rest.slice(this.rest.length - held);
    for (const line of lines) this.line(line);
  }

  /** @param {string} line */
  line(line) {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment: the service's sign of life
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.onRetry(Number(value));
  }

  dispatch() {
    this.lastId = this.id;
    const { event, data } = this;
    this.event = "";
    this.data = [];
    if (data.length) this.onMessage({ event: event || "message", data: data.join("\n"), id: this.lastId });
  }
}
