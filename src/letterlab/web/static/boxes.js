// Boxes around the letters, over the drawing or the picture that they were read from.
const SVG = "http://www.w3.org/2000/svg";

const made = (name, attributes = {}) => {
  const one = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  return one;
};

/** Shows boxes of `letters` in a picture of that size, or none; `choose` is told which one was pressed. */
export function makeBoxes(svg, choose) {
  svg.addEventListener("click", ({ target }) => {
    const box = target.closest(".box");
    if (box) choose([...svg.children].indexOf(box));
  });
  return (letters, { width, height }, selected) => {
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren(
      ...letters.map(({ letter, box: [x, y, w, h] }, i) => {
        const box = made("g", { class: `box${letter === null ? " none" : ""}${i === selected ? " selected" : ""}` });
        const room = Math.max(width, height) / 250;
        const place = { x: x - room, y: y - room, width: w + 2 * room, height: h + 2 * room, rx: room };
        box.append(made("rect", { class: "halo", ...place }), made("rect", { class: "line", ...place }));
        return box;
      }),
    );
  };
}
