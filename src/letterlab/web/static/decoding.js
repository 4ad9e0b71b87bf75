// A picture's bytes to grey pixels, upright: recognise/decoding.py with the browser's own decoders. What is done and
// why stands there.
import { checkHeader, damaged } from "./header.js";
import { blank } from "./raster.js";

const STRIP = 2 ** 22; // pixels that are brought to grey at a time: a canvas is limited, and takes memory

/**
 * Grey pixels of a file, upright by its EXIF, what is transparent shown on white, or on black where nothing is to be
 * seen on white.
 */
export async function decode(file) {
  checkHeader(new DataView(await file.arrayBuffer()));
  const how = { imageOrientation: "from-image", colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const bitmap = await createImageBitmap(file, how).catch(() => {
    throw damaged();
  });
  const { width, height } = bitmap;
  const rows = Math.min(Math.max(Math.floor(STRIP / width), 1), height);
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  const grey = onGround(width, height, function* strips() {
    for (let top = 0; top < height; top += rows) {
      context.clearRect(0, 0, width, rows);
      context.drawImage(bitmap, 0, -top);
      yield context.getImageData(0, 0, width, Math.min(rows, height - top));
    }
  });
  bitmap.close();
  return grey;
}

/** Grey pixels of red, green, blue and opacity. */
export const greyOf = (pixels) => onGround(pixels.width, pixels.height, () => [pixels]);

function onGround(width, height, strips) {
  const grey = blank(width, height);
  for (const ground of [255, 0]) {
    let [i, least] = [0, 255];
    for (const { data } of strips()) {
      for (let j = 0; j < data.length; i++, j += 4) {
        const alpha = data[j + 3];
        const light = ground * (255 - alpha) + 127;
        const red = Math.floor((data[j] * alpha + light) / 255);
        const green = Math.floor((data[j + 1] * alpha + light) / 255);
        const blue = Math.floor((data[j + 2] * alpha + light) / 255);
        grey.data[i] = (77 * red + 150 * green + 29 * blue + 128) >> 8;
        least = Math.min(least, grey.data[i]);
      }
    }
    if (least < 224) break;
  }
  return grey;
}
