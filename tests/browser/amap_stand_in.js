// The part of AMap's JS API 2.0 that the page for AMap uses, for a closed network: a map that asks a flexible layer for the tiles
// of its view (XYZ in GCJ-02, 256 pixels) and lays what it gets side by side. It draws no base map.
globalThis.AMap = (() => {
  const SIZE = 256;
  const api = { waiting: 0, drawn: 0 };

  function inTiles([lon, lat], zoom) {
    const sine = Math.sin((lat * Math.PI) / 180);
    const count = 2 ** zoom;
    return [((lon + 180) / 360) * count, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * count];
  }

  class Flexible {
    constructor(options) {
      this.options = options;
    }
  }

  class Map {
    constructor(container, { center, zoom }) {
      this.element = document.getElementById(container);
      this.element.style.cssText += "; position: relative; overflow: hidden; background: #0b1624; margin: 0";
      Object.assign(this, { center, zoom, layers: [] });
    }

    add(layer) {
      this.layers.push(layer);
      this.draw();
    }

    setZoom(zoom) {
      this.zoom = zoom;
      this.draw();
    }

    draw() {
      this.element.replaceChildren();
      api.drawn = 0;
      const [x, y] = inTiles(this.center, this.zoom);
      const [wide, high] = [this.element.clientWidth, this.element.clientHeight];
      const [left, top] = [x - wide / 2 / SIZE, y - high / 2 / SIZE];
      for (let row = Math.floor(top); row < top + high / SIZE; row++)
        for (let column = Math.floor(left); column < left + wide / SIZE; column++)
          for (const { options } of this.layers) this.ask(options, column, row, column - left, row - top);
    }

    ask({ createTile, zooms: [first, last] }, column, row, across, down) {
      if (this.zoom < first || this.zoom > last) return;
      api.waiting++;
      const done = (tile) => {
        api.waiting--;
        if (!tile) return;
        api.drawn++;
        tile.style.cssText = `position: absolute; left: ${across * SIZE}px; top: ${down * SIZE}px`;
        this.element.append(tile);
      };
      createTile(column, row, this.zoom, done, () => done(null));
    }
  }

  return Object.assign(api, { Map, TileLayer: { Flexible } });
})();
