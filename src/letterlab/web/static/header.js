// What a picture's header claims, before anything is decoded, and what is refused for it: the headers of
// recognise/decoding.py in the browser's language, with the same sentences. Which way is up the browser knows itself.
import { ReadingError } from "./reading-error.js";

const LIMITS = { bytes: 32 * 1024 * 1024, pixels: 50_000_000, side: 8 };

// What begins so is a picture or a document that people do send, but none that is read here.
const OTHERS = [
  ["GIF8", 0, "a GIF"],
  ["II*\0", 0, "a TIFF"],
  ["MM\0*", 0, "a TIFF"],
  ["%PDF", 0, "a PDF"],
  ["ftypavi", 4, "an AVIF picture"],
  ["ftyphe", 4, "a HEIC picture"],
  ["ftypmif1", 4, "a HEIC picture"],
  ["ftypmsf1", 4, "a HEIC picture"],
];

export const damaged = () => new ReadingError("damaged", "damaged or cut short: copy or download it again");

/** Throws a ReadingError for a file, as a DataView, that is no picture, beyond the limits or of a kind not read. */
export function checkHeader(file) {
  const bytes = file.byteLength;
  if (bytes > LIMITS.bytes) {
    const beyond = `${said(bytes)} bytes, over the limit of ${said(LIMITS.bytes)}`;
    throw new ReadingError("too-large", `${beyond}: save it smaller`);
  }
  const { width, height, moves } = header(file);
  const size = `${width}x${height} pixels`;
  if (moves) throw new ReadingError("unsupported", "an animated picture: save the frame that is meant as PNG");
  if (Math.min(width, height) < 1) throw damaged();
  if (width * height > LIMITS.pixels) {
    throw new ReadingError("too-large", `${size}, over the limit of ${said(LIMITS.pixels)}: save it smaller`);
  }
  if (Math.min(width, height) < LIMITS.side) {
    throw new ReadingError("too-small", `${size}, too small to read: it needs ${LIMITS.side}x${LIMITS.side} or more`);
  }
}

const said = (number) => number.toLocaleString("en-US");

function header(file) {
  if (!file.byteLength) throw new ReadingError("not-a-picture", "an empty file: copy or download it again");
  try {
    if (text(file, 0, 2) === "\xff\xd8") return jpeg(file);
    if (text(file, 0, 8) === "\x89PNG\r\n\x1a\n") return png(file);
    if (text(file, 0, 4) === "RIFF" && text(file, 8, 4) === "WEBP") return webp(file);
    if (text(file, 0, 2) === "BM") return bmp(file);
  } catch (error) {
    throw error instanceof RangeError ? damaged() : error; // it ends before its header does
  }
  for (const [beginning, place, kind] of OTHERS) {
    if (text(file, place, beginning.length) !== beginning) continue;
    throw new ReadingError("unsupported", `${kind}, which is not read: save it as PNG`);
  }
  if (/<svg/i.test(text(file, 0, 1024))) {
    throw new ReadingError("unsupported", "an SVG drawing, which is not read: save it as PNG");
  }
  throw new ReadingError("not-a-picture", "not a picture: send a JPEG, PNG, BMP or WebP");
}

/** So many bytes, or as many as there are, each as the sign of that number. */
function text(file, from, length) {
  const there = Math.min(Math.max(file.byteLength - from, 0), length);
  return String.fromCharCode(...Array.from({ length: there }, (_, i) => file.getUint8(from + i)));
}

function jpeg(file) {
  let at = 2;
  let marker;
  // Of a frame: SOF0 to SOF15 without DHT, JPG and DAC.
  while ((marker = file.getUint8(at + 1)) < 0xc0 || marker > 0xcf || [0xc4, 0xc8, 0xcc].includes(marker)) {
    if (file.getUint8(at) !== 0xff || marker === 0xd9 || marker === 0xda) throw damaged();
    at += marker === 0xff ? 1 : 2 + file.getUint16(at + 2); // or a fill byte
  }
  const [depth, height, width] = [file.getUint8(at + 4), file.getUint16(at + 5), file.getUint16(at + 7)];
  if (depth !== 8) throw new ReadingError("unsupported", `a JPEG of ${depth} bits a colour: save it as PNG`);
  let end = file.byteLength - 2;
  while (end >= at && file.getUint16(end) !== 0xffd9) end--;
  if (end < at) throw damaged();
  return { width, height };
}

function png(file) {
  const [width, height] = [file.getUint32(16), file.getUint32(20)];
  const kinds = new Set();
  for (let at = 8; !kinds.has("IEND"); ) {
    const length = file.getUint32(at);
    if (file.getUint32(at + 8 + length) !== checksum(file, at + 4, length + 4)) throw damaged();
    kinds.add(text(file, at + 4, 4));
    at += 12 + length;
  }
  if (!kinds.has("IHDR") || !kinds.has("IDAT")) throw damaged();
  return { width, height, moves: kinds.has("acTL") };
}

const REMAINDERS = Int32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

// The CRC-32 of a part of a PNG.
function checksum(file, from, length) {
  let sum = -1;
  for (let at = from; at < from + length; at++) sum = REMAINDERS[(sum ^ file.getUint8(at)) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}

// Of the container and the two ways of coding a frame.
function webp(file) {
  const first = text(file, 12, 4);
  if (first === "VP8 ") return { width: file.getUint16(26, true) & 0x3fff, height: file.getUint16(28, true) & 0x3fff };
  if (first === "VP8L") {
    const bits = file.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
  }
  if (first !== "VP8X") throw damaged();
  const side = (at) => (file.getUint8(at + 2) << 16) + file.getUint16(at, true) + 1;
  return { width: side(24), height: side(27), moves: (file.getUint8(20) & 2) > 0 };
}

// The first header of OS/2 has 12 bytes and shorter numbers; a negative height: rows from the top.
function bmp(file) {
  const old = file.getUint32(14, true) === 12;
  const [width, height] = [0, 1].map((i) => (old ? file.getUint16(18 + 2 * i, true) : file.getInt32(18 + 4 * i, true)));
  return { width: Math.abs(width), height: Math.abs(height) };
}
