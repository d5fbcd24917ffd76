// A PNG of at most 256 colours: a third of the bytes of one with all of them, and nobody sees the difference in a plot.

import { deflateSync } from "node:zlib";

/** Of PNG's chunks; Node's own is younger than Debian 12's. */
function crc32(bytes) {
  let rest = ~0;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; ++bit) rest = (rest >>> 1) ^ (rest & 1 ? 0xEDB88320 : 0);
  }
  return ~rest >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** The commonest colours, as 0xRRGGBB. */
function palette(pixels, most) {
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, most).map(([colour]) => colour);
}

const distance = (a, b) => [16, 8, 0].reduce((sum, shift) => sum + (((a >> shift) & 255) - ((b >> shift) & 255)) ** 2, 0);

/** Rows of `width` pixels, each 0xRRGGBB. */
export function smallPng(pixels, width) {
  const colours = palette(pixels, 256), places = new Map(colours.map((colour, place) => [colour, place]));
  const placeOf = (pixel) => {
    if (!places.has(pixel)) places.set(pixel, colours.reduce((best, colour, i) => distance(colour, pixel) < distance(colours[best], pixel) ? i : best, 0));
    return places.get(pixel);
  };
  const height = pixels.length / width, rows = Buffer.alloc(height * (width + 1));  // each begins with its filter: none
  for (let y = 0; y < height; ++y) for (let x = 0; x < width; ++x) rows[y * (width + 1) + 1 + x] = placeOf(pixels[y * width + x]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);  // bits, colours by their place
  const table = Buffer.from(colours.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("PLTE", table),
    chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
