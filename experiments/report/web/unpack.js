// Parts of the page are packed: deflated, then in base64. One that nobody looks at costs nothing but its bytes.

const byId = (id) => document.getElementById(id);

async function unpacked(name) {
  const digits = atob(byId(`packed-${name}`).textContent);
  const bytes = new Uint8Array(digits.length);
  for (let i = 0; i < digits.length; ++i) bytes[i] = digits.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

/** The rows of a CSV file (RFC 4180), the head first. */
function csvRows(text) {
  const rows = [];
  let row = [], field = "";
  const end = () => { row.push(field); field = ""; };
  // A quoted part, or one without anything special, then what ends the field.
  for (const [, quoted, bare, mark] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    field = quoted?.replaceAll('""', '"') ?? bare;
    end();
    if (mark === ",") continue;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  return rows;
}
