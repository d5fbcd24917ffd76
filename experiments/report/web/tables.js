// Tables that are sorted by a click on a head and filtered below it, of which a long one shows the first rows only.

const mostRows = 200;  // as experiments/report/report.cpp has it
const fewRows = 12;    // are seen at a glance, without a filter

/** What a cell is sorted by: numbers first ("3/5" is a share, "> 200" is above 200), then words, then nothing. */
function sortKey(text) {
  if (text === "" || text === "–") return [2, 0, ""];
  const share = /^(\d+)\/(\d+)$/.exec(text);
  if (share) return [0, share[1] / share[2], ""];
  const number = /^(>\s*)?([-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|inf))(?=$|[\s%])/i.exec(text);
  if (!number) return [1, 0, text];
  const value = /inf/i.test(number[2]) ? Infinity * (number[2].startsWith("-") ? -1 : 1) : Number(number[2]);
  return [0, number[1] ? value + Math.abs(value) * 1e-12 + 1e-300 : value, ""];
}

const byName = new Intl.Collator(undefined, { numeric: true });

function compareKeys([kindA, numberA, textA], [kindB, numberB, textB]) {
  if (kindA !== kindB) return kindA - kindB;
  if (kindA === 1) return byName.compare(textA, textB);
  return numberA < numberB ? -1 : numberA > numberB ? 1 : 0;
}

const comparisons = {
  "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b, "=": (a, b) => a === b,
};

/** Whether a text passes: "<0.01", ">=100", a value as it stands in the column, or a part of one. */
function testOf(wanted, column) {
  const comparison = /^(<=|>=|<|>|=)\s*(\S+)$/.exec(wanted);
  if (comparison && !Number.isNaN(Number(comparison[2]))) {
    const [, sign, bound] = comparison;
    return (text) => {
      const [kind, value] = sortKey(text);
      return kind === 0 && comparisons[sign](value, Number(bound));
    };
  }
  const word = wanted.toLowerCase();
  const whole = column.some((text) => text.toLowerCase() === word);
  return (text) => whole ? text.toLowerCase() === word : text.toLowerCase().includes(word);
}

/** `rows`: each with its `texts` and `row()`, which is its element, perhaps made then. */
class Table {
  constructor(element, rows) {
    Object.assign(this, { element, rows, order: rows, sorted: null, filters: new Map(), all: false });
    this.body = element.tBodies[0];
    this.heads = [...element.tHead.rows[0].cells];
    this.heads.forEach((head, column) => this.addSorting(head, column));
    if (rows.length > fewRows) this.addFilters();
    this.count = document.createElement("p");
    this.count.className = "note count";
    this.more = document.createElement("button");
    this.more.type = "button";
    this.more.addEventListener("click", () => { this.all = true; this.show(); });
    element.closest(".scroll").after(this.count);
    [...element.tBodies].slice(1).forEach((rest) => rest.remove());
    this.show();
  }

  addSorting(head, column) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = this.sorted?.column === column ? this.sorted.direction : 0;
      this.sorted = before < 0 ? null : { column, direction: before ? -1 : 1 };
      this.sort();
      this.show();
    });
  }

  addFilters() {
    const line = this.element.tHead.insertRow();
    line.className = "filters";
    this.heads.forEach((head, column) => {
      const input = document.createElement("input");
      input.type = "search";
      input.placeholder = "filter";
      input.setAttribute("aria-label", `filter by ${head.textContent}`);
      input.title = "a value or a part of one, or a comparison: <0.01, >=100";
      input.addEventListener("input", () => {
        const wanted = input.value.trim();
        if (wanted === "") this.filters.delete(column);
        else this.filters.set(column, testOf(wanted, this.rows.map(({ texts }) => texts[column])));
        this.show();
      });
      line.insertCell().append(input);
    });
  }

  /** Rows that are alike stay in the order of the plan; what says nothing comes last, whichever way. */
  sort() {
    this.heads.forEach((head, column) => {
      const way = this.sorted?.column === column && (this.sorted.direction > 0 ? "ascending" : "descending");
      if (way) head.setAttribute("aria-sort", way); else head.removeAttribute("aria-sort");
    });
    if (!this.sorted) { this.order = this.rows; return; }
    const { column, direction } = this.sorted;
    const keyed = this.rows.map((row) => ({ row, key: sortKey(row.texts[column]) }));
    keyed.sort((a, b) => (a.key[0] === 2 || b.key[0] === 2 ? 1 : direction) * compareKeys(a.key, b.key));
    this.order = keyed.map(({ row }) => row);
  }

  show() {
    const tests = [...this.filters];
    const found = this.order.filter(({ texts }) => tests.every(([column, test]) => test(texts[column])));
    const shown = this.all ? found : found.slice(0, mostRows);
    this.body.replaceChildren(...shown.map((row) => row.row()));
    this.more.textContent = `Show all ${found.length}`;
    const whole = shown.length === this.rows.length;
    this.count.replaceChildren(whole ? "" : `${shown.length} of ${found.length === this.rows.length ? "" : `${found.length} found among `}${this.rows.length} rows are shown. `);
    if (shown.length < found.length) this.count.append(this.more);
  }
}

const rowsOf = (table) => [...table.querySelectorAll("tbody tr")].map((row) =>
  ({ texts: [...row.cells].map((cell) => cell.textContent), row: () => row }));

/** A row that is made when it is shown. */
function textRow(texts, numeric) {
  let row = null;
  return {
    texts,
    row: () => {
      if (row) return row;
      row = document.createElement("tr");
      texts.forEach((text, column) => {
        const cell = row.insertCell();
        cell.textContent = text;
        if (numeric[column]) cell.className = "number";
      });
      return row;
    },
  };
}

/** The rows of results.csv, read when they come near; ids, which are long, behind what they stand for. */
async function buildTrials(section) {
  const [names, ...rows] = csvRows(await unpacked("trials")).map(([id, ...texts]) => [...texts, id]);
  const table = section.querySelector("table");
  const heads = table.tHead.insertRow();
  const numeric = names.map((_, column) => rows.every((texts) => sortKey(texts[column])[0] !== 1));
  names.forEach((name, column) => {
    const head = document.createElement("th");
    head.scope = "col";
    head.textContent = name;
    if (numeric[column]) head.className = "number";
    heads.append(head);
  });
  new Table(table, rows.map((texts) => textRow(texts, numeric)));
  section.dataset.read = "true";
}

function buildTables() {
  for (const id of ["against", "summary", "trouble"]) if (byId(id)) new Table(byId(id), rowsOf(byId(id)));
  const section = byId("trials");
  section.hidden = false;
  const near = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    near.disconnect();
    buildTrials(section);
  }, { rootMargin: "600px" });
  near.observe(section);
}
